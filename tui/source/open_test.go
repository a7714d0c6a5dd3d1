package source_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"gradus/runner/client"
	"gradus/store"
	"gradus/store/storetest"
	"gradus/tui/source"
	"gradus/tui/source/sourcetest"
)

// slow is a world in which one run takes its time to open, as a large one does
// that has to be migrated or folded first.
type slow struct {
	*sourcetest.World
	run     string
	opening chan struct{} // gets a value when OpenDB of it begins
	goOn    chan error    // what it ends with

	mu    sync.Mutex
	opens int
}

func (s *slow) OpenDB(ctx context.Context, id string) (*store.DB, error) {
	if id != s.run {
		return s.World.OpenDB(ctx, id)
	}
	s.mu.Lock()
	s.opens++
	s.mu.Unlock()
	s.opening <- struct{}{}
	select {
	case err := <-s.goOn:
		if err != nil {
			return nil, err
		}
		return s.World.OpenDB(ctx, id)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newSlow(t *testing.T) (*slow, *source.Local, string) {
	t.Helper()
	w := sourcetest.New(t)
	s := &slow{World: w, run: w.Add(storetest.Spec{Seed: 5}, -1, client.Gone), opening: make(chan struct{}, 8), goOn: make(chan error)}
	other := w.Add(storetest.Spec{Seed: 6}, -1, client.Gone)
	src := source.NewLocal(s, s, nil)
	t.Cleanup(func() { src.Close() })
	return s, src, other
}

// A run that takes long to open keeps nobody from the others, is opened once
// for all who ask for it meanwhile, and is tried again after an error.
func TestSlowRunHoldsUpNobody(t *testing.T) {
	ctx := context.Background()
	s, src, other := newSlow(t)
	broken := errors.New("disk I/O error")
	for _, want := range []error{broken, nil} {
		got := make(chan error, 2)
		ask := func() {
			_, err := src.Header(ctx, s.run)
			got <- err
		}
		go ask()
		<-s.opening
		if _, err := src.Changes(ctx, other, source.Cursor{}); err != nil { // would wait for ever
			t.Fatal(err)
		}
		hasty, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := src.Header(hasty, s.run); !errors.Is(err, context.Canceled) {
			t.Errorf("one that does not wait gets %v", err)
		}
		s.goOn <- want
		if err := <-got; !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := src.Header(ctx, s.run); err != nil || s.opens != 2 {
		t.Errorf("opened %d times, %v", s.opens, err)
	}
}

// Whoever waits for somebody else's opening is not hurt when that one goes away.
func TestOpeningThatIsGivenUp(t *testing.T) {
	s, src, _ := newSlow(t)
	ctx, cancel := context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := src.Header(ctx, s.run)
		first <- err
	}()
	<-s.opening
	go func() {
		_, err := src.Header(context.Background(), s.run)
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that gave up gets %v", err)
	}
	<-s.opening
	s.goOn <- nil
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// What is still being opened when the source is closed does not stay open.
func TestCloseWhileOpening(t *testing.T) {
	s, src, _ := newSlow(t)
	got := make(chan error, 1)
	go func() {
		_, err := src.Header(context.Background(), s.run)
		got <- err
	}()
	<-s.opening
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	s.goOn <- nil
	if err := <-got; err == nil || !strings.Contains(err.Error(), "no longer looked at") {
		t.Errorf("%v", err)
	}
}
