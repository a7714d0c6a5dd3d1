package shape

import (
	"fmt"
	"math"
	"strings"
	"syscall"

	"gradus/kernels/machine"
	"gradus/model"
	"gradus/runner/recipe"
)

// What the process of a run takes besides the model, in bytes. Both figures
// are measured: `gradus bench memory` prints what a process really takes
// beside the sum of Memory.
const (
	programBytes = 48 << 20 // Go, SQLite, task, tokenizer, kernel scratch
	tokenBytes   = 160      // a sampled token on its way into the record: id, log-prob, entropy, text, JSON
)

// Memory lists what a run takes at most, in bytes: the model as New of package
// model reserves it, the KL reference, and the process around them. The order
// is fixed.
func (s *Shape) Memory() []model.MemoryItem {
	list, err := s.memory(s.Limits)
	if err != nil {
		return nil // New has told it
	}
	return list
}

func (s *Shape) memory(lim model.Limits) ([]model.MemoryItem, error) {
	list, err := lim.Memory(s.Config)
	if err != nil {
		return nil, err
	}
	if s.needs.reference {
		list = append(list, model.MemoryItem{
			Name: "KL reference", Bytes: s.Reference(lim).MemoryBytes(s.Config), How: "weights, packed weights, activations of one layer",
		})
	}
	host := s.needs.gpu
	if n := lim.FactorBytes(s.Config); host && n > 0 {
		list = append(list, model.MemoryItem{Name: "rounded factors", Bytes: n, How: "factors of the largest product x 2 B, shared by all"})
	}
	list = append(list, model.MemoryItem{Name: "program", Bytes: programBytes, How: "Go, SQLite, task, tokenizer", Host: host})
	if s.needs.rows > 0 {
		list = append(list, model.MemoryItem{
			Name: "samples", Bytes: tokenBytes * int64(s.needs.rows) * int64(s.needs.newLen),
			How: fmt.Sprintf("%d completions x %d tokens x %d B", s.needs.rows, s.needs.newLen, tokenBytes), Host: host,
		})
	}
	return list, nil
}

// Reference are the limits of the model that a KL refers to, given the
// policy's.
func (*Shape) Reference(policy model.Limits) model.Limits {
	return model.Limits{TrainRows: policy.TrainRows, TrainSeqs: policy.TrainSeqs, Frozen: true, Compute: policy.Compute, Attend: policy.Attend}
}

// under is what the run needs with other limits; they are smaller, so the
// model can be made if it could before.
func (s *Shape) under(l recipe.Limits) int64 {
	list, err := s.memory(s.reserve(l))
	if err != nil {
		return math.MaxInt64
	}
	return Total(list)
}

// Total is the memory of the device that a list comes to: of the GPU, or of the
// machine where the model lies in that.
func Total(list []model.MemoryItem) (bytes int64) {
	for _, it := range list {
		if !it.Host {
			bytes += it.Bytes
		}
	}
	return bytes
}

// Fits refuses a run that needs more memory than there is, before any of it is
// allocated: with the arithmetic, and with limits under which it would fit, if
// there are any.
func (s *Shape) Fits(rec *recipe.Recipe, have machine.Memory) error {
	list := s.Memory()
	need := Total(list)
	if need <= have.Bytes {
		return nil
	}
	var parts []string
	for _, it := range list {
		if it.Bytes >= need/200 && !it.Host {
			parts = append(parts, it.Name+" "+Bytes(it.Bytes))
		}
	}
	return &TooLargeError{
		line: fmt.Sprintf("the run needs %s of memory (%s) and %s are free (%s); %s",
			Bytes(need), strings.Join(parts, " + "), Bytes(have.Bytes), have.Why, s.advice(rec.Limits, have.Bytes)),
		passes: need <= have.Total,
	}
}

// TooLargeError says that a run needs more memory than there is.
type TooLargeError struct {
	line   string
	passes bool
}

// Error is one line with the arithmetic and what to do.
func (e *TooLargeError) Error() string { return e.line }

// Is makes it a syscall.ENOMEM, trouble that may pass, if the machine has the
// memory and only other processes are in the way.
func (e *TooLargeError) Is(target error) bool { return e.passes && target == syscall.ENOMEM }

// advice looks for limits under which the run would fit: smaller micro-batches
// first, as they cost no speed worth mentioning, then fewer completions at
// once, and computing activations twice last.
func (s *Shape) advice(l recipe.Limits, have int64) string {
	var did []string
	for l.MicroBatchRows > 1 && s.needs.trains() && s.under(l) > have {
		l.MicroBatchRows /= 2
		did = []string{fmt.Sprintf("limits.micro_batch_rows = %d", l.MicroBatchRows)}
	}
	if s.needs.rows > 0 {
		l.RolloutRows = min(l.RolloutRows, s.needs.rows)
		rows := ""
		for l.RolloutRows > 1 && s.under(l) > have {
			l.RolloutRows /= 2
			rows = fmt.Sprintf("limits.rollout_rows = %d", l.RolloutRows)
		}
		if rows != "" {
			did = append(did, rows)
		}
	}
	if s.needs.trains() && !l.GradientCheckpointing && s.under(l) > have {
		l.GradientCheckpointing = true
		did = append(did, "limits.gradient_checkpointing = true")
	}
	need := s.under(l)
	if need > have {
		return fmt.Sprintf("even with the smallest limits it would need %s: take a smaller model or shorter sequences, or give it more memory", Bytes(need))
	}
	return fmt.Sprintf("set %s, which needs %s", strings.Join(did, " and "), Bytes(need))
}

// Bytes writes a size as people read it, in powers of ten.
func Bytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f KB", float64(n)/1e3)
}
