
-- Traces scored again, later, by other rewards. What the run itself recorded
-- never changes; a layer stands beside it.
CREATE TABLE layer(
  n INTEGER PRIMARY KEY,        -- 1, 2, ... in the order of the log in notes/
  id TEXT NOT NULL UNIQUE,      -- ULID
  ts_us INTEGER NOT NULL, made_by TEXT NOT NULL,
  version TEXT NOT NULL,        -- of gradus
  label TEXT NOT NULL,
  rewards TEXT NOT NULL,        -- JSON array: name, reward, version, weight, params, gate, code_hash
  settings TEXT,                -- JSON: which traces, and by which rule their advantages
  traces INTEGER, changed INTEGER, summary TEXT -- NULL while it is being written; summary is JSON
) STRICT;

CREATE TABLE layer_trace(       -- what a layer says of a completion; sample.id
  layer INTEGER NOT NULL, sample INTEGER NOT NULL,
  reward REAL, advantage REAL,  -- the weighted sum, and what the loss would have used
  unscorable INTEGER NOT NULL,
  correct INTEGER,              -- the checker's verdict, 0 or 1, or NULL
  claim ANY,
  changed INTEGER NOT NULL,     -- 1 where the layer disagrees with the run: another reward, verdict, or score of a part of the same name
  PRIMARY KEY(layer, sample)
) STRICT, WITHOUT ROWID;

CREATE TABLE layer_reward(      -- what one reward of a layer says of one completion; names are in layer.rewards by ord
  layer INTEGER NOT NULL, sample INTEGER NOT NULL, ord INTEGER NOT NULL,
  name TEXT NOT NULL, version TEXT NOT NULL,
  status TEXT NOT NULL, score REAL, weight REAL, value REAL,
  reason TEXT NOT NULL, why TEXT NOT NULL,
  spans TEXT, labels TEXT,      -- from,to,from,to,... in bytes of the completion, and their names as a JSON array
  facts ANY,                    -- JSON
  us INTEGER NOT NULL,
  PRIMARY KEY(layer, sample, ord)
) STRICT, WITHOUT ROWID;

-- The layers that are whole, beside what the run recorded.
CREATE VIEW layer_scores AS
  SELECT l.n AS layer, l.label, t.sample, s.reward AS reward_before, t.reward, s.advantage AS advantage_before, t.advantage,
         s.flags & 1 AS unscorable_before, t.unscorable, s.correct AS correct_before, t.correct, t.claim, t.changed
  FROM layer l JOIN layer_trace t ON t.layer = l.n JOIN sample s ON s.id = t.sample
  WHERE l.traces IS NOT NULL;

CREATE VIEW layer_parts AS
  SELECT r.layer, r.sample, r.name, r.version, r.status, r.score, r.weight, r.value, r.reason, r.why, r.spans, r.labels, r.facts, r.us
  FROM layer l JOIN layer_reward r ON r.layer = l.n
  WHERE l.traces IS NOT NULL;
