package store

import (
	"context"
	"database/sql"
)

// times reads the states and heartbeats of every attempt.
func (l *ledger) times(ctx context.Context) error {
	attempts, err := l.db.Attempts(ctx)
	if err != nil {
		return err
	}
	lastUS, err := collect(ctx, l.db, "attempts", `SELECT last_us FROM attempt ORDER BY n`, nil, func(r *sql.Rows, us *int64) error { return r.Scan(us) })
	if err != nil {
		return err
	}
	for i, a := range attempts {
		points, err := l.points(ctx, a.N)
		if err != nil {
			return err
		}
		end := max(a.EndedUS, lastUS[i])
		if a.StartedUS == 0 && len(points) > 0 {
			a.StartedUS = points[0].us
		}
		points = append([]mark{{us: a.StartedUS, state: StateStarting}}, append(points, mark{us: end, mono: -1})...)
		l.marks[a.N] = points
		l.attempt(a.N, points)
		if i > 0 {
			l.Gaps += max(0, float64(a.StartedUS-lastUS[i-1])/1e6)
		}
	}
	return nil
}

// mark is a moment of an attempt: a change of state, or a heartbeat.
type mark struct {
	seq    int64
	us     int64
	mono   int64 // milliseconds since the attempt began, by a clock that nobody sets; -1: unknown
	state  State // of a change; empty for a heartbeat
	stage  string
	cpu    float64
	energy *float64
	busy   *float64 // seconds that the device computed
}

func (l *ledger) points(ctx context.Context, attempt int) ([]mark, error) {
	return collect(ctx, l.db, "states and heartbeats", `SELECT ts_us, -1, coalesce(json_extract(body, '$.state'), ''), coalesce(json_extract(body, '$.stage'), ''), 0, NULL, NULL, seq
			FROM event WHERE kind = 'state' AND attempt = ?1 AND json_valid(body)
		UNION ALL SELECT ts_us, mono_ms, '', '', cpu_s, energy_j, device_s, seq FROM heartbeat WHERE attempt = ?1 ORDER BY 8`, []any{attempt},
		func(r *sql.Rows, m *mark) error {
			return r.Scan(&m.us, &m.mono, &m.state, &m.stage, &m.cpu, &m.energy, &m.busy, &m.seq)
		})
}

// tailS is how long an attempt can have gone on after its last heartbeat, which
// come every 5 s: whatever the wall clock says.
const tailS = 15

// attempt gives the time between marks to the stage that was under way.
func (l *ledger) attempt(n int, points []mark) {
	spans := make([]float64, len(points)-1) // seconds from point i to i+1
	anchor := 0                             // last point with a clock of its own
	beats := false
	for i := range spans {
		spans[i] = max(0, float64(points[i+1].us-points[i].us)/1e6)
	}
	for i := 1; i < len(points); i++ {
		if points[i].mono < 0 {
			continue
		}
		beats = true
		scale(spans[anchor:i], float64(points[i].mono-points[anchor].mono)/1e3)
		anchor = i
	}
	if tail := spans[anchor:]; beats && sum(tail) > tailS {
		scale(tail, tailS)
	}
	state, stage := points[0].state, points[0].stage
	cpu := 0.0
	var energy, busy counter
	for i, s := range spans {
		p := points[i]
		if p.state != "" {
			state, stage = p.state, p.stage
		}
		if next := points[i+1]; next.mono >= 0 {
			u := l.use(n, stage)
			u.CPUS += max(0, next.cpu-cpu)
			cpu = next.cpu
			if state == StatePaused {
				u = &Use{} // idle
			}
			energy.add(&u.EnergyJ, next.energy)
			busy.add(&u.BusyS, next.busy)
		}
		switch {
		case state == StatePaused:
			l.Paused += s
		case !state.Terminal():
			l.use(n, stage).DeviceS += s
		}
	}
}

// counter is a reading that grows from 0 over an attempt.
type counter struct{ last float64 }

// add adds to sum what the counter has grown by. A reading that is missing
// adds nothing; the next one makes up for it.
func (c *counter) add(sum **float64, now *float64) {
	if now == nil {
		return
	}
	*sum = plus(*sum, max(0, *now-c.last))
	c.last = *now
}

// scale makes spans add up to total where the wall clock disagrees by more than
// a hundredth and half a second.
func scale(spans []float64, total float64) {
	total = max(0, total)
	have := sum(spans)
	if d := have - total; len(spans) == 0 || d*d <= max(0.25, 1e-4*total*total) {
		return
	}
	if have == 0 {
		spans[len(spans)-1] = total
		return
	}
	for i := range spans {
		spans[i] *= total / have
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func plus(p *float64, v float64) *float64 {
	if p != nil {
		v += *p
	}
	return &v
}
