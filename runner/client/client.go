// Package client is how interfaces see and steer runs: it lists them, starts
// them as processes of their own, asks things of them, and knows which are
// alive. It reads run directories, logs and databases and never loads a
// model; the process that trains is package runner/train.
package client

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/oklog/ulid/v2"

	"gradus/runner/rundir"
)

// Options say what the client works with. The zero value of every field but
// Version is replaced by what the system has.
type Options struct {
	Version string // of gradus, recorded with every run
	Via     string // cli or tui, recorded with every request
	Actor   string // who asks; default USER@HOST

	Root       string              // folder of runs; default rundir.HomePath
	Getenv     func(string) string // default os.Getenv
	Environ    func() []string     // default os.Environ
	Now        func() time.Time    // default time.Now
	Entropy    io.Reader           // of ids; default crypto/rand
	Executable string              // program that runs a run; default this one
	Args       []string            // its arguments before the run folder; default "_run"
	Host       string              // name of this machine; default os.Hostname
	Poll       time.Duration       // how often files are looked at while waiting; default 25 ms
}

// Client works on one home of runs. It is safe for use by several goroutines.
type Client struct {
	opt  Options
	home rundir.Home
	ids  *ulid.LockedMonotonicReader
}

// Open opens the home of runs, making it if it is not there.
func Open(opt Options) (*Client, error) {
	if opt.Getenv == nil {
		opt.Getenv = os.Getenv
	}
	if opt.Environ == nil {
		opt.Environ = os.Environ
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Entropy == nil {
		opt.Entropy = rand.Reader
	}
	if opt.Args == nil {
		opt.Args = []string{"_run"}
	}
	if opt.Poll <= 0 {
		opt.Poll = 25 * time.Millisecond
	}
	if opt.Via == "" {
		opt.Via = "cli"
	}
	if opt.Host == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("name of this machine: %w", err)
		}
		opt.Host = host
	}
	if opt.Actor == "" {
		opt.Actor = "unknown@" + opt.Host
		if u, err := user.Current(); err == nil {
			opt.Actor = u.Username + "@" + opt.Host
		}
	}
	if opt.Root == "" {
		root, err := rundir.HomePath(opt.Getenv)
		if err != nil {
			return nil, err
		}
		opt.Root = root
	}
	home, err := rundir.OpenHome(opt.Root)
	if err != nil {
		return nil, err
	}
	return &Client{opt: opt, home: home, ids: &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(opt.Entropy, 0)}}, nil
}

// Home is the folder that holds the runs.
func (c *Client) Home() rundir.Home { return c.home }

// Dir is the folder of a run, given its full id; rundir.ErrNoRun if there is
// none.
func (c *Client) Dir(runID string) (rundir.Dir, error) { return c.home.Open(runID) }

// Actor is who asks, as the record of a run names them.
func (c *Client) Actor() string { return c.opt.Actor }

// newID makes a ULID: ids of one client sort in the order they were made.
func (c *Client) newID() (string, error) {
	id, err := ulid.New(ulid.Timestamp(c.opt.Now()), c.ids)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// ErrElsewhere says that a run belongs to another machine, where alone it can
// be judged and steered.
var ErrElsewhere = errors.New("the run belongs to another machine")

// here returns ErrElsewhere for a run of another machine.
func (c *Client) here(d rundir.Dir) error {
	spec, err := d.Spec()
	if err != nil {
		return err
	}
	if spec.Host != c.opt.Host {
		return fmt.Errorf("run %s: %w (%q, this is %q); do it there", d.ID(), ErrElsewhere, spec.Host, c.opt.Host)
	}
	return nil
}
