package alarm

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"gradus/store"
)

// good is a step in which everything is as it should be.
func good(step int) Step {
	return Step{Step: step, Groups: 8, Completions: 64, ZeroSpread: 0.25, Clipped: 0.1, Limit: 32,
		Reward: 0.5, Entropy: 1, FormatBest: 1, FormatName: "gradus.format", Judged: 128}
}

// run feeds n steps, changed by change, and returns the codes raised by step.
func run(w *Watch, from, n int, change func(*Step)) map[int][]string {
	codes := map[int][]string{}
	for i := from; i < from+n; i++ {
		s := good(i)
		if change != nil {
			change(&s)
		}
		for _, a := range w.Observe(s) {
			codes[i] = append(codes[i], a.Code)
		}
	}
	return codes
}

func TestAlarmsOncePerEpisode(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Step)
		code   string
		first  int // step of the alarm when the trouble begins at step 11
	}{
		{"no spread in three steps", func(s *Step) { s.ZeroSpread = 1 }, ZeroSpread, 13},
		{"all cut", func(s *Step) { s.Clipped = 0.95 }, Clipped, 11},
		{"no format in ten steps", func(s *Step) { s.FormatBest = 0 }, FormatZero, 20},
		// 1000 judgements are the last eight steps of 128: 4 x 16 of 1024 are 6.25 %.
		{"an eighth of the rewards fail", func(s *Step) { s.Failed = 16 }, RewardErrors, 14},
		// Five steps make the average: it is under a tenth when all five are low.
		{"ratio not 1", func(s *Step) { s.RatioOff = 1e-7 }, Ratio, 11},
		{"entropy gone, reward not", func(s *Step) { s.Entropy = 0.01; s.Reward = 0.4 }, Entropy, 15},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w Watch
			if got := run(&w, 1, 10, nil); len(got) != 0 {
				t.Fatalf("healthy steps raised %v", got)
			}
			want := map[int][]string{tt.first: {tt.code}}
			if got := run(&w, 11, 20, tt.change); !reflect.DeepEqual(got, want) {
				t.Fatalf("trouble from step 11 raised %v, want %v", got, want)
			}
			if got := run(&w, 31, 20, nil); len(got) != 0 {
				t.Fatalf("recovery raised %v", got)
			}
			if got := run(&w, 51, 20, tt.change); len(got) != 1 {
				t.Fatalf("a second episode raised %v, want one alarm", got)
			}
		})
	}
}

func TestHealthyChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Step)
	}{
		{"most groups without spread", func(s *Step) { s.ZeroSpread = 0.99 }},
		{"exactly nine tenths cut", func(s *Step) { s.Clipped = 0.9 }},
		{"no format reward in the recipe", func(s *Step) { s.FormatBest = math.NaN() }},
		{"entropy gone because the task is solved", func(s *Step) { s.Entropy = 0.01; s.Reward = 1 }},
		{"five in a hundred rewards fail", func(s *Step) { s.Judged = 100; s.Failed = 5 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w Watch
			run(&w, 1, 10, nil)
			if got := run(&w, 11, 30, tt.change); len(got) != 0 {
				t.Errorf("raised %v", got)
			}
		})
	}
}

// A watch that went through a checkpoint must go on as if it had not.
func TestWatchSurvivesACheckpoint(t *testing.T) {
	trouble := func(s *Step) {
		s.ZeroSpread, s.Clipped, s.FormatBest, s.Failed = 1, 0.95, 0, 20
		s.Entropy, s.Reward = 0.01, 0.1
	}
	for cut := 1; cut < 30; cut++ {
		var whole, first, second Watch
		run(&whole, 1, 10, nil)
		want := run(&whole, 11, 20, trouble)

		got := map[int][]string{}
		step := func(w *Watch, i int) {
			change := trouble
			if i <= 10 {
				change = nil
			}
			for k, v := range run(w, i, 1, change) {
				got[k] = v
			}
		}
		for i := 1; i <= cut; i++ {
			step(&first, i)
		}
		b, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &second); err != nil {
			t.Fatal(err)
		}
		for i := cut + 1; i <= 30; i++ {
			step(&second, i)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("cut after step %d: raised %v, want %v", cut, got, want)
		}
	}
}

func flight() Preflight {
	return Preflight{
		Step: 1, Vocab: 32, Tokens: 640, LogP: -1.5, Entropy: 1.4, HasReference: true,
		Rewards:     []RewardSpread{{Name: "gradus.accuracy", Scored: 64, Groups: 8, SpreadGroups: 3, Max: 1}},
		Completions: 64, Clipped: 4, Limit: 20, LongestPrompt: 12, PromptLimit: 16, Positions: 36, Prompts: 8,
	}
}

func TestPreflight(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Preflight)
		fails  string // code, "" when all pass
		hard   bool
		says   string
	}{
		{"all well", func(*Preflight) {}, "", false, ""},
		{"ratio off by one unit in the last place", func(p *Preflight) { p.LogPDiffMax = 1.2e-7 }, "preflight.ratio", true, "1.2e-07"},
		{"reference is another model", func(p *Preflight) { p.RefDiffMax = 0.5 }, "preflight.kl", true, "0.5"},
		{"no reference", func(p *Preflight) { p.HasReference = false; p.RefDiffMax = 0.5 }, "", false, ""},
		{"NaN weights", func(p *Preflight) { p.NonFinite = 3 }, "preflight.finite", true, "3 of 640"},
		{"uniform policy", func(p *Preflight) { p.Entropy = math.Log(32) }, "preflight.entropy", false, "cold start"},
		{"sure policy", func(p *Preflight) { p.Entropy = 0.001 }, "preflight.entropy", false, "temperature"},
		{"log-prob below a uniform guess", func(p *Preflight) { p.LogP = -5 }, "preflight.logprob", false, "-5.000"},
		{"a reward without spread", func(p *Preflight) { p.Rewards[0].SpreadGroups = 0; p.Rewards[0].Max = 0 }, "preflight.reward.gradus.accuracy", false, "gave 0 to all"},
		{"a reward that every completion has", func(p *Preflight) { r := &p.Rewards[0]; r.SpreadGroups, r.Min, r.Max = 0, 1, 1 }, "", false, ""},
		{"a reward that never scores", func(p *Preflight) { p.Rewards[0] = RewardSpread{Name: "gradus.accuracy"} }, "preflight.reward.gradus.accuracy", false, "none of the 64"},
		{"all cut", func(p *Preflight) { p.Clipped = 64 }, "preflight.length", false, "64 of 64"},
		{"prompt does not fit", func(p *Preflight) { p.LongestPrompt = 17 }, "preflight.prompt", true, "17 tokens"},
		{"unknown bytes", func(p *Preflight) { p.UnknownBytes = 2 }, "preflight.tokenizer", false, "2 of 8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := flight()
			tt.change(&p)
			alerts, hard := p.Check()
			var failed []store.Alert
			for _, a := range alerts {
				if !a.Passed {
					failed = append(failed, a)
				}
				if a.Passed != (a.Level == "info") {
					t.Errorf("%s: passed %v at level %s", a.Code, a.Passed, a.Level)
				}
			}
			if tt.fails == "" {
				if len(failed) != 0 || hard != nil {
					t.Fatalf("failed %v", failed)
				}
				return
			}
			if len(failed) != 1 || failed[0].Code != tt.fails || !strings.Contains(failed[0].Message, tt.says) {
				t.Fatalf("failed %+v, want %s saying %q", failed, tt.fails, tt.says)
			}
			if (hard != nil) != tt.hard {
				t.Errorf("hard = %v, want %v", hard, tt.hard)
			}
		})
	}
}

func TestRewardUpAccuracyDown(t *testing.T) {
	steps := func(w *Watch, from int, reward float64) {
		run(w, from, 10, func(s *Step) { s.Reward = reward })
	}
	held := func(step int, acc, half float64) Held {
		return Held{Step: step, Accuracy: acc, Low: acc - half, High: acc + half}
	}
	tests := []struct {
		name   string
		reward float64 // later, from 0.5
		after  Held    // from 0.6 +- 0.05
		alarms int
	}{
		{"reward up, accuracy down", 0.9, held(20, 0.4, 0.05), 1},
		{"both down", 0.4, held(20, 0.4, 0.05), 0},
		{"within the noise", 0.9, held(20, 0.52, 0.05), 0},
		{"both up", 0.9, held(20, 0.8, 0.05), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w Watch
			steps(&w, 1, 0.5)
			if a := w.ObserveHeldOut(held(10, 0.6, 0.05)); len(a) != 0 {
				t.Fatalf("the first evaluation raised %v", a)
			}
			steps(&w, 11, tt.reward)
			if a := w.ObserveHeldOut(tt.after); len(a) != tt.alarms || tt.alarms == 1 && a[0].Code != EvalDrop {
				t.Fatalf("raised %v, want %d", a, tt.alarms)
			}
			if a := w.ObserveHeldOut(tt.after); len(a) != 0 {
				t.Errorf("the same again raised %v", a)
			}
		})
	}
}

// TestNothingScored: where no reward gave a number, that is said, not that all
// rewards were 0.
func TestNothingScored(t *testing.T) {
	for unscorable, want := range map[int]string{63: "earned the same reward", 64: "no reward scored any completion"} {
		var w Watch
		var got []store.Alert
		for i := 1; i <= zeroSpreadSteps; i++ {
			s := good(i)
			s.ZeroSpread, s.Unscorable = 1, unscorable
			got = append(got, w.Observe(s)...)
		}
		if len(got) != 1 || got[0].Code != ZeroSpread || !strings.Contains(got[0].Message, want) {
			t.Errorf("%d of 64 unscorable: %+v, want %q", unscorable, got, want)
		}
	}
}
