-- One run. Everything here is folded from the run's event log and can be
-- rebuilt from it. Times are microseconds since 1970, as the run's clock said.
-- Steps above attempt.valid_to were thrown away by a resume: the rows stay,
-- the views below leave them out.

CREATE TABLE meta(              -- run_id, name, ..., and "header": the RunHeader as JSON
  key   TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor(            -- how far the log is folded; written with the rows, in one transaction
  src     TEXT PRIMARY KEY,     -- "log"; "fts": seq is the last sample in sample_fts
  segment INTEGER NOT NULL,
  offset  INTEGER NOT NULL,
  seq     INTEGER NOT NULL      -- of the next record
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(
  n          INTEGER PRIMARY KEY,
  host       TEXT, boot_id TEXT, pid INTEGER, pid_start INTEGER,
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
  mono_ms INTEGER NOT NULL, rss INTEGER NOT NULL, cpu_s REAL NOT NULL
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

CREATE TABLE prompt(            -- each prompt once
  id     INTEGER PRIMARY KEY,
  hash   TEXT NOT NULL UNIQUE,
  task   TEXT NOT NULL, ref TEXT NOT NULL, gold ANY NOT NULL, tokens INTEGER NOT NULL,
  text   ANY,                   -- as the model saw it; NULL when it is in text_z
  text_z BLOB,                  -- zstd
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
  flags   INTEGER NOT NULL,     -- 1 unscorable, 2 the text is not valid UTF-8
  correct INTEGER,              -- the checker's verdict, 0 or 1, or NULL
  claim   ANY                   -- extracted answer
) STRICT;
CREATE INDEX sample_prompt ON sample(prompt);

CREATE TABLE sample_body(       -- the completion's text
  sample INTEGER PRIMARY KEY,
  text   ANY,                   -- TEXT, or BLOB where it is not valid UTF-8; NULL when it is in text_z
  text_z BLOB,                  -- zstd; texts of 512 bytes or more, where that is smaller
  crc    INTEGER NOT NULL       -- crc32c of the plain text, as a signed number
) STRICT;

CREATE TABLE sample_tok(        -- token data: little-endian 32-bit words, bytes regrouped by place, zstd
  sample INTEGER PRIMARY KEY, ids BLOB, logp BLOB, ent BLOB
) STRICT;

CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, UNIQUE(name, version)) STRICT;

CREATE TABLE verdict(           -- what reward functions say, each once
  id INTEGER PRIMARY KEY, part INTEGER NOT NULL,
  status TEXT NOT NULL, weight REAL, reason TEXT NOT NULL,
  why TEXT NOT NULL             -- empty where reward.why has the sentence
) STRICT;

CREATE TABLE reward(            -- what one reward function said of one completion; see view reward_parts
  sample INTEGER NOT NULL, ord INTEGER NOT NULL, verdict INTEGER NOT NULL,
  score REAL, value REAL,
  why TEXT,                     -- a sentence that is not the verdict's
  spans TEXT,                   -- JSON [[from, to, label], ...], bytes of the completion
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

CREATE VIRTUAL TABLE sample_fts USING fts5(body, content='', contentless_delete=1);

-- For plain SQL. completion and prompt are NULL where the text is compressed;
-- "gradus traces" prints those too.
CREATE VIEW traces AS
  SELECT s.id, b.attempt, b.stage, b.phase, b.step, b.ckpt, b.ts_us, p.task, p.ref, p.hash AS prompt_hash,
         p.text AS prompt, p.gold, sb.text AS completion, sb.text_z AS completion_z,
         s.grp, s.idx, s.policy, s.tokens, s.finish, s.reward, s.advantage,
         s.flags & 1 AS unscorable, s.correct, s.claim
  FROM batch b JOIN attempt a ON a.n = b.attempt AND b.step <= a.valid_to
  JOIN sample s ON s.id BETWEEN b.first_id AND b.last_id
  JOIN prompt p ON p.id = s.prompt LEFT JOIN sample_body sb ON sb.sample = s.id;

CREATE VIEW curve AS
  SELECT n.name AS series, m.step, m.value, m.ts_us, m.attempt
  FROM series n JOIN metric m ON m.series = n.id
  JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to;

CREATE VIEW reward_parts AS
  SELECT r.sample, p.name, p.version, v.status, r.score, v.weight, r.value, v.reason, coalesce(r.why, v.why) AS why, r.spans, r.facts, r.us
  FROM reward r JOIN verdict v ON v.id = r.verdict JOIN part p ON p.id = v.part;
