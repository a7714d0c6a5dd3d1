package tuitest

import (
	"context"
	"sync"
	"time"
)

// Clock is a time that stands still until it is told to go on. What sleeps on
// it is known, so a test can tell waiting from working.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []*sleeper
	changed func() // called, unlocked, when the number of sleepers changes
}

type sleeper struct {
	until time.Time
	wake  chan struct{}
}

// NewClock makes a clock that shows now.
func NewClock(now time.Time) *Clock { return &Clock{now: now, changed: func() {}} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep returns when the clock was moved by d, or with ctx's error.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	s := &sleeper{until: c.now.Add(d), wake: make(chan struct{})}
	c.waiting = append(c.waiting, s)
	c.mu.Unlock()
	c.changed()
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		c.remove(s)
		return ctx.Err()
	}
}

func (c *Clock) remove(s *sleeper) {
	c.mu.Lock()
	for i, w := range c.waiting {
		if w == s {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			break
		}
	}
	c.mu.Unlock()
	c.changed()
}

// asleep is how many sleep.
func (c *Clock) asleep() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// next moves the clock to the first sleeper due by until and wakes it; false
// when there is none, the clock then shows until.
func (c *Clock) next(until time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := -1
	for i, s := range c.waiting {
		if !s.until.After(until) && (first < 0 || s.until.Before(c.waiting[first].until)) {
			first = i
		}
	}
	if first < 0 {
		c.now = until
		return false
	}
	s := c.waiting[first]
	if s.until.After(c.now) {
		c.now = s.until
	}
	c.waiting = append(c.waiting[:first], c.waiting[first+1:]...)
	close(s.wake)
	return true
}
