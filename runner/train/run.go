package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gradus/kernels"
	"gradus/kernels/machine"
	"gradus/model"
	"gradus/runner/recipe"
	"gradus/runner/rundir"
	"gradus/runner/state"
	"gradus/runner/train/feed"
	"gradus/runner/train/journal"
	"gradus/runner/train/judge"
	"gradus/runner/train/provenance"
	"gradus/runner/train/shape"
	"gradus/store"
)

// run is one attempt at a run.
type run struct {
	env   Env
	spec  rundir.Spec
	rec   *recipe.Recipe
	hist  journal.History
	j     *journal.Journal
	heard *heard

	state store.State
	shape shape.Shape
	dev   kernels.Device
	watch gpuWatch
	about string // of the device
	judge *judge.Judge
	enc   feed.Encoder
	m     *model.Model
	ref   *model.Model // nil unless the stage has beta > 0
	tests *exam        // held-out problems; nil until they are needed

	at        place
	mem       memory
	from      string               // checkpoint that the attempt went on from, relative to the run's folder
	savedAt   int                  // step of the newest checkpoint on disk, -1: none
	last      map[string]float64   // metrics of the last step
	hashes    map[string]string    // of files and checkpoints that training started from, by path
	wroteData *[]provenance.Source // who wrote the rows of the data file, once it was read
	spoke     time.Time            // when progress of something long was told last
}

// heartbeat is how often a run shows that it lives.
const heartbeat = 5 * time.Second

// foldLimit is how long a finished run waits for its database to be complete.
const foldLimit = 30 * time.Second

// Run does the run in env.Dir, or goes on with it, and returns when it is
// done, was stopped (both nil), or failed. ExitCode gives the exit code.
// Whatever ends it is in the record, except an error before the log is open: a
// run that another process holds, an unreadable run.json or log.
func Run(ctx context.Context, env Env) (err error) {
	spec, err := env.Dir.Spec()
	if err != nil {
		return err
	}
	rec, err := recipe.FromJSON(spec.Config)
	if err != nil {
		return fmt.Errorf("run %s: %w", spec.ID, err)
	}
	me := rundir.Self()
	lock, err := env.Dir.Lock(me)
	if err != nil {
		return err
	}
	defer func() { err = inOneLine(err, lock.Unlock()) }()

	hist, err := journal.ReadHistory(env.Dir.Path())
	if err != nil {
		return fmt.Errorf("run %s: %w", spec.ID, err)
	}
	if hist.Header != nil && hist.Header.ID != spec.ID {
		return fmt.Errorf("run %s: the log in its folder belongs to run %s; the folder was mixed up with another", spec.ID, hist.Header.ID)
	}
	if hist.State.State == store.StateDone {
		return fmt.Errorf("run %s is done: there is nothing to go on with", spec.ID)
	}
	j, err := journal.Open(env.Dir.Path(), env.Clock, hist.Attempts+1, hist.Chain)
	if err != nil {
		return advise(fmt.Errorf("run %s: %w", spec.ID, err))
	}
	defer func() { err = inOneLine(err, j.Close()) }()
	fold := j.StartFold(env.Dir.Path(), func(e error) {
		env.complain(inOneLine(fmt.Errorf("the database of run %s: %w; the record itself is whole, and gradus db rebuild makes the database anew", spec.ID, e)))
	})
	defer fold.Stop(env.Clock, foldLimit)
	r := &run{env: env, spec: spec, rec: rec, hist: hist, j: j, savedAt: -1, state: store.StateSubmitted}
	stopBeat := j.Beat(heartbeat, withEnergy(r.watch.usage, newEnergyMeter(powercap)))
	defer stopBeat()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.heard = listen(ctx, env.Signals, env.Clock, func() { cancel(errAbandoned) })

	err = r.attempt(ctx, me)
	if ctx.Err() != nil && err != nil && !errors.Is(err, errStopped) {
		err = errAbandoned
	}
	err = inOneLine(err, r.close())
	stopBeat()
	if mayPass(err) {
		// On a full disk the exit record comes before the database.
		fold.Stop(env.Clock, foldLimit)
	}
	return r.end(err)
}

// end writes the exit record.
func (r *run) end(err error) error {
	s := verdict(advise(err))
	if s.State == store.StateStopped && r.state != store.StateStopping {
		// Stopped at once: the table still leads through stopping.
		if e := r.enter(state.Stop, s.Reason); e != nil {
			err = errors.Join(err, e)
		}
	}
	s.Step, s.Stage = r.at.Step, r.at.kind(r.rec.Stages)
	written := r.j.Farewell(s)
	if written == nil {
		r.tell(Event{State: &s})
	}
	if s.State != store.StateFailed {
		err = nil
	}
	if err == nil && written == nil {
		return nil
	}
	return advise(inOneLine(err, written))
}

func (r *run) close() error {
	var err error
	if r.judge != nil {
		err = errors.Join(err, r.judge.Close())
	}
	if r.ref != nil {
		err = errors.Join(err, r.ref.Close())
	}
	if r.m != nil {
		err = errors.Join(err, r.m.Close())
	}
	err = errors.Join(err, r.watch.close())
	if r.dev != nil {
		err = errors.Join(err, r.dev.Close())
	}
	return err
}

// attempt prepares the run, does its stages, and returns nil when all are
// done.
func (r *run) attempt(ctx context.Context, me rundir.Holder) error {
	if err := r.prepare(me); err != nil {
		return err
	}
	if err := r.enter(state.Ready, ""); err != nil {
		return err
	}
	for {
		err := r.work(ctx)
		if errors.Is(err, model.ErrNonFinite) {
			return r.damaged(err)
		}
		if !errors.Is(err, errBrokenOff) {
			return err
		}
		// The boundary answers the stop. Should it have been withdrawn, the
		// work is taken up again.
		if err := r.boundary(ctx); err != nil {
			return err
		}
	}
}

// work does what is left of the stages.
func (r *run) work(ctx context.Context) error {
	if err := r.settle(ctx); err != nil {
		return err
	}
	for r.at.Stage < len(r.rec.Stages) {
		stage := r.at.Stage
		if err := r.stage(ctx, r.rec.Stages[stage]); err != nil {
			return err
		}
		// A stop that was asked for in the last step of a stage is answered at
		// the next boundary; until then the run is running.
		if r.at.Stage > stage && r.at.Stage < len(r.rec.Stages) && r.state == store.StateRunning {
			if err := r.enter(state.Advance, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare writes the first records of the attempt, also when the rest of it
// fails, and loads everything.
func (r *run) prepare(me rundir.Holder) error {
	var failed error
	r.shape, failed = shape.New(r.rec, r.spec.From)
	if failed == nil && r.rec.Device == "cpu" {
		failed = r.fits(r.env.Memory)
	}
	if failed == nil {
		r.dev, r.about, failed = r.env.OpenDevice(r.rec)
	}
	// A device with memory of its own tells how much once it is open.
	if own, ok := r.dev.(interface{ Memory() (machine.Memory, bool) }); ok && failed == nil {
		failed = r.fits(own.Memory)
	}
	if failed == nil {
		var dt kernels.DType
		if dt, failed = compute(r.dev, r.rec.DType); failed == nil {
			r.shape.Limits = r.shape.Limits.In(dt, r.shape.Config, kernels.Attends(r.dev, dt))
			r.about = withCompute(r.about, dt)
		}
	}
	// A device on which nobody has run this before is tried first.
	if d, ok := r.dev.(interface{ Prove() error }); ok && failed == nil {
		failed = d.Prove()
	}
	if failed == nil {
		r.judge, failed = judge.New(r.rec.Rewards, r.env.Dir.Code())
	}
	var warnings []store.Alert
	if failed == nil {
		r.enc = feed.Encoder{Tok: r.shape.Tok, Template: r.rec.Task.Template}
		warnings, failed = r.restore()
	}

	var first []journal.Entry
	if r.hist.Header == nil {
		first = append(first, journal.Entry{Kind: store.KindRun, Body: r.header()})
	}
	first = append(first, journal.Entry{Kind: store.KindAttempt, Body: store.Attempt{
		N: r.j.Attempt(), Host: me.Host, BootID: me.BootID, PID: me.PID, PIDStart: me.PIDStart,
		FromStep: r.at.Step, FromCkpt: r.from, Executable: r.env.Executable, Products: r.products(),
	}})
	if err := r.enter(state.Launch, "", first...); err != nil {
		return errors.Join(failed, err)
	}
	if s := r.j.Repair(); s != "" {
		warnings = append(warnings, store.Alert{Step: r.at.Step, Level: "warn", Code: "log.repaired", Message: "The event log was repaired: " + s + "."})
	}
	if failed == nil {
		warnings = append(warnings, r.watch.begin(r.dev, r.env.Clock)...)
	}
	if failed == nil {
		warnings = append(warnings, r.otherKernels()...)
	}
	if failed == nil && r.hist.Header == nil {
		var found []store.Alert
		found, failed = r.lookOver()
		warnings = append(warnings, found...)
	}
	if failed != nil {
		return errors.Join(failed, r.alert(warnings...))
	}
	recorded, err := r.recordSaved()
	if err != nil {
		return err
	}
	if entries := append(r.rewind(), recorded...); len(entries) > 0 {
		if err := r.j.WriteSync(entries...); err != nil {
			return err
		}
	}
	r.hist.Forget(r.at.Step)
	r.j.SetStep(r.at.Step)
	return r.alert(warnings...)
}

// fits refuses a run that needs more memory than there is. Nobody knows how
// much there is if memory is nil.
func (r *run) fits(memory func() (machine.Memory, bool)) error {
	if memory == nil {
		return nil
	}
	have, ok := memory()
	if !ok {
		return nil
	}
	return r.shape.Fits(r.rec, have)
}

// enter moves the run to the state that follows on an event and records it,
// after entries that belong to it.
func (r *run) enter(e state.Event, reason string, before ...journal.Entry) error {
	s, err := state.Next(r.state, e)
	if err != nil {
		return err
	}
	c := store.StateChange{State: s, Stage: r.at.kind(r.rec.Stages), Step: r.at.Step, Reason: reason}
	if err := r.j.WriteSync(append(before, journal.Entry{Kind: store.KindState, Body: c})...); err != nil {
		return err
	}
	r.state = s
	r.tell(Event{State: &c})
	return nil
}

// alert records findings.
func (r *run) alert(alerts ...store.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	entries := make([]journal.Entry, len(alerts))
	for i, a := range alerts {
		entries[i] = journal.Entry{Kind: store.KindAlert, Body: a}
	}
	if err := r.j.Write(entries...); err != nil {
		return err
	}
	for i := range alerts {
		r.tell(Event{Alert: &alerts[i]})
	}
	return nil
}

func (r *run) tell(e Event) {
	if r.env.Progress == nil {
		return
	}
	e.Step, e.Steps = r.at.Step, r.rec.Steps()
	if e.Stage == "" {
		e.Stage = r.at.kind(r.rec.Stages)
	}
	r.env.Progress(e)
}

// progress tells of something long, at most four times a second.
func (r *run) progress(doing string) func(done, total int) {
	if r.env.Progress == nil {
		return nil
	}
	return func(done, total int) {
		if now := r.env.Clock.Now(); done == total || now.Sub(r.spoke) >= time.Second/4 {
			r.spoke = now
			r.tell(Event{Doing: doing, Done: done, Total: total})
		}
	}
}

func (e Env) complain(err error) {
	if e.Complain != nil {
		e.Complain(err)
	}
}
