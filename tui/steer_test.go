package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source/sourcetest"
	"gradus/tui/tuitest"
)

// foot is the last line of the screen.
func foot(d *tuitest.Driver) string {
	lines := strings.Split(d.Screen(), "\n")
	return lines[len(lines)-1]
}

func asked(t *testing.T, w *sourcetest.World, want ...string) {
	t.Helper()
	if strings.Join(w.Asked, "|") != strings.Join(want, "|") {
		t.Errorf("asked %q, want %q", w.Asked, want)
	}
}

func TestStopNeedsY(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{runID: liveRun})
	for _, no := range []string{"enter", "X"} { // neither yes nor no
		d.Press("X")
		d.Press(no)
		if !strings.Contains(d.Screen(), "Stop countdown-grpo-7 after this step?") {
			t.Errorf("%s closed the question", no)
		}
		d.Press("esc")
	}
	for _, no := range []string{"n", "q", "esc", "j", "Y"} {
		d.Press("X", no)
		if strings.Contains(d.Screen(), "after this step?") {
			t.Errorf("%s left the question open", no)
		}
	}
	asked(t, w)
	d.Press("X", "y")
	asked(t, w, "stop "+liveRun+" ")
	if got := foot(d); !strings.Contains(got, "stop applied at step 12") {
		t.Errorf("foot %q", got)
	}
}

func TestReasonGoesWithTheRequest(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{runID: liveRun})
	d.Press("P", "r")
	d.Type("look first") // y and q are letters here
	d.Press("enter")
	asked(t, w)
	d.Press("y")
	asked(t, w, "pause "+liveRun+" look first")
}

func TestPauseFollowsTheState(t *testing.T) {
	t.Parallel()
	w := world(t)
	paused := w.Add(storetest.Spec{Seed: 8, Name: "waiting", Final: store.StateRunning}, 11, client.Alive) // group 11 is the pause
	src := w.Source()
	for _, tt := range []struct {
		name, run, key, want string
	}{
		{"running", liveRun, "P", "Pause countdown-grpo-7"},
		{"paused", paused, "P", "Let waiting go on?"},
		{"failed", deadRun, "P", "Take countdown-6 up again from its last checkpoint?"},
		{"stop failed", deadRun, "X", "there is nothing to stop"},
		{"done", doneRun, "P", "it has ended"},
		{"stop done", doneRun, "X", "it has ended"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := start(t, src, setup{runID: tt.run})
			d.Press(tt.key)
			if !strings.Contains(d.Screen(), tt.want) {
				t.Errorf("no %q in\n%s", tt.want, d.Screen())
			}
		})
	}
	d := start(t, src, setup{runID: deadRun})
	d.Press("P", "y")
	asked(t, w, "new attempt "+deadRun)
}

// After a generation the checkpoints are listed anew: one that was removed
// meanwhile is gone, and is no longer proposed.
func TestCheckpointsAreListedAnewAfterGenerating(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.Lacks[liveRun+"@10"], w.Lacks[liveRun+"@30"] = true, true
	w.Refuse = errors.New("no such folder")
	d := start(t, w.Source(), setup{})
	d.Press("c")
	d.Press("j", "a")
	if s := d.Screen(); !strings.Contains(s, "A, the baseline  countdown-grpo-7@10 ") {
		t.Fatalf("10 is not A:\n%s", s)
	}
	w.Removed = map[string]bool{"ckpt/step-000010": true}
	d.Press("enter")
	d.Advance(time.Second)
	d.Press("y")
	d.Advance(time.Second)
	if s := d.Screen(); !strings.Contains(s, "no such folder") || strings.Contains(s, "   10  grpo") || !strings.Contains(s, "A, the baseline  countdown-grpo-7@0 ") {
		t.Errorf("what was removed is still offered:\n%s", s)
	}
}

// The foot names what P does to the run that is selected, and leaves out what
// would only be refused.
func TestFootSaysWhatCanBeAsked(t *testing.T) {
	t.Parallel()
	w := world(t)
	paused := w.Add(storetest.Spec{Seed: 8, Name: "waiting", Final: store.StateRunning}, 11, client.Alive)
	w.Add(storetest.Spec{Seed: 9, Name: "far", Final: store.StateRunning}, 20, client.Unknown)
	src := w.Source()
	for id, want := range map[string]string{liveRun: "P pause X stop", paused: "P resume X stop", deadRun: "P resume", doneRun: "", "01JHM000000000000000000009": ""} {
		got := strings.Fields(foot(start(t, src, setup{runID: id})))
		var said []string
		for i, word := range got {
			if word == "P" || word == "X" {
				said = append(said, word, got[i+1])
			}
		}
		if strings.Join(said, " ") != want {
			t.Errorf("run %s: foot %q, want %q in it", id, strings.Join(got, " "), want)
		}
	}
}

func TestRefusalIsShownAndKept(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.Refuse = errors.New("run is busy: \x1b[2J try later")
	d := start(t, w.Source(), setup{runID: liveRun})
	d.Press("P", "y")
	if got := foot(d); !strings.Contains(got, "failed: countdown-grpo-7: run is busy: ␛[2J try later") {
		t.Errorf("foot %q", got)
	}
	d.Press("?", "G") // gone from the foot, but not for good
	if !strings.Contains(d.Screen(), "run is busy") {
		t.Errorf("the help does not list what was said:\n%s", d.Screen())
	}
}

func TestReadOnlyHasNoActions(t *testing.T) {
	t.Parallel()
	w := world(t)
	d := start(t, w.Source(), setup{runID: liveRun, readOnly: true})
	before := d.Screen()
	d.Press("P", "y", "X", "y")
	if d.Screen() != before {
		t.Error("P or X did something")
	}
	asked(t, w)
	d.Press("?", "G")
	if s := d.Screen(); strings.Contains(s, "pause the run") || !strings.Contains(s, "read-only") {
		t.Errorf("help of a read-only workbench:\n%s", s)
	}
}

func TestRunElsewhereCannotBeSteered(t *testing.T) {
	t.Parallel()
	w := sourcetest.From(t, &made)
	w.Add(storetest.Spec{Seed: 9, Name: "far", Final: store.StateRunning}, 20, client.Unknown)
	d := start(t, w.Source(), setup{})
	d.Press("X")
	if got := foot(d); !strings.Contains(got, "belongs to another machine") {
		t.Errorf("foot %q", got)
	}
	asked(t, w)
}

func TestLeavingAsksNothing(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"q", "ctrl+c"} {
		w := world(t)
		d := start(t, w.Source(), setup{runID: liveRun})
		if key == "ctrl+c" {
			d.Press("3", "/") // even out of a text field
		}
		d.Leave(key)
		if err := d.Done(); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		asked(t, w)
	}
}

func TestCompareGeneratesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.Lacks[doneRun+"@40"] = true
	d := start(t, w.Source(), setup{})
	w.Working = d.Sleep(time.Second)
	d.Press("G", "c", "enter")
	if !strings.Contains(d.Screen(), "countdown-5@40 has no held-out samples yet. Generate and store them now?") {
		t.Fatalf("no offer:\n%s", d.Screen())
	}
	d.Press("y") // too early: the question opened by itself
	if !strings.Contains(d.Screen(), "Generate and store them now?") {
		t.Fatal("a key that was meant for something else answered")
	}
	d.Advance(time.Second)
	d.Press("y")
	d.Advance(1500 * time.Millisecond)
	if s := d.Screen(); !strings.Contains(s, "8/16") || !strings.Contains(s, "since 1s") && !strings.Contains(s, "since 2s") {
		t.Errorf("no progress:\n%s", s)
	}
	d.Advance(5 * time.Second)
	if !strings.Contains(d.Screen(), "now right 12") {
		t.Errorf("no result:\n%s", d.Screen())
	}
}

func TestCompareOfferCanBeDeclined(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.Lacks[doneRun+"@40"] = true
	d := start(t, w.Source(), setup{})
	d.Press("G", "c", "enter")
	d.Advance(2 * time.Second)
	d.Press("esc")
	if s := d.Screen(); strings.Contains(s, "Generate") || !strings.Contains(s, "compare two checkpoints") {
		t.Errorf("not back at the choice:\n%s", s)
	}
	ro := start(t, w.Source(), setup{readOnly: true})
	ro.Press("G", "c", "enter")
	if got := foot(ro); !strings.Contains(got, "read-only") {
		t.Errorf("foot %q", got)
	}
}

func TestEscapeGoesOneLayerBack(t *testing.T) {
	t.Parallel()
	d := start(t, world(t).Source(), setup{})
	for _, step := range []struct{ key, want string }{
		{"enter", "[2 Live]"}, {"z", "[2 Live]"}, {"esc", "newest traces"}, {"t", "[3 Traces]"}, {"enter", "PROMPT"},
		{"esc", "newest first"}, {"esc", "[1 Runs]"}, {"esc", "[1 Runs]"}, {"2", "[2 Live]"}, {"1", "[1 Runs]"},
	} {
		d.Press(step.key)
		if !strings.Contains(d.Screen(), step.want) {
			t.Fatalf("after %s: no %q in\n%s", step.key, step.want, d.Screen())
		}
	}
}

func TestFilterStaysWhenOneComesBack(t *testing.T) {
	t.Parallel()
	d := start(t, world(t).Source(), setup{})
	d.Press("t", "/")
	d.Type("reward>1")
	d.Press("enter", "j", "j", "enter", "esc")
	s := d.Screen()
	if !strings.Contains(s, "/ reward>1") || !strings.Contains(s, "3 of ") {
		t.Errorf("filter or place is lost:\n%s", s)
	}
	d.Press("1", "3")
	if !strings.Contains(d.Screen(), "/ reward>1") {
		t.Error("filter is lost after leaving the tab")
	}
	d.Press("/", "ctrl+u")
	d.Type("x")
	d.Press("esc") // leaves the filter as it was
	if !strings.Contains(d.Screen(), "/ reward>1") {
		t.Errorf("escape changed the filter:\n%s", d.Screen())
	}
}

func TestNeighboursOfATrace(t *testing.T) {
	t.Parallel()
	d := start(t, world(t).Source(), setup{})
	d.Press("t", "j", "j", "enter") // the third newest: step 37, sample 2 of prompt 1
	for _, step := range []struct{ key, want string }{
		{"(", "sample 1/4"}, {"(", "this prompt has 4 samples"}, {")", "sample 2/4"}, {"]", "sample 1/4"}, {"]", "prompt #0  sample 4/4"},
		{"[", "prompt #1  sample 1/4"}, {"[", "sample 2/4"}, {"[", "sample 3/4"}, {"[", "sample 4/4"}, {"[", "last one on this side"},
	} {
		d.Press(step.key)
		if !strings.Contains(d.Screen(), step.want) {
			t.Fatalf("after %s: no %q in\n%s", step.key, step.want, d.Screen())
		}
	}
}

func TestCopyTakesTheRawText(t *testing.T) {
	t.Parallel()
	d := start(t, world(t).Source(), setup{})
	d.Press("G", "t", "/")
	d.Type("step:5 group:0")
	d.Press("enter", "G", "enter", "y")
	out := string(d.Output())
	if got := foot(d); !strings.Contains(got, "copied 57 B of raw text; in it: 1 control sequence, 3 invalid bytes") {
		t.Errorf("foot %q", got)
	}
	if n := strings.Count(out, "\x1b]52;"); n != 1 {
		t.Errorf("%d clipboard sequences, want the one that was asked for", n)
	}
}

func TestEvaluationsAreListedWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := world(t)
	var recs []store.Record
	for _, b := range []struct {
		kind store.Kind
		body any
	}{{store.KindRun, store.RunHeader{ID: "01JHN000000000000000000001", Name: "of-5", Purpose: "eval", Parent: doneRun + "@20"}},
		{store.KindState, store.StateChange{State: store.StateDone, Stage: "eval"}}} {
		r, err := store.NewRecord(b.kind, 1, now.UnixMicro(), b.body)
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, r)
	}
	w.AddRecords("01JHN000000000000000000001", client.Gone, recs...)
	d := start(t, w.Source(), setup{})
	if s := d.Screen(); strings.Contains(s, "of-5") || !strings.Contains(s, "(1 hidden, /eval shows evaluations)") {
		t.Errorf("evaluations among the runs:\n%s", s)
	}
	d.Press("/")
	d.Type("eval")
	d.Press("enter")
	if !strings.Contains(d.Screen(), "of-5") {
		t.Errorf("not shown when asked for:\n%s", d.Screen())
	}
}
