package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"gradus/rewards"
	"gradus/runner/recipe"
)

// asked is a reward function that hands every group to a function of the test.
type asked struct {
	score    func(ctx context.Context, g rewards.Group) rewards.Result
	parallel int
}

func (asked) Spec() rewards.Spec { return rewards.Spec{Name: "asked", Range: [2]float64{-1e3, 1e3}} }

func (a asked) Parallel() int { return a.parallel }

func (a asked) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	out := make([]rewards.Result, len(g.Samples))
	for i := range out {
		out[i] = a.score(ctx, g)
	}
	return out, nil
}

// asking is a judge with that reward alone.
func asking(t *testing.T, a asked) *Judge {
	t.Helper()
	j, err := New(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	j.parts.Parts = []rewards.Part{{Name: "asked", Weight: 1, Reward: a}}
	j.guards, j.groups = []guard{{name: "asked", custom: true}}, a.parallel
	return j
}

func numberedGroup(i int) rewards.Group {
	g := group("a", "b")
	g.ID = fmt.Sprint(i)
	return g
}

// TestQueueAnswersInOrder: groups that are added in another order, and end in
// another one again, are answered by their numbers.
func TestQueueAnswersInOrder(t *testing.T) {
	const groups = 6
	ended := make([]chan struct{}, groups)
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	j := asking(t, asked{parallel: groups, score: func(_ context.Context, g rewards.Group) rewards.Result {
		var i int
		fmt.Sscan(g.ID, &i)
		if i+1 < groups { // the later ones end first
			<-ended[i+1]
		}
		select {
		case <-ended[i]:
		default:
			close(ended[i])
		}
		return rewards.Result{Score: float64(i)}
	}})
	q := j.Queue(context.Background(), groups, func() { t.Error("stopped") })
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		q.Add(i, numberedGroup(i))
	}
	judged, err := q.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range judged {
		if len(g) != 2 || g[0].Total != float64(i) || g[1].Total != float64(i) {
			t.Errorf("group %d: %+v", i, g)
		}
	}
}

// TestQueueIsBounded: as many groups are judged at a time as the reward takes,
// begun in the order they were added.
func TestQueueIsBounded(t *testing.T) {
	for _, parallel := range []int{1, 3} {
		var now, most atomic.Int32
		begun := make(chan string, 20)
		j := asking(t, asked{parallel: parallel, score: func(_ context.Context, g rewards.Group) rewards.Result {
			n := now.Add(1)
			defer now.Add(-1)
			for {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			begun <- g.ID
			return rewards.Result{}
		}})
		q := j.Queue(context.Background(), 10, func() {})
		for i := range 10 {
			q.Add(9-i, numberedGroup(9-i))
		}
		if _, err := q.Wait(); err != nil {
			t.Fatal(err)
		}
		if int(most.Load()) > parallel {
			t.Errorf("%d groups at a time, want at most %d", most.Load(), parallel)
		}
		close(begun)
		var order []string
		for id := range begun {
			order = append(order, id)
		}
		if want := []string{"9", "9", "8", "8", "7", "7", "6", "6", "5", "5", "4", "4", "3", "3", "2", "2", "1", "1", "0", "0"}; parallel == 1 && !reflect.DeepEqual(order, want) {
			t.Errorf("begun in the order %v", order)
		}
	}
}

// TestQueueStopsSampling: a reward that has never worked ends the sampling,
// and its error is what is told.
func TestQueueStopsSampling(t *testing.T) {
	j := asking(t, asked{parallel: 1, score: func(context.Context, rewards.Group) rewards.Result {
		return rewards.Result{Status: rewards.Error, Why: "a typo"}
	}})
	ctx, stop := context.WithCancel(context.Background())
	q := j.Queue(context.Background(), 3, stop)
	q.Add(1, numberedGroup(1))
	<-ctx.Done()
	if err := q.Close(ctx.Err()); !errors.Is(err, ErrReward) || errors.Is(err, context.Canceled) {
		t.Errorf("told %v", err)
	}

	q = j.Queue(context.Background(), 3, func() {})
	q.Add(0, numberedGroup(0))
	if _, err := q.Wait(); !errors.Is(err, ErrReward) {
		t.Errorf("told %v", err)
	}
}

// TestQueueGivesUp: what is under way when the run is stopped, or when sampling
// fails, is given up, and is no failure of the reward.
func TestQueueGivesUp(t *testing.T) {
	begun := make(chan struct{}, 2)
	j := asking(t, asked{parallel: 1, score: func(ctx context.Context, _ rewards.Group) rewards.Result {
		begun <- struct{}{}
		<-ctx.Done()
		return rewards.Result{Status: rewards.Timeout, Why: "given up"}
	}})
	ctx, stop := context.WithCancel(context.Background())
	q := j.Queue(ctx, 3, func() { t.Error("stopped") })
	q.Add(0, numberedGroup(0))
	q.Add(1, numberedGroup(1))
	<-begun
	stop()
	if _, err := q.Wait(); !errors.Is(err, context.Canceled) || errors.Is(err, ErrReward) {
		t.Errorf("told %v", err)
	}

	q = j.Queue(context.Background(), 3, func() { t.Error("stopped") })
	q.Add(0, numberedGroup(0))
	<-begun
	broken := errors.New("the device is gone")
	if err := q.Close(broken); !errors.Is(err, broken) || errors.Is(err, ErrReward) {
		t.Errorf("told %v", err)
	}
}

// TestParallel: the reward that runs in the fewest processes decides.
func TestParallel(t *testing.T) {
	for _, test := range []struct {
		processes []int
		want      int
	}{{nil, 1}, {[]int{4}, 4}, {[]int{4, 2, 8}, 2}, {[]int{1, 4}, 1}} {
		file := filepath.Join(t.TempDir(), "mine.py")
		if err := os.WriteFile(file, []byte("def f(completions, **kw):\n    return [0.0] * len(completions)\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		list := []recipe.Reward{{Name: "gradus.accuracy", Weight: 1}}
		for i, n := range test.processes {
			list = append(list, recipe.Reward{Name: "python", Label: fmt.Sprint(i), Weight: 1,
				Params: map[string]any{"file": file, "function": "f", "processes": n}})
		}
		j, err := New(list, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if got := j.Parallel(); got != test.want {
			t.Errorf("%v: %d, want %d", test.processes, got, test.want)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}
