-- One run. What the run recorded is folded from its event log, what people and
-- tools added afterwards from the log in notes/ beside it; both can be folded
-- again. Times are microseconds since 1970, as the writer's clock said. Steps
-- above attempt.valid_to were thrown away by a resume: the rows stay, the
-- views below leave them out.

CREATE TABLE meta(              -- run_id, name, ..., and "header": the RunHeader as JSON
  key   TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor(            -- how far a log is folded; written with the rows, in one transaction
  src     TEXT PRIMARY KEY,     -- "log", "notes"; "fts": seq is the last sample in sample_fts
  segment INTEGER NOT NULL,
  offset  INTEGER NOT NULL,
  seq     INTEGER NOT NULL      -- of the next record
) STRICT, WITHOUT ROWID;

CREATE TABLE tally(             -- sizes that a list shows at once: steps, events, eval_samples, ckpts, evals
  name TEXT PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(           -- a process that worked on the run
  n          INTEGER PRIMARY KEY,
  host       TEXT, boot_id TEXT, pid INTEGER, pid_start INTEGER,
  backend    TEXT, job_id TEXT,                    -- local, ssh, slurm; the scheduler's number
  clock_us   INTEGER,                              -- what to add to its times for the viewer's clock; NULL when not measured
  from_step  INTEGER NOT NULL DEFAULT 0, from_ckpt TEXT, executable_sha256 TEXT,
  state      TEXT, stage TEXT, step INTEGER, reason TEXT, exit_code INTEGER, state_us INTEGER,
  started_us INTEGER, ended_us INTEGER,
  last_us    INTEGER NOT NULL DEFAULT 0,           -- last record of any kind
  valid_to   INTEGER NOT NULL DEFAULT 2147483647   -- last step that counts
) STRICT;

CREATE TABLE event(             -- rare records: states, steering, alerts, checkpoints, evaluations, rewinds, unknown kinds
  seq     INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL, step INTEGER NOT NULL, ts_us INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  level   TEXT NOT NULL,        -- info, warn, error
  code    TEXT,
  text    TEXT NOT NULL,        -- one sentence
  body    ANY                   -- the record's JSON
) STRICT;

CREATE TABLE heartbeat(
  seq INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL, step INTEGER NOT NULL, ts_us INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL, rss INTEGER NOT NULL, cpu_s REAL NOT NULL,
  stage TEXT, device_s REAL, energy_j REAL -- since the attempt began: seconds that devices worked, joules; NULL when not known
) STRICT;

CREATE TABLE step(              -- one row a metrics record
  seq INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL, step INTEGER NOT NULL, stage TEXT NOT NULL, ts_us INTEGER NOT NULL,
  non_finite TEXT               -- JSON array of the names whose value was NaN or infinite
) STRICT;

CREATE TABLE series(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE metric(
  series INTEGER NOT NULL, step INTEGER NOT NULL, attempt INTEGER NOT NULL,
  ts_us INTEGER NOT NULL, value REAL NOT NULL,
  PRIMARY KEY(series, step, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric_roll(       -- the points that count, of steps bucket*span .. bucket*span+span-1; only of buckets that are over
  series INTEGER NOT NULL,
  span   INTEGER NOT NULL,      -- 16, 256, 4096, 65536 steps
  bucket INTEGER NOT NULL,
  n INTEGER NOT NULL, total REAL NOT NULL,
  lo REAL NOT NULL, lo_step INTEGER NOT NULL, lo_us INTEGER NOT NULL, -- the smallest value and where it was
  hi REAL NOT NULL, hi_step INTEGER NOT NULL, hi_us INTEGER NOT NULL,
  PRIMARY KEY(series, span, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE prompt(            -- each prompt once
  id     INTEGER PRIMARY KEY,
  hash   TEXT NOT NULL UNIQUE,
  task   TEXT NOT NULL, ref TEXT NOT NULL, gold ANY NOT NULL, tokens INTEGER NOT NULL,
  text   ANY,                   -- as the model saw it; NULL when it is in text_z
  text_z BLOB,                  -- zstd
  crc    INTEGER NOT NULL,      -- crc32c of the plain text, as a signed number
  data   ANY                    -- JSON for the checker
) STRICT;

CREATE TABLE batch(             -- one row a samples record; its samples are first_id..last_id
  seq      INTEGER PRIMARY KEY,
  attempt  INTEGER NOT NULL, stage TEXT NOT NULL, phase TEXT NOT NULL, step INTEGER NOT NULL,
  ckpt     TEXT NOT NULL,       -- RUN@STEP that generated them, for eval; else empty
  ts_us    INTEGER NOT NULL,
  first_id INTEGER NOT NULL, last_id INTEGER NOT NULL,
  eval     INTEGER              -- eval.id, once the evaluation has finished
) STRICT;
CREATE INDEX batch_step ON batch(step, phase);

CREATE TABLE sample(            -- one row a completion, small, so that filters scan quickly
  id      INTEGER PRIMARY KEY,  -- dense, in log order
  batch   INTEGER NOT NULL, prompt INTEGER NOT NULL,
  grp     INTEGER NOT NULL, idx INTEGER NOT NULL,
  stream  INTEGER NOT NULL,     -- the 64 bits of the random stream, signed
  policy  INTEGER NOT NULL,     -- policy version
  tokens  INTEGER NOT NULL, finish TEXT NOT NULL,
  reward  REAL, advantage REAL, -- NULL only where a log holds what is not a number
  flags   INTEGER NOT NULL,     -- 1 unscorable, 2 the text is not valid UTF-8, 4 the text was removed to save space
  correct INTEGER,              -- the checker's verdict, 0 or 1, or NULL
  claim   ANY,                  -- extracted answer
  bytes   INTEGER NOT NULL,     -- length of the text
  crc     INTEGER NOT NULL,     -- crc32c of the plain text, as a signed number
  block   INTEGER,              -- text_block.id and the byte in it where the text begins;
  off     INTEGER               -- NULL where sample_text has it
) STRICT;
CREATE INDEX sample_prompt ON sample(prompt);
CREATE INDEX sample_flag ON sample(flags) WHERE flags <> 0;

CREATE TABLE sample_text(       -- completions shorter than 512 bytes, as they are
  sample INTEGER PRIMARY KEY,
  text   ANY NOT NULL           -- TEXT, or BLOB where it is not valid UTF-8
) STRICT;

CREATE TABLE text_block(        -- longer completions, several in one zstd frame, one after the other
  id INTEGER PRIMARY KEY,
  z  BLOB NOT NULL
) STRICT;

CREATE TABLE sample_tok(        -- where the token data of a completion is; not all have any
  sample INTEGER PRIMARY KEY,
  block  INTEGER NOT NULL,      -- tok_block.id
  pos    INTEGER NOT NULL       -- which of its completions, from 0
) STRICT;

CREATE TABLE tok_block(         -- token data of several completions: ids, log-probabilities, entropies; see store/tokens.go
  id  INTEGER PRIMARY KEY,
  z   BLOB NOT NULL,
  crc INTEGER NOT NULL          -- crc32c of z, as a signed number
) STRICT;

CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, UNIQUE(name, version)) STRICT;

CREATE TABLE verdict(           -- what reward functions say, each once
  id INTEGER PRIMARY KEY, part INTEGER NOT NULL,
  status TEXT NOT NULL, weight REAL, reason TEXT NOT NULL,
  why    TEXT NOT NULL,         -- empty where reward.why has the sentence
  labels TEXT                   -- JSON array: the names of the spans, in order
) STRICT;

CREATE TABLE reward(            -- what one reward function said of one completion; see view reward_parts
  sample INTEGER NOT NULL, ord INTEGER NOT NULL, verdict INTEGER NOT NULL,
  score REAL, value REAL,
  why TEXT,                     -- a sentence that is not the verdict's
  spans TEXT,                   -- from,to,from,to,... in bytes of the completion; names in verdict.labels
  facts ANY,                    -- JSON
  us INTEGER NOT NULL,
  PRIMARY KEY(sample, ord)
) STRICT, WITHOUT ROWID;

CREATE TABLE ckpt(
  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,
  attempt INTEGER NOT NULL, step INTEGER NOT NULL, stage TEXT NOT NULL, ts_us INTEGER NOT NULL,
  path TEXT NOT NULL, bytes INTEGER NOT NULL, manifest_sha256 TEXT NOT NULL, metrics TEXT
) STRICT;

CREATE TABLE eval(
  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,
  attempt INTEGER NOT NULL, step INTEGER NOT NULL, ts_us INTEGER NOT NULL,
  ckpt TEXT NOT NULL, suite TEXT NOT NULL, suite_hash TEXT NOT NULL, label TEXT NOT NULL,
  seed INTEGER NOT NULL,        -- 64 bits, signed
  n INTEGER NOT NULL, k INTEGER NOT NULL,
  acc REAL, ci_lo REAL, ci_hi REAL, format_ok REAL, tokens INTEGER NOT NULL, wall_s REAL
) STRICT;

CREATE TABLE control(           -- steering, as asked and answered
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL,
  attempt INTEGER NOT NULL, ts_us INTEGER NOT NULL, actor TEXT NOT NULL, via TEXT NOT NULL, verb TEXT NOT NULL,
  args ANY, reason TEXT, asked_us INTEGER NOT NULL, outcome TEXT NOT NULL, result TEXT, applied_step INTEGER NOT NULL,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;

CREATE TABLE comparison(        -- two checkpoints (RUN@STEP) put side by side on the same prompts
  id TEXT PRIMARY KEY,          -- ULID
  ts_us INTEGER NOT NULL, made_by TEXT NOT NULL,
  a_ckpt TEXT NOT NULL, b_ckpt TEXT NOT NULL,
  prompts_hash TEXT NOT NULL, settings TEXT, -- JSON
  result TEXT                   -- JSON: difference, interval, counts
) STRICT, WITHOUT ROWID;

CREATE TABLE pair(              -- one prompt of a comparison; samples by id in the run of a_ckpt and of b_ckpt
  comparison TEXT NOT NULL, prompt_hash TEXT NOT NULL, idx INTEGER NOT NULL,
  a_sample INTEGER, b_sample INTEGER,
  winner TEXT,                  -- a, b, tie
  delta REAL,
  PRIMARY KEY(comparison, prompt_hash, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE note(              -- what a reader says of something; never changed, only superseded
  id TEXT PRIMARY KEY,          -- ULID: the same note in two stores is one
  ts_us INTEGER NOT NULL, author TEXT NOT NULL,
  target_kind TEXT NOT NULL,    -- run, step, sample, prompt, ckpt, eval, comparison
  target TEXT NOT NULL,         -- its id there
  kind TEXT NOT NULL,           -- note, tag, verdict
  text TEXT NOT NULL,           -- the sentence, the tag, the verdict
  span_from INTEGER, span_to INTEGER, -- bytes of the completion
  quote_crc INTEGER,            -- crc32c of those bytes, so that a span is never shown on another text
  supersedes TEXT,              -- note.id that this one replaces; with an empty text: takes back
  seq INTEGER NOT NULL          -- of the record in notes/
) STRICT, WITHOUT ROWID;
CREATE INDEX note_target ON note(target_kind, target);

CREATE TABLE lineage(           -- what went into what
  child_kind TEXT NOT NULL, child TEXT NOT NULL,   -- ckpt RUN@STEP, dataset, run
  parent_kind TEXT NOT NULL, parent TEXT NOT NULL, -- ckpt, dataset, teacher, model, filter
  how TEXT NOT NULL,            -- trained_on, distilled_from, started_from, filtered_by
  hash TEXT, licence TEXT, detail TEXT, -- of the parent; detail is JSON
  ts_us INTEGER NOT NULL,
  PRIMARY KEY(child_kind, child, parent_kind, parent, how)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_parent ON lineage(parent_kind, parent);

CREATE TABLE cost(              -- what was used, by attempt and stage
  id TEXT PRIMARY KEY,          -- ULID, or made of where it comes from
  attempt INTEGER NOT NULL, stage TEXT NOT NULL, step INTEGER,
  kind TEXT NOT NULL,           -- device, cpu, energy, tokens
  t0_us INTEGER NOT NULL, t1_us INTEGER NOT NULL,
  qty REAL NOT NULL, unit TEXT NOT NULL, -- s, J, tok
  price REAL, currency TEXT,    -- of all of it; NULL when no price is known
  src TEXT NOT NULL             -- heartbeat, scheduler, recipe, host
) STRICT, WITHOUT ROWID;

CREATE TABLE removal(           -- what was removed to save space, by which rule; the event log may still have it
  id INTEGER PRIMARY KEY,
  ts_us INTEGER NOT NULL, actor TEXT NOT NULL, rule TEXT NOT NULL,
  what TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE seal(              -- checksums of all rows, made when a run has ended; see "gradus db check"
  tbl   TEXT NOT NULL,
  chunk INTEGER NOT NULL,
  first TEXT NOT NULL, last TEXT NOT NULL, -- keys of the chunk
  n     INTEGER NOT NULL,
  crc   INTEGER NOT NULL,
  PRIMARY KEY(tbl, chunk)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE sample_fts USING fts5(body, content='', contentless_delete=1);

CREATE VIEW curve AS
  SELECT n.name AS series, m.step, m.value, m.ts_us, m.attempt
  FROM series n JOIN metric m ON m.series = n.id
  JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to;

CREATE VIEW reward_parts AS
  SELECT r.sample, p.name, p.version, v.status, r.score, v.weight, r.value, v.reason, coalesce(r.why, v.why) AS why,
         r.spans, v.labels, r.facts, r.us
  FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part p ON p.id = v.part;

CREATE VIEW eval_item AS
  SELECT b.eval, p.hash AS prompt_hash, s.idx, s.id AS sample, s.correct, s.reward, s.claim, s.finish, s.tokens
  FROM batch b JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id JOIN prompt p ON p.id = s.prompt
  WHERE b.eval IS NOT NULL;
