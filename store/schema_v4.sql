
-- What version 4 added, in the words that change a database of version 3: so
-- both have the same schema.

-- Means over the tokens of a completion, in nats: of the log-probability each
-- was sampled with, and of the entropy it was drawn from. NULL where the run
-- stored no token data of it. They stay when token data is removed.
ALTER TABLE sample ADD COLUMN logprob REAL;
ALTER TABLE sample ADD COLUMN entropy REAL;

CREATE VIRTUAL TABLE prompt_fts USING fts5(body, content='', columnsize=0); -- the words of prompt.text; cursor "prompt_fts" says how far

-- What gradus cost prints, once the run has ended and in every shared file.
-- device_s is the time for which the run held its device, without pauses; a
-- price recorded for the device of an attempt (table cost) takes the place of
-- the one by the hour, and price is NULL.
CREATE VIEW cost_by_stage AS
  SELECT c.attempt, c.stage,
         sum(c.qty) FILTER (WHERE c.kind = 'device') AS device_s, sum(c.qty) FILTER (WHERE c.kind = 'step_time') AS step_s,
         sum(c.qty) FILTER (WHERE c.kind = 'eval_time') AS eval_s, sum(c.qty) FILTER (WHERE c.kind = 'busy') AS busy_s,
         sum(c.qty) FILTER (WHERE c.kind = 'cpu') AS cpu_s, sum(c.qty) FILTER (WHERE c.kind = 'energy') AS energy_j,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'steps') AS INTEGER) AS steps,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'completions') AS INTEGER) AS completions,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'tokens_in') AS INTEGER) AS tokens_in,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'tokens_out') AS INTEGER) AS tokens_out,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'tokens_processed') AS INTEGER) AS tokens_processed,
         CAST(sum(c.qty) FILTER (WHERE c.kind = 'correct') AS INTEGER) AS correct,
         CASE WHEN NOT EXISTS(SELECT 1 FROM cost r WHERE r.attempt = c.attempt AND r.kind = 'device' AND r.src <> 'ledger' AND r.price IS NOT NULL)
              THEN sum(c.price) END AS price,
         max(c.currency) AS currency
  FROM cost c WHERE c.src = 'ledger' GROUP BY c.attempt, c.stage;

-- For plain SQL. completion and prompt are NULL where the text is compressed:
-- then it is bytes completion_off .. completion_off+bytes of the decompressed
-- completion_z, and prompt_z decompressed.
DROP VIEW IF EXISTS traces;
CREATE VIEW traces AS
  SELECT s.id, b.attempt, b.stage, b.phase, b.step, b.ckpt, b.ts_us, p.task, p.ref, p.hash AS prompt_hash,
         p.text AS prompt, p.text_z AS prompt_z, p.gold, st.text AS completion, s.bytes,
         tb.z AS completion_z, s.off AS completion_off,
         s.grp, s.idx, s.policy, s.tokens, s.finish, s.reward, s.advantage,
         s.flags & 1 AS unscorable, s.flags & 4 <> 0 AS removed, s.correct, s.claim,
         s.logprob, s.entropy
  FROM batch b JOIN attempt a ON a.n = b.attempt AND b.step <= a.valid_to
  JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id
  JOIN prompt p ON p.id = s.prompt LEFT JOIN sample_text st ON st.sample = s.id LEFT JOIN text_block tb ON tb.id = s.block;
