package sandbox

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// BenchmarkOverhead runs a program alone and at each level, in turn, and
// reports what a level adds to it ("overhead-ms"). The bar is 10 ms. Where a
// control group holds all processes together, "watched-overhead-ms" is the same
// without one.
func BenchmarkOverhead(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, program := range [][]string{{"/bin/true"}, {"/usr/bin/python3", "-I", "-c", "pass"}} {
		if _, err := os.Stat(program[0]); err != nil {
			continue
		}
		for _, level := range []Level{UserNS, Landlock, None} {
			b.Run(program[0]+"/"+string(level), func(b *testing.B) {
				// The machine's own hold on all processes first, and where that is a
				// control group, what a box costs without one, in turn with it.
				runners := []*Runner{benchRunner(b, self, level)}
				if hold, _ := runners[0].Hold(); hold == HoldCgroup {
					b.Setenv("GRADUS_SANDBOX_WITHOUT", string(HoldCgroup))
					runners = append(runners, benchRunner(b, self, level))
				}
				var bare, setup time.Duration
				var boxed [2]time.Duration
				for b.Loop() {
					began := time.Now()
					if err := exec.Command(program[0], program[1:]...).Run(); err != nil {
						b.Fatal(err)
					}
					bare += time.Since(began)
					for i, r := range runners {
						began = time.Now()
						o, err := r.Run(context.Background(), Program{Argv: program, Limits: DefaultLimits()})
						if err != nil || o.Status != OK {
							b.Fatal(o.Status, o.Why, err)
						}
						boxed[i] += time.Since(began)
						if i == 0 {
							setup += o.Setup
						}
					}
				}
				n := float64(b.N)
				b.ReportMetric(1000*bare.Seconds()/n, "bare-ms")
				b.ReportMetric(1000*boxed[0].Seconds()/n, "boxed-ms")
				b.ReportMetric(1000*(boxed[0]-bare).Seconds()/n, "overhead-ms")
				b.ReportMetric(1000*setup.Seconds()/n, "setup-ms")
				if len(runners) > 1 {
					b.ReportMetric(1000*(boxed[1]-bare).Seconds()/n, "watched-overhead-ms")
				}
			})
		}
	}
}

func benchRunner(b *testing.B, self string, level Level) *Runner {
	b.Helper()
	r, err := Start(Options{Level: level, Keep: []string{self, Command}})
	if err != nil {
		b.Skip(err)
	}
	b.Cleanup(func() {
		if err := r.Close(); err != nil {
			b.Error(err)
		}
	})
	return r
}
