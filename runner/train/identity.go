package train

import (
	"fmt"
	"strings"

	"gradus/store"
)

// otherKernels warns of a run that goes on with other kernels than it began
// with, on another code path, with another dtype, library or version of gradus:
// rounding differs, so it no longer ends with the bits that it would have had.
// The number of threads, after the comma, changes nothing.
func (r *run) otherKernels() (out []store.Alert) {
	h := r.hist.Header
	if h == nil {
		return nil
	}
	before, _, _ := strings.Cut(h.Device, ",")
	now, _, _ := strings.Cut(r.about, ",")
	const bits = "results stay right, but not equal to the bit to those of a run that was never interrupted."
	for _, c := range []struct{ code, sentence, before, now string }{
		{"resume.device", "The run began on %s and goes on with %s: " + bits, before, now},
		{"resume.products", "The run began with %s and goes on with %s: " + bits, r.hist.Products, r.products()},
		{"resume.version", "The run began with gradus %s and goes on with %s: where kernels have changed since, " + bits, h.Version, r.env.Version},
	} {
		if c.before == "" || c.now == "" || c.before == c.now {
			continue
		}
		out = append(out, store.Alert{Step: r.at.Step, Level: "warn", Code: c.code, Message: fmt.Sprintf(c.sentence, c.before, c.now)})
	}
	return out
}

// products says whose matrix products decide bits where the device has a choice:
// its own kernels, or a library with its version and the GPU by which it chooses
// among its kernels. It is known once the policy's programs are compiled.
func (r *run) products() string {
	d, ok := r.dev.(interface{ Blas() (string, error) })
	if !ok {
		return ""
	}
	library, err := d.Blas()
	if err != nil || library == "" {
		return "own kernels"
	}
	library, _, _ = strings.Cut(library, ",") // without its path
	_, gpu, _ := strings.Cut(r.about, ", ")
	gpu, _, _ = strings.Cut(gpu, ", left out: ") // the device's name tells
	return library + " on " + gpu
}

// header identifies the run in the first record of its log.
func (r *run) header() store.RunHeader {
	about := r.about
	if about == "" && r.dev != nil {
		about = r.dev.Name()
	}
	return store.RunHeader{
		ID: r.spec.ID, Name: r.spec.Name, Purpose: r.spec.Purpose, Task: r.rec.Task.Name,
		Config: r.spec.Config, ConfigTOML: r.spec.ConfigTOML, Seed: uint64(r.rec.Seed), Version: r.env.Version,
		Device: about, Steps: r.rec.Steps(), Params: r.shape.Config.NumParams(), Parent: r.spec.Parent, CreatedUS: r.spec.CreatedUS,
	}
}
