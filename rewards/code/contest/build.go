package contest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gradus/rewards/code/piston"
	"gradus/rewards/sandbox"
)

// Bounds of compiling: the minute that open-r1 gives its servers, and what an
// executable may take.
const (
	buildTime   = time.Minute
	buildMemory = 2 << 30
	maxBuilt    = 32 << 20
	maxBuilds   = 64
)

// unpack puts the files of a box where their names say, compiles, and writes
// the executable to standard output. Arguments: pairs of a file and its path,
// "--", the compiler's command line.
const unpack = `while [ "$1" != -- ]; do mkdir -p -- "$(dirname -- "$2")" && mv -f -- "$1" "$2" || exit 1; shift 2; done; shift; "$@" >&2 </dev/null && exec cat ./a.out`

// built is a program that was compiled, or what the compiler said.
type built struct {
	program []byte
	code    *int // of the compiler; nil when a limit ended it
	stderr  string
}

func (b built) ok() bool { return b.program != nil }

// failure is the stage of a compiler that failed.
func (b built) failure(remark string) *piston.Stage {
	s := &piston.Stage{Code: b.code, Stderr: said([]byte(b.stderr), remark)}
	if b.code == nil {
		s.Signal = "SIGKILL"
	}
	return s
}

// builds keeps what was compiled last: every test of a program needs it.
type builds struct {
	mu    sync.Mutex
	known map[[32]byte]*underway
	order [][32]byte
}

type underway struct {
	done chan struct{}
	b    built
	err  error
}

func newBuilds() *builds { return &builds{known: map[[32]byte]*underway{}} }

// build compiles files once, however many ask.
func (e *Engine) build(ctx context.Context, files []piston.File, command ...string) (built, error) {
	key := keyOf(files, command)
	for {
		e.builds.mu.Lock()
		u, ok := e.builds.known[key]
		if !ok {
			u = &underway{done: make(chan struct{})}
			e.builds.known[key] = u
			e.builds.order = append(e.builds.order, key)
			if len(e.builds.order) > maxBuilds {
				delete(e.builds.known, e.builds.order[0])
				e.builds.order = e.builds.order[1:]
			}
			e.builds.mu.Unlock()
			u.b, u.err = e.compile(ctx, files, command)
			if u.err != nil { // not the program's fault: the next one tries again
				e.builds.forget(key, u)
			}
			close(u.done)
			return u.b, u.err
		}
		e.builds.mu.Unlock()
		select {
		case <-ctx.Done():
			return built{}, ctx.Err()
		case <-u.done:
			if u.err == nil {
				return u.b, nil
			}
			if ctx.Err() != nil {
				return built{}, ctx.Err()
			}
			if !isContext(u.err) {
				return built{}, u.err
			}
			// Who compiled was called off; this one was not.
		}
	}
}

func isContext(err error) bool {
	return err == context.Canceled || err == context.DeadlineExceeded
}

func (b *builds) forget(key [32]byte, u *underway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known[key] == u {
		delete(b.known, key)
		for i := range b.order {
			if b.order[i] == key {
				b.order = append(b.order[:i], b.order[i+1:]...)
				break
			}
		}
	}
}

func keyOf(files []piston.File, command []string) (key [32]byte) {
	h := sha256.New()
	put := func(s string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	for _, c := range command {
		put(c)
	}
	put("--")
	for _, f := range files {
		put(f.Name)
		put(f.Content)
	}
	h.Sum(key[:0])
	return key
}

func (e *Engine) compile(ctx context.Context, files []piston.File, command []string) (built, error) {
	r, _, err := e.judge.Tool(ctx, "cpp")
	if err != nil {
		return built{}, err
	}
	argv := []string{"/bin/sh", "-c", unpack, "sh"}
	p := sandbox.Program{Limits: sandbox.DefaultLimits()}
	p.Wall, p.CPU, p.Memory, p.Disk, p.Output = buildTime, buildTime, buildMemory, 4*maxBuilt, maxBuilt
	for i, f := range files {
		if !filepath.IsLocal(f.Name) || strings.ContainsRune(f.Name, 0) || len(f.Name) > 1024 {
			return built{}, fmt.Errorf("the file %.100q does not lie in the folder of the job", f.Name)
		}
		box := fmt.Sprintf(".%d", i)
		p.Files = append(p.Files, sandbox.File{Name: box, Data: []byte(f.Content)})
		p.Disk += int64(len(f.Content))
		argv = append(argv, box, f.Name)
	}
	p.Argv = append(append(argv, "--"), command...)
	o, err := e.run(ctx, r, p)
	if err != nil {
		return built{}, err
	}
	b := built{stderr: string(o.Stderr[:min(len(o.Stderr), 16<<10)])}
	switch o.Status {
	case sandbox.OK:
		b.program = o.Stdout
		if b.program == nil {
			b.program = []byte{}
		}
	case sandbox.Timeout, sandbox.CPU, sandbox.Signal:
		b.stderr += o.Why
	default:
		code := max(1, exitCode(o))
		b.code = &code
	}
	return b, nil
}
