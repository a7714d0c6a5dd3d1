-- For plain SQL. completion and prompt are NULL where the text is compressed:
-- then it is bytes completion_off .. completion_off+bytes of the decompressed
-- completion_z, and prompt_z decompressed.
CREATE VIEW traces AS
  SELECT s.id, b.attempt, b.stage, b.phase, b.step, b.ckpt, b.ts_us, p.task, p.ref, p.hash AS prompt_hash,
         p.text AS prompt, p.text_z AS prompt_z, p.gold, st.text AS completion, s.bytes,
         tb.z AS completion_z, s.off AS completion_off,
         s.grp, s.idx, s.policy, s.tokens, s.finish, s.reward, s.advantage,
         s.flags & 1 AS unscorable, s.flags & 4 <> 0 AS removed, s.correct, s.claim
  FROM batch b JOIN attempt a ON a.n = b.attempt AND b.step <= a.valid_to
  JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id
  JOIN prompt p ON p.id = s.prompt LEFT JOIN sample_text st ON st.sample = s.id LEFT JOIN text_block tb ON tb.id = s.block;
