package tui

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source/sourcetest"
	"gradus/tui/tuitest"
)

// metrics is the record of a step without samples.
func metrics(t testing.TB, step int) store.Record {
	x := float64(step)
	r, err := store.NewRecord(store.KindMetrics, 1, now.UnixMicro()+int64(step)*100_000, store.Metrics{Stage: "grpo", Step: step, Values: map[string]float64{
		"reward": 0.5 + 0.3*math.Sin(x/40), "kl": 0.03 + 0.01*math.Sin(x/7), "entropy": 1.4 + 0.2*math.Sin(x/9), "completions/mean_length": 140 + 10*math.Sin(x/5)}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// growing is a run of 2000 planned steps at step 300.
func growing(t testing.TB) (*sourcetest.World, string) {
	w := sourcetest.From(t, &made)
	id := w.Add(storetest.Spec{Seed: 2, Name: "grows", Steps: 2000, Groups: 1, Generations: 1, EvalPrompts: 1, Final: store.StateRunning}, 4, client.Alive)
	var recs []store.Record
	for step := 2; step <= 300; step++ {
		recs = append(recs, metrics(t, step))
	}
	w.Append(id, recs...)
	return w, id
}

// What a live update writes to the terminal: the curves' new dots and the
// numbers that changed. The budget is for slow lines.
func TestBytesOfALiveUpdate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		w, h, budget int
	}{{160, 45, 300}, {80, 24, 120}} {
		t.Run(fmt.Sprintf("%dx%d", tt.w, tt.h), func(t *testing.T) {
			w, id := growing(t)
			d := start(t, w.Source(), setup{w: tt.w, h: tt.h, runID: id})
			d.Advance(time.Second)
			updates := 60
			if underRace {
				updates = 20
			}
			before := d.Bytes()
			for i := range updates {
				w.Append(id, metrics(t, 301+i))
				d.Advance(100 * time.Millisecond)
				d.Screen()
			}
			per := (d.Bytes() - before) / updates
			t.Logf("%d bytes an update", per)
			if per > tt.budget {
				t.Errorf("%d bytes an update, budget %d", per, tt.budget)
			}
		})
	}
}

// long is a run with one trace of a megabyte.
func long(t testing.TB, text string) (*sourcetest.World, string) {
	w := sourcetest.From(t, &made)
	id := w.Add(storetest.Spec{Seed: 2, Name: "long", Final: store.StateRunning}, 4, client.Alive)
	row := store.Sample{Finish: "length"}
	row.SetText(text)
	r, err := store.NewRecord(store.KindSamples, 1, now.UnixMicro(), store.Samples{Stage: "grpo", Step: 5, Phase: "train",
		Prompts: []store.Prompt{{Hash: fmt.Sprintf("%032x", 5), Text: "p"}}, Rows: []store.Sample{row}})
	if err != nil {
		t.Fatal(err)
	}
	w.Append(id, r)
	return w, id
}

func TestBytesOfAScroll(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&lines, "%d. So (7-%d)*5-1 = %d, wait, let me check that again.\n", i, i%9, i*7%100)
	}
	for _, tt := range []struct{ w, h, line, page int }{{80, 24, 200, 2800}, {160, 45, 200, 5600}} {
		t.Run(fmt.Sprintf("%dx%d", tt.w, tt.h), func(t *testing.T) {
			w, id := long(t, lines.String())
			d := start(t, w.Source(), setup{w: tt.w, h: tt.h, runID: id})
			d.Press("t", "enter")
			cost := func(key string, n int) int {
				d.Press(key)
				before := d.Bytes()
				for range n {
					d.Press(key)
					d.Screen()
				}
				return (d.Bytes() - before) / n
			}
			line, page := cost("j", 20), cost("ctrl+d", 5)
			t.Logf("%d bytes a line, %d half a page", line, page)
			if line > tt.line || page > tt.page {
				t.Errorf("%d bytes a line (budget %d), %d half a page (budget %d)", line, tt.line, page, tt.page)
			}
		})
	}
}

// A degenerate trace, one line of a megabyte, opens and scrolls.
func TestMegabyteLineOpens(t *testing.T) {
	w, id := long(t, strings.Repeat("Wait, let me double check. ", 1<<20/27))
	d := start(t, w.Source(), setup{runID: id})
	began := time.Now()
	d.Press("t", "enter", "G")
	if !strings.Contains(d.Screen(), "cut at the length limit") {
		t.Errorf("not at its end:\n%s", d.Screen())
	}
	if took := time.Since(began); took > 10*time.Second { // the aim is 60 ms; a quadratic pager takes minutes
		t.Errorf("took %v", took)
	}
}

// BenchmarkView measures a frame of each screen, without the terminal.
func BenchmarkView(b *testing.B) {
	w := world(b)
	src := w.Source()
	for _, name := range []string{"runs", "live", "traces", "trace", "compare", "pair"} {
		for _, size := range [][2]int{{80, 24}, {160, 45}} {
			b.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(b *testing.B) {
				d := start(b, src, setup{w: size[0], h: size[1]})
				for _, tour := range tours() {
					if tour.name == name {
						tour.lead(d)
					}
				}
				app := d.Model().(*App)
				b.ReportAllocs()
				for b.Loop() {
					app.draw(size[0], size[1])
				}
			})
		}
	}
}

// BenchmarkKey measures a scroll by one line in a trace of a megabyte, with
// the frame that follows.
func BenchmarkKey(b *testing.B) {
	w, id := long(b, strings.Repeat("Wait, let me double check. ", 1<<20/27))
	d := start(b, w.Source(), setup{w: 160, h: 45, runID: id})
	d.Press("t", "enter")
	app := d.Model().(*App)
	key := tuitest.Key("j")
	for b.Loop() {
		app.Update(key)
		app.draw(160, 45)
	}
}
