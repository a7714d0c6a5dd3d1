package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gradus/store"
)

// Request is a steering request: the content of ctl/<ulid>.json.
type Request struct {
	ID        string          `json:"id"` // ULID; requests are answered in its order
	Actor     string          `json:"actor"`
	Via       string          `json:"via"`  // cli, tui, signal
	Verb      string          `json:"verb"` // runner/state lists them
	Args      json.RawMessage `json:"args,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	AskedUS   int64           `json:"asked_us"`   // wall clock, microseconds since 1970
	ExpiresUS int64           `json:"expires_us"` // 0: never
}

// Expired says whether the request is too old to be applied at nowUS.
func (r Request) Expired(nowUS int64) bool { return r.ExpiresUS != 0 && nowUS >= r.ExpiresUS }

// Control begins the record that answers the request.
func (r Request) Control() store.Control {
	return store.Control{ID: r.ID, Actor: r.Actor, Via: r.Via, Verb: r.Verb, Args: r.Args, Reason: r.Reason, AskedUS: r.AskedUS}
}

// maxRequest bounds a control file, and with it what a stranger's file can
// cost the run between two steps.
const maxRequest = 64 << 10

// WriteRequest puts a request before the run: either all of it or, with an
// error, nothing.
func (d Dir) WriteRequest(r Request) error {
	if !ValidID(r.ID) {
		return fmt.Errorf("control request: %q is not a ULID", r.ID)
	}
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("control request: %w", err)
	}
	if len(b) > maxRequest {
		return fmt.Errorf("control request: %d bytes are more than the %d a run reads; shorten the reason", len(b), maxRequest)
	}
	if err := WriteFile(d.requestPath(r.ID), append(b, '\n')); err != nil {
		return fmt.Errorf("ask run %s to %s: %w; nothing was asked", d.ID(), r.Verb, err)
	}
	return nil
}

// Pending is a control file: a request, or why it is none.
type Pending struct {
	Request Request // ID is always set
	Err     error   // the file is no request; answer it as rejected
}

// Pending returns the requests that wait, in the order they are to be
// answered. Files whose name is no ULID, as half-written ones, are passed
// over. A run calls it at every step boundary; without requests it costs one
// directory read.
func (d Dir) Pending() ([]Pending, error) {
	entries, err := os.ReadDir(d.CtlPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read control requests of run %s: %w", d.ID(), err)
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && ValidID(id) {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	var list []Pending
	for _, id := range ids {
		r, err := d.readRequest(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // withdrawn between listing and reading
		}
		list = append(list, Pending{Request: r, Err: err})
	}
	return list, nil
}

func (d Dir) readRequest(id string) (Request, error) {
	bare := Request{ID: id}
	b, err := readBounded(d.requestPath(id), maxRequest)
	if err != nil {
		return bare, err
	}
	var r Request
	if err := json.Unmarshal(b, &r); err != nil {
		return bare, fmt.Errorf("the control file is not JSON: %w", err)
	}
	if r.ID != id {
		return bare, fmt.Errorf("the control file is named %s but holds request %q", id, r.ID)
	}
	return r, nil
}

// Answered removes the file of a request. The run calls it when the answer is
// in the log; should it die in between, the request is seen again and must be
// known by its id. Removing twice is no error.
func (d Dir) Answered(id string) error {
	if !ValidID(id) {
		return fmt.Errorf("control request: %q is not a ULID", id)
	}
	if err := os.Remove(d.requestPath(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove answered request: %w", err)
	}
	return nil
}

// Withdraw takes a request back and says whether it was still there. One that
// the run is reading at this moment may be answered all the same.
func (d Dir) Withdraw(id string) (bool, error) {
	if !ValidID(id) {
		return false, fmt.Errorf("control request: %q is not a ULID", id)
	}
	err := os.Remove(d.requestPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (d Dir) requestPath(id string) string { return filepath.Join(d.CtlPath(), id+".json") }
