package judge

import (
	"context"
	"errors"
	"sync"

	"gradus/rewards"
)

// Queue judges groups while others are still being sampled. Groups are begun
// in the order they are added, Judge.Parallel at a time, and answered in the
// order of their numbers.
type Queue struct {
	judge  *Judge
	ctx    context.Context
	cancel context.CancelFunc
	todo   chan numbered
	done   sync.WaitGroup

	mu     sync.Mutex
	judged [][]Judgement
	failed error // the first error
}

type numbered struct {
	i     int
	group rewards.Group
}

// Queue takes groups with the numbers 0 … groups-1, each at most once. stop is
// called when a reward that must not fail has failed. The queue must be ended
// by Wait or Close.
func (j *Judge) Queue(ctx context.Context, groups int, stop func()) *Queue {
	q := &Queue{judge: j, todo: make(chan numbered, groups), judged: make([][]Judgement, groups)}
	q.ctx, q.cancel = context.WithCancel(ctx)
	for range min(j.Parallel(), groups) {
		q.done.Go(func() {
			for n := range q.todo {
				q.score(n, stop)
			}
		})
	}
	return q
}

// Add has a group judged. It does not wait.
func (q *Queue) Add(i int, g rewards.Group) { q.todo <- numbered{i, g} }

func (q *Queue) score(n numbered, stop func()) {
	if q.ctx.Err() != nil {
		return
	}
	judged, err := q.judge.Score(q.ctx, n.group)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.judged[n.i] = judged
	if err != nil && q.ctx.Err() == nil { // else it was given up, which is no failure
		q.failed = err
		q.cancel()
		stop()
	}
}

// Wait returns the judgements once all groups that were added have theirs, by
// the groups' numbers, or the error of the reward that failed first.
func (q *Queue) Wait() ([][]Judgement, error) {
	close(q.todo)
	q.done.Wait()
	err := q.failed
	if err == nil {
		err = q.ctx.Err() // what was asked last may have been given up for that
	}
	q.cancel()
	return q.judged, err
}

// Close gives up what has not been judged because of err, with which sampling
// ended, and returns what is to be told: err, or the error of the reward that
// stopped the sampling.
func (q *Queue) Close(err error) error {
	q.cancel()
	close(q.todo)
	q.done.Wait()
	switch {
	case q.failed == nil:
		return err
	case errors.Is(err, context.Canceled):
		return q.failed
	}
	return errors.Join(err, q.failed)
}
