package openr1

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"gradus/rewards"
	"gradus/rewards/code"
	"gradus/rewards/code/piston"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
)

// CFParams are the parameters of openr1.cf_code.
type CFParams struct {
	TestBatchSize int    `json:"test_batch_size"` // tests side by side, after which "pass_fail" stops at a failure; below 1: all
	ScoringMode   string `json:"scoring_mode"`    // "pass_fail": all or nothing; "partial": the share of tests; "weighted_sum": the first and a tenth of the second
	PatchCode     bool   `json:"patch_code"`      // mend imports and includes that models often leave out
	TestsFolder   string `json:"tests_folder"`    // of open-r1/codeforces' generated tests; "" is the variable CF_TESTS_FOLDER
	OfficialOnly  bool   `json:"official_only"`   // do without the generated tests; open-r1 cannot
	Where
}

// Scores of cf_code_reward that tests do not make.
const (
	scoreNoCode    = -1.0
	scoreNoCompile = -0.1
)

// cf is openr1.cf_code.
type cf struct {
	*contestReward
	p         CFParams
	generated *cfTests // nil without a folder
	patches   []replacement
}

// newCF is open-r1's cf_code_reward.
func newCF(params map[string]any) (rewards.Reward, error) {
	const name = "openr1.cf_code"
	p := CFParams{TestBatchSize: 1, ScoringMode: "weighted_sum", Where: defaultWhere()}
	if err := rule.Decode(name, params, &p); err != nil {
		return nil, err
	}
	most := 1.0
	switch p.ScoringMode {
	case "weighted_sum":
		most = 1.1
	case "pass_fail", "partial":
	default:
		return nil, fmt.Errorf("reward %s: scoring_mode %q is unknown; use pass_fail, partial or weighted_sum", name, p.ScoringMode)
	}
	r, err := newReward(name, p, p.Where, scoreNoCode, most)
	if err != nil {
		return nil, err
	}
	c := &cf{contestReward: r, p: p}
	if p.PatchCode {
		c.patches = pythonReplacements()
	}
	folder := p.TestsFolder
	if folder == "" {
		folder = os.Getenv("CF_TESTS_FOLDER")
	}
	if folder != "" && !p.OfficialOnly {
		c.generated = newCFTests(folder)
	}
	r.one, r.ready = c.score, c.folder
	return r, nil
}

// noFolder says what to do about tests that cannot be found.
const noFolder = "open-r1's generated tests are nowhere named: set tests_folder (or the variable CF_TESTS_FOLDER) to the folder of test_cases_*.parquet, or official_only = true to do without"

// folder says whether the generated tests are there.
func (c *cf) folder() error {
	switch {
	case c.p.OfficialOnly:
		return nil
	case c.generated == nil:
		return fmt.Errorf("%s", noFolder)
	}
	return isFolder(c.generated.folder)
}

// score judges one completion.
func (c *cf) score(ctx context.Context, s *rewards.Sample) rewards.Result {
	row := row(rule.Columns(*s))
	language, ok := str(row["language"])
	if !ok || language != "python" && language != "cpp" {
		return skipped("cf.language", fmt.Sprintf("the column language holds %.40s; cf_code_reward knows python and cpp", orNothing(row["language"])))
	}
	tests, why, err := c.tests(row)
	switch {
	case err != nil:
		return rewards.Result{Status: rewards.Error, Reason: "code.bad_tests", Why: err.Error()}
	case why != "":
		return skipped("code.no_tests", why)
	}
	from, to := code.LastBlock(s.Completion, language)
	program := s.Completion[from:to]
	if c.p.PatchCode {
		program = patchCode(program, language, c.patches)
	}
	if program == "" {
		return rewards.Result{Score: scoreNoCode, Reason: "code.no_code", Why: fmt.Sprintf("the completion has no closed block ```%s with something in it", language)}
	}
	result := c.run(ctx, row, tests, program, language)
	result.Spans = []rewards.Span{{From: from, To: to, Label: "program"}}
	return result
}

func orNothing(raw json.RawMessage) string {
	if raw == nil {
		return "nothing"
	}
	return string(raw)
}

// tests are the official and the generated ones; why says that the published
// function finds none.
func (c *cf) tests(row row) (tests []json.RawMessage, why string, err error) {
	tests, ok := list(row["official_tests"])
	if !ok {
		return nil, "the row has no list in the column official_tests", nil
	}
	if !c.p.OfficialOnly {
		if c.generated == nil {
			return nil, noFolder, nil
		}
		id, ok := str(row["id"])
		if !ok {
			return nil, "the column id holds no text as 1234/A, which names the generated tests", nil
		}
		contest, _, _ := strings.Cut(id, "/")
		number, ok := pytext.Int(contest)
		if !ok {
			return nil, fmt.Sprintf("the column id holds %.40q, which names no contest as 1234/A does", id), nil
		}
		more, err := c.generated.of(number, id)
		if err != nil {
			return nil, "", err
		}
		tests = append(tests[:len(tests):len(tests)], more...)
	}
	if len(tests) == 0 {
		return nil, "the row has no test", nil
	}
	return tests, "", nil
}

// run runs the program against the tests, batch by batch.
func (c *cf) run(ctx context.Context, row row, tests []json.RawMessage, program, language string) rewards.Result {
	size := c.p.TestBatchSize
	if size < 1 {
		size = len(tests)
	}
	var verdicts []string
	passed, refused := 0, ""
	for at := 0; at < len(tests); at += size {
		batch := tests[at:min(len(tests), at+size)]
		jobs := make([]piston.Job, len(batch))
		for i, raw := range batch {
			job, wrong, err := c.job(row, raw, program, language)
			if err != nil {
				return rewards.Result{Status: rewards.Error, Reason: "code.bad_tests", Why: fmt.Sprintf("test %d: %v", at+i+1, err)}
			}
			if wrong == noTest {
				return skipped("code.no_tests", fmt.Sprintf("test %d is no object with input and output", at+i+1))
			}
			if refused == "" {
				refused = wrong
			}
			jobs[i] = job
		}
		outcomes := make([]outcome, len(batch))
		if refused == "" { // a row that lacks a column fails each test
			if err := all(len(jobs), func(i int) (err error) { outcomes[i], err = c.test(ctx, jobs[i]); return err }); err != nil {
				return c.failed(err)
			}
		}
		failures := 0
		for _, o := range outcomes {
			if o.uncompiled {
				return rewards.Result{Score: scoreNoCompile, Reason: "code.compile_error", Why: "the program does not compile: " + code.FirstError([]byte(o.said))}
			}
			if o.passed {
				passed++
				verdicts = append(verdicts, "accepted")
				continue
			}
			failures++
			if refused != "" {
				o.verdict = "bad_row"
			}
			verdicts = append(verdicts, o.verdict)
		}
		if c.p.ScoringMode == "pass_fail" && failures > 0 {
			break
		}
	}
	return c.result(passed, len(tests), verdicts, refused, language)
}

// result scores what the tests said.
func (c *cf) result(passed, total int, verdicts []string, refused, language string) rewards.Result {
	share := float64(passed) / float64(total)
	whole := 0.0
	if passed == total {
		whole = 1
	}
	r := rewards.Result{Reason: "code.accepted", Why: fmt.Sprintf("all %d tests pass", total), Facts: caseFacts(verdicts)}
	r.Facts["passed"], r.Facts["total"], r.Facts["language"], r.Facts["provider"] = passed, total, language, c.where.ProviderType
	switch c.p.ScoringMode {
	case "pass_fail":
		r.Score = whole
	case "partial":
		r.Score = share
	default:
		r.Score = whole + float64(0.1*share) // rounded before the sum, as in Python
	}
	if passed < total {
		first := ""
		for i, v := range verdicts {
			if v != "accepted" {
				r.Reason, first = "code."+v, fmt.Sprintf("; test %d: %s", i+1, strings.ReplaceAll(v, "_", " "))
				break
			}
		}
		r.Why = fmt.Sprintf("%d of %d tests pass%s", passed, total, first)
		if refused != "" {
			r.Why = refused + ", so that no test counts as passed"
		}
		if n := total - len(verdicts); n > 0 {
			r.Why += fmt.Sprintf("; %d were not run", n)
		}
	}
	return r
}

// noTest says that a test lacks its input or output.
const noTest = "no test"

// job is what one test asks for. wrong says what of the row makes the
// published function count the test as failed.
func (c *cf) job(row row, raw json.RawMessage, program, language string) (job piston.Job, wrong string, err error) {
	var test map[string]json.RawMessage
	if json.Unmarshal(raw, &test) != nil || test["input"] == nil || test["output"] == nil {
		return job, noTest, nil
	}
	input, inputOK := str(test["input"])
	output, outputOK := str(test["output"])
	if !inputOK || !outputOK {
		return job, "", fmt.Errorf("input and output have to be texts; they are %.40s and %.40s", test["input"], test["output"])
	}
	for _, column := range []string{"generated_checker", "time_limit", "memory_limit", "input_mode"} {
		if row[column] == nil {
			return job, "the row has no column " + column, nil
		}
	}
	job = piston.Job{Language: piston.CPP17, Files: []piston.File{{Name: "main." + language, Content: program}}}
	if language == "python" {
		job.Language = piston.Python
	}
	if truthy(row["generated_checker"]) {
		checker, ok := str(row["generated_checker"])
		if !ok {
			return job, "the column generated_checker holds no text", nil
		}
		job.Files = append(job.Files, piston.File{Name: "checker.py", Content: checker})
	}
	limit, ok := number(row["time_limit"])
	if !ok {
		return job, fmt.Sprintf("the column time_limit holds %.40s, not seconds", row["time_limit"]), nil
	}
	job.RunTimeout = (limit + 10) * 1000
	job.Files = append(job.Files, piston.File{Name: "input.txt", Content: input}, piston.File{Name: "correct_output.txt", Content: output},
		piston.File{Name: "grader_config", Content: "TIME_LIMIT=" + formatted(row["time_limit"]) + "\nMEMORY_LIMIT=" + formatted(row["memory_limit"]) + "\nINPUT_MODE=" + formatted(row["input_mode"])})
	return job, "", nil
}

// outcome is what became of a test.
type outcome struct {
	passed     bool
	uncompiled bool
	verdict    string // where it is not passed
	said       string
}

// test runs one test.
func (c *cf) test(ctx context.Context, job piston.Job) (outcome, error) {
	a, err := c.provider.Execute(ctx, job)
	if err != nil {
		return outcome{}, err
	}
	if a.Compile == nil {
		return outcome{}, fmt.Errorf("the answer for %s has no stage of compiling (%.100q); is open-r1's package codeforces installed on the server?", job.Language, a.Message)
	}
	o := outcome{uncompiled: !a.Compile.OK(), said: stderrOf(a)}
	if o.uncompiled {
		o.said = a.Compile.Stderr
		return o, nil
	}
	if a.Run == nil {
		return outcome{}, fmt.Errorf("the answer for %s has no run", job.Language)
	}
	o.passed = a.Run.OK() && pytext.Strip(a.Run.Stdout) == "1"
	o.verdict = verdictOf(a.Run.Stderr)
	return o, nil
}
