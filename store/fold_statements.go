package store

// statement names the prepared statements of a folder.
type statement int

const (
	putMeta statement = iota
	putCursor
	putAttempt
	setAttempt
	setState
	setLast
	putEvent
	putHeartbeat
	putStep
	putSeries
	putMetric
	findPrompt
	putPrompt
	putBatch
	putSample
	putText
	putBlock
	putTok
	putTokBlock
	putPart
	putVerdict
	putReward
	putCkpt
	putEval
	claimBatches
	putControl
	applyRewind
	putTally
	putNote
	putComparison
	putPair
	putLineage
	putCost
	putLayer
	findLayer
	putLayerTrace
	putLayerReward
	setLayer
	putRoll
	rollUp
	dropRolls
	lastPoint
	putIndex
	nextTexts
	getBlock
	putPromptIndex
	nextPrompts
	numStatements
)

func statementText(s statement) string {
	switch s {
	case putMeta:
		return `INSERT INTO meta(key, value) VALUES(?,?) ON CONFLICT DO UPDATE SET value=excluded.value`
	case putCursor:
		return `INSERT INTO cursor(src, segment, offset, seq) VALUES(?,?,?,?)
			ON CONFLICT DO UPDATE SET segment=excluded.segment, offset=excluded.offset, seq=excluded.seq`
	case putAttempt:
		return `INSERT INTO attempt(n) VALUES(?) ON CONFLICT DO NOTHING`
	case setAttempt:
		return `UPDATE attempt SET host=?, boot_id=?, pid=?, pid_start=?, backend=?, job_id=?, clock_us=?, from_step=?, from_ckpt=?,
			executable_sha256=?, started_us=? WHERE n=?`
	case setState:
		return `UPDATE attempt SET state=?, stage=?, step=?, reason=?, exit_code=?, state_us=?, ended_us=? WHERE n=?`
	case setLast:
		return `UPDATE attempt SET last_us=? WHERE n=?`
	case putEvent:
		return `INSERT INTO event(seq, attempt, step, ts_us, kind, level, code, text, body) VALUES(?,?,?,?,?,?,?,?,?)`
	case putHeartbeat:
		return `INSERT INTO heartbeat(seq, attempt, step, ts_us, mono_ms, rss, cpu_s, stage, device_s, energy_j) VALUES(?,?,?,?,?,?,?,?,?,?)`
	case putStep:
		return `INSERT INTO step(seq, attempt, step, stage, ts_us, non_finite) VALUES(?,?,?,?,?,?)`
	case putSeries:
		return `INSERT INTO series(name) VALUES(?) RETURNING id`
	case putMetric:
		return `INSERT INTO metric(series, step, attempt, ts_us, value) VALUES(?,?,?,?,?)
			ON CONFLICT DO UPDATE SET ts_us=excluded.ts_us, value=excluded.value`
	case findPrompt:
		return `SELECT id FROM prompt WHERE hash=?`
	case putPrompt:
		return `INSERT INTO prompt(hash, task, ref, gold, tokens, text, text_z, crc, data) VALUES(?,?,?,?,?,?,?,?,?) RETURNING id`
	case putBatch:
		return `INSERT INTO batch(seq, attempt, stage, phase, step, ckpt, ts_us, first_id, last_id) VALUES(?,?,?,?,?,?,?,?,?)`
	case putSample:
		return `INSERT INTO sample(id, batch, prompt, grp, idx, stream, policy, tokens, finish, reward, advantage, flags, correct, claim, bytes, crc, block, off, logprob, entropy)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	case putText:
		return `INSERT INTO sample_text(sample, text) VALUES(?,?)`
	case putBlock:
		return `INSERT INTO text_block(id, z) VALUES(?,?)`
	case putTok:
		return `INSERT INTO sample_tok(sample, block, pos) VALUES(?,?,?)`
	case putTokBlock:
		return `INSERT INTO tok_block(id, z, crc) VALUES(?,?,?)`
	case putPart:
		return `INSERT INTO part(name, version) VALUES(?,?) RETURNING id`
	case putVerdict:
		return `INSERT INTO verdict(part, status, weight, reason, why, labels) VALUES(?,?,?,?,?,?) RETURNING id`
	case putReward:
		return `INSERT INTO reward(sample, ord, verdict, score, value, why, spans, facts, us) VALUES(?,?,?,?,?,?,?,?,?)`
	case putCkpt:
		return `INSERT INTO ckpt(seq, attempt, step, stage, ts_us, path, bytes, manifest_sha256, metrics) VALUES(?,?,?,?,?,?,?,?,?)`
	case putEval:
		return `INSERT INTO eval(seq, attempt, step, ts_us, ckpt, suite, suite_hash, label, seed, n, k, acc, ci_lo, ci_hi, format_ok, tokens, wall_s)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id`
	case claimBatches:
		return `UPDATE batch SET eval=? WHERE step=? AND phase='eval' AND ckpt=? AND attempt=? AND eval IS NULL`
	case putControl:
		return `INSERT INTO control(seq, id, attempt, ts_us, actor, via, verb, args, reason, asked_us, outcome, result, applied_step, prev_hash, hash)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	case applyRewind:
		return `UPDATE attempt SET valid_to=min(valid_to, ?) WHERE n < ?`
	case putTally:
		return `INSERT INTO tally(name, n) VALUES(?,?) ON CONFLICT DO UPDATE SET n=excluded.n`
	case putNote:
		return `INSERT INTO note(id, ts_us, author, target_kind, target, kind, text, span_from, span_to, quote_crc, supersedes, seq)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putComparison:
		return `INSERT INTO comparison(id, ts_us, made_by, a_ckpt, b_ckpt, prompts_hash, settings, result) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putPair:
		return `INSERT INTO pair(comparison, prompt_hash, idx, a_sample, b_sample, winner, delta) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLineage: // the two logs of a run come in any order, so the time decides
		return `INSERT INTO lineage(child_kind, child, parent_kind, parent, how, hash, licence, detail, ts_us) VALUES(?,?,?,?,?,?,?,?,?)
			ON CONFLICT DO UPDATE SET hash=excluded.hash, licence=excluded.licence, detail=excluded.detail, ts_us=excluded.ts_us WHERE excluded.ts_us > ts_us`
	case putCost:
		return `INSERT INTO cost(id, attempt, stage, step, kind, t0_us, t1_us, qty, unit, price, currency, src) VALUES(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLayer:
		return `INSERT INTO layer(n, id, ts_us, made_by, version, label, rewards, settings)
			SELECT coalesce(max(n), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM layer WHERE true ON CONFLICT(id) DO NOTHING`
	case findLayer:
		return `SELECT n, traces IS NOT NULL FROM layer WHERE id=?`
	case putLayerTrace:
		return `INSERT INTO layer_trace(layer, sample, reward, advantage, unscorable, correct, claim, changed) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case putLayerReward:
		return `INSERT INTO layer_reward(layer, sample, ord, name, version, status, score, weight, value, reason, why, spans, labels, facts, us)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`
	case setLayer:
		return `UPDATE layer SET traces=?, changed=?, summary=? WHERE id=? AND traces IS NULL`
	case putRoll:
		return rollFromPoints
	case rollUp:
		return rollFromRolls
	case dropRolls:
		return `DELETE FROM metric_roll WHERE series=? AND span=? AND bucket>=?`
	case lastPoint:
		return `SELECT m.step FROM metric m JOIN attempt a ON a.n = m.attempt AND m.step <= a.valid_to
			WHERE m.series=? AND m.step >= 0 ORDER BY m.step DESC LIMIT 1`
	case putIndex:
		return `INSERT INTO sample_fts(rowid, body) VALUES(?,?)`
	case nextTexts:
		return `SELECT s.id, t.text, s.block, s.off, s.bytes, s.flags FROM sample s LEFT JOIN sample_text t ON t.sample = s.id
			WHERE s.id > ? ORDER BY s.id LIMIT ?`
	case putPromptIndex:
		return `INSERT INTO prompt_fts(rowid, body) VALUES(?,?)`
	case nextPrompts:
		return `SELECT id, text, text_z FROM prompt WHERE id > ? ORDER BY id LIMIT ?`
	case getBlock:
		return `SELECT z FROM text_block WHERE id=?`
	}
	return ""
}
