package train

import (
	"testing"

	"gradus/store"
)

func TestPipeline(t *testing.T) {
	dir := newRun(t, micro)
	env := testEnv(t, dir)
	var c collector
	env.Progress = func(e Event) { c.add(e) }
	mustRun(t, env)
	for _, e := range c.events {
		t.Log(e)
	}
	rec := readRecord(t, dir)
	t.Log(rec.kinds)
	if rec.kinds[0] != store.KindRun || rec.kinds[1] != store.KindAttempt {
		t.Errorf("the log begins with %v", rec.kinds[:3])
	}
}
