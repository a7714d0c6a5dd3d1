package openr1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gradus/rewards"
	"gradus/rewards/code"
	"gradus/rewards/code/piston"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// IOIParams are the parameters of openr1.ioi_code.
type IOIParams struct {
	TestBatchSize int    `json:"test_batch_size"` // tests side by side, after which a failure ends it; below 1 none is run, as published
	TestsFolder   string `json:"tests_folder"`    // copy of open-r1/ioi-test-cases, for rows without test_cases: a folder for each year, with parquet files
	Where
}

// ioi is openr1.ioi_code.
type ioi struct {
	*contestReward
	p      IOIParams
	stored *ioiTests // nil without a folder
}

// newIOI is open-r1's ioi_code_reward.
func newIOI(params map[string]any) (rewards.Reward, error) {
	const name = "openr1.ioi_code"
	p := IOIParams{TestBatchSize: 1, Where: defaultWhere()}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	r, err := newReward(name, p, p.Where, 0, 1)
	if err != nil {
		return nil, err
	}
	o := &ioi{contestReward: r, p: p}
	if p.TestsFolder != "" {
		o.stored = newIOITests(p.TestsFolder)
		r.ready = func() error { return isFolder(p.TestsFolder) }
	}
	r.one = o.score
	return r, nil
}

// errRow says that the published function fails over a row, which it scores 0.
var errRow = errors.New("open-r1 scores 0 for a row like this")

func badRow(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), errRow)
}

// score judges one completion.
func (o *ioi) score(ctx context.Context, s *rewards.Sample) rewards.Result {
	row := row(rule.Columns(*s))
	id, ok := row["id"]
	if !ok {
		return rewards.Result{Status: rewards.Error, Reason: "code.bad_tests", Why: "the row has no column id, which names the task; the published function fails without it"}
	}
	from, to := code.LastBlock(s.Completion, "cpp")
	program := addIncludes(s.Completion[from:to], formatted(id))
	t, err := o.subtask(row)
	if err == nil && program == "" {
		return rewards.Result{Reason: "code.no_code", Why: "the completion has no closed block ```cpp with something in it", Facts: t.facts(o.where.ProviderType)}
	}
	if err == nil {
		err = o.run(ctx, row, &t, program)
	}
	var result rewards.Result
	switch {
	case errors.Is(err, errRow):
		result = rewards.Result{Reason: "code.bad_row", Why: err.Error()}
	case errors.Is(err, errTests):
		return rewards.Result{Status: rewards.Error, Reason: "code.bad_tests", Why: err.Error()}
	case err != nil:
		return o.failed(err)
	default:
		result = t.result(o.where.ProviderType)
	}
	if to > from {
		result.Spans = []rewards.Span{{From: from, To: to, Label: "program"}}
	}
	return result
}

// subtask is what a row says of its tests, and what became of them.
type subtask struct {
	name      string
	points    float64
	precision *int // decimal places of a score; nil: a whole number
	tests     []ioiTest
}

// ioiTest is a test; it is skipped until it has run.
type ioiTest struct {
	name   string
	score  float64
	status string // CE, RE, WA, MLE, TLE, PA, AC or SKIPPED, as open-r1 calls them
	said   string
}

// subtask reads a row.
func (o *ioi) subtask(row row) (subtask, error) {
	for _, column := range []string{"subtask", "score", "score_precision", "test_names"} {
		if row[column] == nil {
			return subtask{}, badRow("the row has no column %s", column)
		}
	}
	t := subtask{name: formatted(row["subtask"])}
	t.points, _ = number(row["score"])
	names, ok := list(row["test_names"])
	if !ok {
		return subtask{}, badRow("the column test_names holds no list")
	}
	for _, raw := range names {
		t.tests = append(t.tests, ioiTest{name: formatted(raw), status: "SKIPPED"})
	}
	if isNull(row["score_precision"]) {
		return t, nil
	}
	v, ok := number(row["score_precision"])
	if !ok || v != math.Trunc(v) || strings.ContainsAny(string(row["score_precision"]), ".eE") {
		return subtask{}, fmt.Errorf("%w: the column score_precision holds %.40s, not a whole number", errTests, row["score_precision"])
	}
	places := int(max(-400, min(400, v)))
	t.precision = &places
	return t, nil
}

// run runs the program against the tests, batch by batch, until one fails.
func (o *ioi) run(ctx context.Context, row row, t *subtask, program string) error {
	cases, err := o.cases(row, t)
	if err != nil {
		return err
	}
	if o.p.TestBatchSize < 1 {
		return nil
	}
	for at := 0; at < len(t.tests); at += o.p.TestBatchSize {
		batch := t.tests[at:min(len(t.tests), at+o.p.TestBatchSize)]
		jobs := make([]piston.Job, len(batch))
		for i := range batch {
			c, ok := cases(batch[i].name)
			if !ok {
				return badRow("the test %.40q is not there, or is no pair of input and output", batch[i].name)
			}
			if jobs[i], err = o.job(row, program, c); err != nil {
				return err
			}
		}
		if err := all(len(jobs), func(i int) error { return o.test(ctx, jobs[i], &batch[i]) }); err != nil {
			return err
		}
		for _, test := range batch {
			if test.score == 0 {
				return nil
			}
		}
	}
	return nil
}

// pair is the input and the output of a test; the output may be missing.
type pair [2]string

// cases looks tests up by their names.
func (o *ioi) cases(row row, t *subtask) (func(name string) (pair, bool), error) {
	raw, ok := row["test_cases"]
	if !ok {
		id, isText := str(row["id"])
		year, isYear := number(row["year"])
		switch {
		case !isText || !isYear:
			return nil, badRow("the row has no test_cases, and no id and year to find them by")
		case o.stored == nil:
			return nil, fmt.Errorf("%w: the row has no test_cases; set tests_folder to a copy of open-r1/ioi-test-cases", errTests)
		}
		tests, err := o.stored.of(int(year), id)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errTests, err)
		}
		return func(name string) (pair, bool) { p, ok := tests[name]; return p, ok }, nil
	}
	named := map[string]json.RawMessage{}
	if cases, ok := list(raw); ok {
		for i := range min(len(cases), len(t.tests)) {
			named[t.tests[i].name] = cases[i]
		}
	} else if json.Unmarshal(raw, &named) != nil || named == nil {
		return nil, badRow("the column test_cases holds neither a list nor an object")
	}
	return func(name string) (p pair, ok bool) {
		two, ok := list(named[name])
		if !ok || len(two) < 2 {
			return p, false
		}
		if p[0], ok = str(two[0]); !ok {
			return p, false
		}
		if !truthy(two[1]) {
			return p, true
		}
		p[1], ok = str(two[1])
		return p, ok
	}, nil
}

// job is what one test asks for.
func (o *ioi) job(row row, program string, test pair) (piston.Job, error) {
	id, ok := str(row["id"])
	if !ok {
		return piston.Job{}, badRow("the column id holds %.40s, no text", row["id"])
	}
	job := piston.Job{Language: piston.IOI, Files: []piston.File{{Name: "graders/" + pytext.Lower(id) + ".cpp", Content: program}, {Name: "input.txt", Content: test[0]}}}
	if test[1] != "" {
		job.Files = append(job.Files, piston.File{Name: "correct_output.txt", Content: test[1]})
	}
	files, ok := list(row["grader_files"])
	if !ok {
		return job, badRow("the column grader_files holds no list")
	}
	for i, raw := range files {
		file, ok := list(raw)
		if !ok || len(file) != 2 {
			return job, badRow("file %d of grader_files is no pair of name and content", i+1)
		}
		if !truthy(file[1]) {
			continue
		}
		name, isName := str(file[0])
		content, isContent := str(file[1])
		if !isName || !isContent {
			return job, badRow("file %d of grader_files is no pair of texts", i+1)
		}
		job.Files = append(job.Files, piston.File{Name: name, Content: content})
	}
	limit, ok := number(row["time_limit"])
	if !ok {
		return job, badRow("the column time_limit holds %.40s, not seconds", orNothing(row["time_limit"]))
	}
	job.RunTimeout = math.RoundToEven((limit + 3) * 1000)
	memory, ok := row["memory_limit"]
	if !ok {
		return job, badRow("the row has no column memory_limit")
	}
	if bytes, ok := number(memory); ok {
		job.RunMemoryLimit = &bytes
	}
	return job, nil
}

// test runs one test.
func (o *ioi) test(ctx context.Context, job piston.Job, t *ioiTest) error {
	a, err := o.provider.Execute(ctx, job)
	if err != nil {
		return err
	}
	score, said, err := scoreOf(a)
	if err != nil {
		return err
	}
	t.score, t.status, t.said = score, statusOf(score, said), said
	return nil
}

// scoreOf reads the score of an answer and what was said about it, as
// open-r1's execute_ioi does.
func scoreOf(a piston.Answer) (score float64, said string, err error) {
	switch {
	case a.Message != "":
		return 0, "", fmt.Errorf("the server refuses the job: %.200q; is open-r1's package cms_ioi installed on it?", a.Message)
	case a.Compile != nil && !a.Compile.OK():
		return 0, "Compilation error " + code.FirstError([]byte(a.Compile.Stderr)), nil
	case a.Run == nil:
		return 0, "", errors.New("the answer has no run")
	case a.Run.Code != nil && *a.Run.Code == 1 && strings.Contains(a.Run.Stderr, "MemoryError"):
		return 0, "Memory limit exceeded", nil
	case a.Run.Stdout != "":
		v, ok := pytext.Float(a.Run.Stdout)
		if !ok {
			return 0, "", badRow("what judges the test prints %.40q, which is no score", a.Run.Stdout)
		}
		return v, a.Run.Stderr, nil
	case a.Run.Signal == "SIGKILL":
		return 0, "Time limit exceeded", nil
	case !a.Run.OK():
		return 0, "", badRow("what judges the test fails: %.200q", a.Run.Stderr[max(0, len(a.Run.Stderr)-200):])
	}
	return 0, "Unknown error", nil
}

// statusOf is open-r1's _extract_single_status.
func statusOf(score float64, said string) string {
	switch {
	case score == 1:
		return "AC"
	case score != 0:
		return "PA"
	}
	for _, s := range [][2]string{{"Compilation error", "CE"}, {"Memory limit exceeded", "MLE"}, {"Time limit exceeded", "TLE"}, {"Output isn't correct", "WA"}} {
		if strings.Contains(said, s[0]) {
			return s[1]
		}
	}
	return "RE"
}

// worst are the statuses from worst to best.
func worst() []string { return []string{"CE", "RE", "WA", "MLE", "TLE", "PA", "AC", "SKIPPED"} }

// status is the worst of the tests'.
func (t *subtask) status() string {
	for _, s := range worst() {
		for _, test := range t.tests {
			if test.status == s {
				return s
			}
		}
	}
	return "SKIPPED"
}

// least is the least score, as Python's min finds it.
func (t *subtask) least() float64 {
	least := 0.0
	for i, test := range t.tests {
		if i == 0 || test.score < least {
			least = test.score
		}
	}
	return least
}

// facts are what a reader may want to know, the points of the subtask among it.
func (t *subtask) facts(provider string) map[string]any {
	verdicts := make([]string, len(t.tests))
	for i, test := range t.tests {
		verdicts[i] = test.status
	}
	f := caseFacts(verdicts)
	f["subtask"], f["points"], f["status"], f["provider"] = t.name, t.points, t.status(), provider
	if weighted := round(t.least()*t.points, t.precision); !math.IsNaN(weighted) && !math.IsInf(weighted, 0) {
		f["weighted_score"] = weighted
	}
	return f
}

// result scores what the tests said.
func (t *subtask) result(provider string) rewards.Result {
	reasons := map[string]string{"CE": "compile_error", "RE": "runtime_error", "WA": "wrong_answer", "MLE": "memory_limit", "TLE": "time_limit", "PA": "partial", "AC": "accepted", "SKIPPED": "not_run"}
	least, status := t.least(), t.status()
	if math.IsNaN(least) || math.IsInf(least, 0) {
		return rewards.Result{Status: rewards.Invalid, Reason: "reward.out_of_range", Why: fmt.Sprintf("what judges the tests prints the score %v", least)}
	}
	r := rewards.Result{Score: round(least, t.precision), Reason: "code." + reasons[status], Facts: t.facts(provider)}
	r.Why = fmt.Sprintf("the least score of %d tests is %g (%s)", len(t.tests), least, status)
	for _, test := range t.tests {
		if test.status == status && status != "AC" && status != "SKIPPED" {
			r.Why += fmt.Sprintf("; test %.40q: %s", test.name, lastLine(test.said))
			break
		}
	}
	return r
}

// lastLine is the last thing that was said, for a reader.
func lastLine(said string) string {
	said = strings.TrimSpace(said)
	said = said[strings.LastIndexByte(said, '\n')+1:]
	return strconv.Quote(strings.ToValidUTF8(said[:min(len(said), 160)], "?"))
}

// round is Python's round to so many decimal places; nil rounds to a whole
// number.
func round(v float64, places *int) float64 {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return v
	case places == nil:
		return math.RoundToEven(v)
	case *places < 0:
		scale := math.Pow(10, float64(-*places))
		return math.RoundToEven(v/scale) * min(scale, math.MaxFloat64)
	}
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', *places, 64), 64)
	if err != nil {
		return v
	}
	return out
}
