//go:build cuda && linux

package cuda

import (
	"errors"
	"strings"
	"testing"

	"gradus/kernels/cuda/fake"
)

// A GPU that computes is proven, one that computes nothing is refused in one
// line, and one that is lost on the way is told as lost.
func TestProve(t *testing.T) {
	t.Run("right", func(t *testing.T) {
		unwatched(t)
		if err := conforming(t, Options{}).Prove(); err != nil {
			t.Error(err)
		}
	})
	if onGPU() {
		return
	}
	t.Run("computes nothing", func(t *testing.T) {
		pretend(t, fake.Default())
		err := open(t, Options{}).Prove()
		if err == nil || !strings.HasPrefix(err.Error(), "cuda: GPU 0 (Fake GPU 0) computes wrongly: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("lost", func(t *testing.T) {
		f := pretend(t, fake.Default())
		d, err := Open(Options{})
		if err != nil {
			t.Fatal(err)
		}
		f.Fail("cuGraphLaunch", 5, 719)
		var lost *LostError
		if err := d.(*Device).Prove(); !errors.As(err, &lost) {
			t.Errorf("got %v", err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		f.Reset(fake.Default()) // what a lost GPU holds is not a leak
	})
}
