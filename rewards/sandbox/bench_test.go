package sandbox

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// BenchmarkOverhead runs a program alone and at each level, in turn, and
// reports what a level adds to it ("overhead-ms"). The bar is 10 ms.
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
				r, err := Start(Options{Level: level, Keep: []string{self, Command}})
				if err != nil {
					b.Skip(err)
				}
				defer r.Close()
				var bare, boxed, setup time.Duration
				for b.Loop() {
					began := time.Now()
					if err := exec.Command(program[0], program[1:]...).Run(); err != nil {
						b.Fatal(err)
					}
					bare += time.Since(began)
					began = time.Now()
					o, err := r.Run(context.Background(), Program{Argv: program, Limits: DefaultLimits()})
					if err != nil || o.Status != OK {
						b.Fatal(o.Status, o.Why, err)
					}
					boxed += time.Since(began)
					setup += o.Setup
				}
				n := float64(b.N)
				b.ReportMetric(1000*bare.Seconds()/n, "bare-ms")
				b.ReportMetric(1000*boxed.Seconds()/n, "boxed-ms")
				b.ReportMetric(1000*(boxed-bare).Seconds()/n, "overhead-ms")
				b.ReportMetric(1000*setup.Seconds()/n, "setup-ms")
			})
		}
	}
}
