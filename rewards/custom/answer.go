package custom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gradus/rewards"
)

// reply is what a worker or a service answers to one call.
type reply struct {
	Type      string                       `json:"type"` // ready, result, error
	ID        uint64                       `json:"id"`
	Rewards   []json.RawMessage            `json:"rewards"`
	Extra     map[string][]json.RawMessage `json:"extra"`   // columns the function logged
	Metrics   map[string]json.RawMessage   `json:"metrics"` // numbers the function logged
	Millis    float64                      `json:"ms"`      // spent in the function
	Stdout    string                       `json:"stdout"`
	Stderr    string                       `json:"stderr"`
	Exception string                       `json:"exception"`
	Message   string                       `json:"message"`
	Traceback string                       `json:"traceback"`
	Returned  string                       `json:"returned"` // what a function returned instead of a list

	Proto     int        `json:"proto"`
	Python    string     `json:"python"`
	Functions []function `json:"functions"`
	Same      bool       `json:"same,omitempty"`    // it repeats what a call sends once
	Marshal   bool       `json:"marshal,omitempty"` // it reads frames, not lines: the Python worker
}

// function is one that a worker offers.
type function struct {
	Name   string   `json:"name"`
	Params []string `json:"params"`
	Async  bool     `json:"async"`
	Named  bool     `json:"named,omitempty"` // it takes Params and nothing else
}

// readReply reads a line. The usual one, numbers only as worker.py writes them,
// is read without reflection; its rewards are valid as long as the line is.
func readReply(line []byte) (reply, error) {
	if r, ok := plainReply(line); ok {
		return r, nil
	}
	var r reply
	err := json.Unmarshal(line, &r)
	if err != nil {
		if again := quoteNumbers(line); len(again) > len(line) {
			r = reply{}
			err = json.Unmarshal(again, &r)
		}
	}
	return r, err
}

// quoteNumbers makes texts of NaN, Infinity and -Infinity, which JSON lacks and
// Python's json.dumps writes: such a reward is no number, and those beside it are.
func quoteNumbers(line []byte) []byte {
	out := make([]byte, 0, len(line)+16)
	for i := 0; i < len(line); {
		if line[i] == '"' {
			end := i + 1
			for end < len(line) && line[end] != '"' {
				if line[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(line))
			out = append(out, line[i:end]...)
			i = end
			continue
		}
		word := ""
		for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(line[i:], []byte(w)) {
				word = w
			}
		}
		if word == "" {
			out = append(out, line[i])
			i++
			continue
		}
		out = append(append(append(out, '"'), word...), '"')
		i += len(word)
	}
	return out
}

// plainReply reads {"type":"result","id":17,"rewards":[1.0, 0.5],"ms":0.0120}.
func plainReply(line []byte) (reply, bool) {
	rest, ok := bytes.CutPrefix(bytes.TrimRight(line, "\n"), []byte(`{"type":"result","id":`))
	id, rest, ok1 := bytes.Cut(rest, []byte(`,"rewards":[`))
	list, rest, ok2 := bytes.Cut(rest, []byte(`],"ms":`))
	ms, ok3 := bytes.CutSuffix(rest, []byte(`}`))
	r := reply{Type: "result", Rewards: make([]json.RawMessage, 0, 8)}
	if !ok || !ok1 || !ok2 || !ok3 || !number(ms) {
		return r, false
	}
	var err, err1 error
	r.ID, err = strconv.ParseUint(string(id), 10, 64)
	r.Millis, err1 = strconv.ParseFloat(string(ms), 64)
	for one, more := []byte(nil), len(list) > 0; more; {
		one, list, more = bytes.Cut(list, []byte(", "))
		if !number(one) {
			return r, false
		}
		r.Rewards = append(r.Rewards, one)
	}
	return r, err == nil && err1 == nil
}

// number says whether a text is made of the characters of a JSON number.
func number(b []byte) bool {
	return len(b) > 0 && len(b) < 40 && len(bytes.Trim(b, "-+.0123456789e")) == 0
}

// results turns a reply into one result a completion.
func (r reply) results(who string, g rewards.Group) []rewards.Result {
	n := len(g.Samples)
	if r.Type == "error" {
		res := rewards.Result{Status: rewards.Error, Reason: reasonError, Why: fmt.Sprintf("%s raised %s: %s", who, r.Exception, cut(r.Message, 300)),
			Facts: map[string]any{"exception": r.Exception, "message": cut(r.Message, 2000), "traceback": tail(r.Traceback, 4000)}}
		r.note(res.Facts)
		return same(g, res)
	}
	if len(r.Rewards) != n {
		res := rewards.Result{Status: rewards.Invalid, Reason: reasonInvalid, Facts: map[string]any{},
			Why: fmt.Sprintf("%s returned %d rewards for %d completions", who, len(r.Rewards), n)}
		if r.Returned != "" {
			res.Why = fmt.Sprintf("%s returned %s; want a list of %d rewards, one for each completion", who, cut(r.Returned, 100), n)
		}
		r.note(res.Facts)
		return same(g, res)
	}
	out := make([]rewards.Result, n)
	var score rewards.Result
	for i, raw := range r.Rewards {
		if i == 0 || !bytes.Equal(raw, r.Rewards[i-1]) { // scores of a group are few
			score = scoreOf(who, raw)
		}
		out[i] = score
		if r.Stdout == "" && r.Stderr == "" && len(r.Metrics) == 0 && len(r.Extra) == 0 {
			continue
		}
		facts := map[string]any{}
		r.note(facts)
		for key, column := range r.Extra {
			if i < len(column) && len(column[i]) <= 4096 {
				facts[key] = column[i]
			}
		}
		if len(facts) > 0 {
			out[i].Facts = facts
		}
		if why, ok := whyOf(out[i]); ok {
			out[i].Why = fmt.Sprintf("%s: %s", out[i].Why, cut(why, 300))
		}
	}
	return out
}

// note keeps what a function printed and logged.
func (r reply) note(facts map[string]any) {
	if r.Stdout != "" {
		facts["stdout"] = tail(r.Stdout, 2000)
	}
	if r.Stderr != "" {
		facts["stderr"] = tail(r.Stderr, 2000)
	}
	for key, value := range r.Metrics {
		facts["metric."+key] = value
	}
}

// scoreOf reads one reward: a finite number, null (no opinion), or anything
// else, which is invalid and kept as text.
func scoreOf(who string, raw json.RawMessage) rewards.Result {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		return rewards.Result{Status: rewards.Skipped, Reason: reasonSkipped, Why: who + " has no opinion (it returned None)"}
	}
	score, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !number(raw) { // what is written in full, or no number
		err = json.Unmarshal(raw, &score)
	}
	if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
		return rewards.Result{Status: rewards.Invalid, Reason: reasonInvalid, Why: fmt.Sprintf("%s returned %s, which is no finite number", who, cut(string(raw), 100))}
	}
	return rewards.Result{Score: score, Reason: reasonScored, Why: who + " returned " + strconv.FormatFloat(score, 'g', -1, 64)}
}

// cut keeps the first n bytes of a text, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// tail keeps the last n bytes.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-n:], "")
}
