//go:build !cuda

package driver

// Load fails: this build has no CUDA.
func Load() (Library, error) {
	return Library{}, &Off{What: "not part of this build", Do: "make build adds it (build tag cuda)"}
}
