package tui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source/sourcetest"
)

// attacks are texts that harm a screen that passes them on.
func attacks() map[string]string {
	return map[string]string{
		"clipboard":    "a\x1b]52;c;cm0gLXJmIH4=\x07b",
		"clear":        "a\x1b[2J\x1b[Hb",
		"leave-screen": "a\x1b[?1049l\x1b[?2004lb",
		"return":       "secret\rB",
		"open-osc":     "a\x1b]52;c;AAAA",
		"open-dcs":     "a\x1bPq#0",
		"c1":           "a\u009b2J\x9b2Jb",
		"conceal":      "a\x1b[8mhidden\x1b]8;;http://evil\x07link\x1b]8;;\x07b",
		"bidi":         "a\u202etxt.exe\u202c \u2066x\u2069",
		"invalid":      "a\xff\xfe\xe6b",
		"marks":        "o" + strings.Repeat("\u0301", 40),
		"mark-first":   "\u0301\u0301abc",
		"prepend-last": "abc\u0600",
		"zero-width":   "a\u200b\u200d\ufeff\u00adb",
		"tags":         "a\U000e0041\U000e0042b",
		"lines":        "a\n\n\nb\tc",
		"wide":         "日本語日本語日本語日本語日本語日本語日本語日本語日本語",
		"emoji":        "👩\u200d👩\u200d👧 👍🏽 ✔\ufe0f 🇩🇪",
	}
}

// poison is a run whose every foreign field holds text.
func poison(t *testing.T, s string) *sourcetest.World {
	w := sourcetest.From(t, &made)
	spec := storetest.Spec{Seed: 1, ID: liveRun, Name: "x" + s, Steps: 8, EvalPrompts: 4, CheckpointEvery: 4, Final: store.StateRunning}
	yes := true
	row := store.Sample{Finish: "stop", Correct: &yes, Claim: s, Reward: 1, TokenIDs: []int32{65, 27, 91}, LogProbs: []float32{-1, -2, -3}}
	row.SetText(s + "</think>" + s)
	for _, status := range []string{"ok", s} {
		row.Rewards = append(row.Rewards, store.RewardPart{Name: s, Version: s, Status: status, Score: 1, Weight: 1, Value: 1, Reason: s, Why: s,
			Spans: []store.Span{{From: 0, To: 3, Label: s}, {From: 2, To: 1000, Label: "x"}}, Facts: json.RawMessage(`{"a":1}`)})
	}
	batch := store.Samples{Stage: s, Step: 9, Phase: "train", Prompts: []store.Prompt{{Hash: fmt.Sprintf("%032x", 1), Task: s, Ref: s, Text: s + "\n" + s, Gold: s}}, Rows: []store.Sample{row, row}}
	recs := slices.Concat(storetest.Records(spec)...)
	for _, b := range []struct {
		kind store.Kind
		body any
	}{
		{store.KindSamples, batch},
		{store.KindMetrics, store.Metrics{Stage: s, Step: 9, Values: map[string]float64{s: 1, "reward": 0.5}}},
		{store.KindAlert, store.Alert{Step: 9, Level: s, Code: s, Message: s}},
		{store.KindState, store.StateChange{State: store.StateRunning, Stage: s, Step: 9, Reason: s}},
		{store.KindCheckpoint, store.Checkpoint{Step: 9, Stage: s, Path: s}},
	} {
		r, err := store.NewRecord(b.kind, 1, now.UnixMicro(), b.body)
		if err != nil {
			t.Fatal(err)
		}
		recs = append(recs, r)
	}
	w.AddRecords(liveRun, client.Alive, recs...)
	return w
}

// Whatever a model, a recipe or a host wrote: the terminal shows exactly what
// the program drew (Screen checks that), every line keeps its width and its
// borders, and no sequence of theirs reaches the terminal.
func TestHostileTextStaysInItsCell(t *testing.T) {
	t.Parallel()
	places := []struct {
		name string
		keys []string
	}{
		{"runs", nil}, {"live", []string{"enter"}}, {"live-stop", []string{"enter", "X"}}, {"numbers", []string{"enter", "shift+tab", "z"}},
		{"traces", []string{"t"}}, {"trace", []string{"t", "enter"}}, {"prompt", []string{"t", "enter", "o"}}, {"tokens", []string{"t", "enter", "m"}},
		{"raw", []string{"t", "enter", "m", "m"}}, {"compare", []string{"c"}},
	}
	for name, attack := range attacks() {
		if underRace && !strings.Contains("open-osc marks emoji invalid", name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := poison(t, attack).Source()
			for _, wc := range []bool{false, true} {
				if wc && (name == "emoji") {
					continue // characters whose width terminals disagree on: the emulator only knows clusters
				}
				w, h := 141, 40
				if wc {
					w, h = 80, 24
				}
				d := start(t, src, setup{w: w, h: h, wcwidth: wc})
				for i, p := range places {
					if wc && i%3 != 2 {
						continue // all places were seen above
					}
					d.Press(p.keys...)
					s := d.Screen()
					wellFormed(t, d, w, h)
					borders(t, s)
					d.Press("esc", "1")
				}
				d.Resize(20, 5)
				wellFormed(t, d, 20, 5)
				ownSequencesOnly(t, string(d.Output()))
			}
		})
	}
}

// borders checks that each line that begins with a border ends with one.
func borders(t *testing.T, screen string) {
	t.Helper()
	for _, l := range strings.Split(screen, "\n") {
		if l == "" {
			continue
		}
		r := []rune(l)
		if strings.ContainsRune("┃│┏┌┗└", r[0]) && !strings.ContainsRune("┃│┓┐┛┘", r[len(r)-1]) {
			t.Errorf("the border is broken: %q", l)
		}
	}
}

// ownSequencesOnly checks the bytes for sequences that the program never sends.
func ownSequencesOnly(t *testing.T, out string) {
	t.Helper()
	for _, bad := range []string{"\x1b]52", "\x1b]8;", "\x1bP", "\x1b[8m", "\u202e", "\u009b", "\x9b2J", "\u200b"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q reached the terminal", bad)
		}
	}
}
