package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gradus/store/eventlog"
)

// writer of trace texts: solutions of GSM8K where the data is there, else
// made-up words.
type textMaker struct {
	rng       *rand.Rand
	solutions []string
}

func newTextMaker(tb testing.TB) *textMaker {
	m := &textMaker{rng: rand.New(rand.NewPCG(1, 2))}
	data, err := os.ReadFile("../../shared/data/gsm8k_train.jsonl")
	if err != nil {
		tb.Log("no GSM8K data: the texts are made-up words, which compress worse")
		return m
	}
	for line := range strings.Lines(string(data)) {
		var row struct{ Solution string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			tb.Fatal(err)
		}
		m.solutions = append(m.solutions, row.Solution)
	}
	return m
}

// text is n bytes of reasoning-like text.
func (m *textMaker) text(n int) string {
	zipf := rand.NewZipf(m.rng, 1.2, 4, 5000)
	var b strings.Builder
	for b.Len() < n {
		switch {
		case len(m.solutions) > 0:
			// Numbers vary between completions of a model; so they do here.
			for _, c := range []byte(m.solutions[m.rng.IntN(len(m.solutions))]) {
				if c >= '1' && c <= '9' {
					c = '1' + byte(m.rng.IntN(9))
				}
				b.WriteByte(c)
			}
			b.WriteByte(' ')
		case m.rng.IntN(5) == 0:
			fmt.Fprintf(&b, "%d + %d = %d. ", m.rng.IntN(100), m.rng.IntN(100), m.rng.IntN(200))
		default:
			fmt.Fprintf(&b, "%s ", word(zipf.Uint64()))
		}
	}
	return strings.ToValidUTF8(b.String()[:n], "")
}

// word is a made-up word of rank r: frequent ones are short.
func word(r uint64) string {
	const syllables = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu"
	list := strings.Split(syllables, " ")
	s := list[r%uint64(len(list))]
	for r /= uint64(len(list)); r > 0; r /= uint64(len(list)) {
		s += list[r%uint64(len(list))]
	}
	return s
}

// benchLog writes batches samples records of rows completions of size bytes.
func benchLog(b testing.TB, dir string, batches, rows, size int, tokens bool) {
	b.Helper()
	m := newTextMaker(b)
	rng := m.rng
	log, err := OpenLog(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	for step := 1; step <= batches; step++ {
		s := Samples{Stage: "grpo", Step: step, Phase: "train"}
		for i := range rows {
			if i%8 == 0 {
				s.Prompts = append(s.Prompts, Prompt{Hash: fmt.Sprintf("%032x", step*1000+i), Task: "bench", Text: m.text(300), Gold: "42"})
			}
			right := i%3 == 0
			row := Sample{Prompt: len(s.Prompts) - 1, Group: i / 8, Index: i % 8, Text: m.text(size), Finish: "stop", Reward: float64(i % 2), Correct: &right,
				Rewards: []RewardPart{
					{Name: "accuracy", Version: "1", Status: "ok", Score: 1, Weight: 1, Value: 1, Reason: "accuracy.right", Why: "The equation gives the target.", Spans: []Span{{10, 20, "claim"}}},
					{Name: "format", Version: "1", Status: "ok", Score: 1, Weight: 0.1, Value: 0.1, Reason: "format.ok", Why: "One block each.", Spans: []Span{{0, 5, "think"}, {5, 10, "answer"}}},
				}}
			if tokens {
				for range size / 4 {
					row.TokenIDs = append(row.TokenIDs, int32(rng.IntN(500)))
					row.LogProbs = append(row.LogProbs, -rng.Float32())
					row.Entropies = append(row.Entropies, rng.Float32())
				}
			}
			s.Rows = append(s.Rows, row)
		}
		rec, err := NewRecord(KindSamples, 1, int64(step), s)
		if err != nil {
			b.Fatal(err)
		}
		if err := log.Append(rec); err != nil {
			b.Fatal(err)
		}
	}
}

func benchIngest(b *testing.B, size int, tokens bool) {
	dir := b.TempDir()
	const batches, rows = 50, 1000
	benchLog(b, dir, batches, rows, size, tokens)
	var foldTime, indexTime, foldCPU, indexCPU time.Duration
	var dbSize int64
	for b.Loop() {
		db := dir + "/run.db"
		if err := removeDB(db); err != nil {
			b.Fatal(err)
		}
		in, err := OpenIngester(context.Background(), dir, db, IngestOptions{})
		if err != nil {
			b.Fatal(err)
		}
		t0, c0 := time.Now(), cpuTime()
		if _, err := in.foldAll(context.Background()); err != nil {
			b.Fatal(err)
		}
		t1, c1 := time.Now(), cpuTime()
		if err := in.indexAll(context.Background()); err != nil {
			b.Fatal(err)
		}
		foldTime += t1.Sub(t0)
		indexTime += time.Since(t1)
		foldCPU += c1 - c0
		indexCPU += cpuTime() - c1
		in.Close()
		if info, err := os.Stat(db); err == nil {
			dbSize = info.Size()
		}
	}
	b.ReportMetric(float64(dbSize)/float64(batches*rows*size), "db/plain")
	n := float64(b.N * batches * rows)
	b.ReportMetric(n/foldTime.Seconds(), "rows/s")
	b.ReportMetric(n/indexTime.Seconds(), "indexed/s")
	b.ReportMetric(float64(foldCPU.Microseconds())/n, "cpu-µs/row")
	b.ReportMetric(float64(indexCPU.Microseconds())/n, "cpu-µs/indexed")
}

// cpuTime is the CPU time of this process, which other load does not change much.
func cpuTime() time.Duration {
	var ru unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

func BenchmarkIngestTraces1000(b *testing.B)       { benchIngest(b, 2048, false) }
func BenchmarkIngestTracesWithTokens(b *testing.B) { benchIngest(b, 2048, true) }

func BenchmarkPrepare(b *testing.B) {
	dir := b.TempDir()
	benchLog(b, dir, 1, 1000, 2048, false)
	enc, err := newEncoder()
	if err != nil {
		b.Fatal(err)
	}
	dec, err := newDecoder()
	if err != nil {
		b.Fatal(err)
	}
	r := eventlog.NewReader(dir, eventlog.Position{})
	p, after, err := r.Next()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if it := prepare(enc, dec, p, after); it.bad != nil {
			b.Fatal(it.bad)
		}
	}
}
