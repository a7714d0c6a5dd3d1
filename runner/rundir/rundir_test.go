package rundir

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"
)

// id is the ULID of millisecond n.
func id(n uint64) string {
	var u ulid.ULID
	_ = u.SetTime(1_700_000_000_000 + n)
	return u.String()
}

func newHome(t *testing.T) Home {
	t.Helper()
	h, err := OpenHome(filepath.Join(t.TempDir(), "home"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newRun(t *testing.T) Dir {
	t.Helper()
	d, err := newHome(t).Create(Spec{ID: id(1), Name: "demo", Host: "here"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHomePath(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"GRADUS_HOME": "/g", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/g"},
		{map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/gradus"},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/gradus"},
		{map[string]string{"HOME": "/h"}, "/h/.local/state/gradus"},
		{map[string]string{"HOME": "h"}, ""},
		{nil, ""},
	} {
		got, err := HomePath(func(k string) string { return c.env[k] })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v gives %q, %v; want %q", c.env, got, err, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "set GRADUS_HOME") {
			t.Errorf("error %q does not say what to do", err)
		}
	}
}

func TestEverythingIsPrivate(t *testing.T) {
	h := newHome(t)
	d, err := h.Create(Spec{ID: id(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock(Self()); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteRequest(Request{ID: id(2), Verb: "stop"}); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(h.Root(), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		files++
		return nil
	})
	if err != nil || files != 8 { // home, runs, run, ctl, ckpt, run.json, run.lock, request
		t.Errorf("%d entries, %v", files, err)
	}
}

func TestHomeRefusesWhatOthersControl(t *testing.T) {
	base := t.TempDir()
	open := filepath.Join(base, "open")
	if err := os.MkdirAll(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o770); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(open); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a group-writable home gives %v", err)
	}
	link := filepath.Join(base, "link")
	real := filepath.Join(base, "real")
	if err := os.MkdirAll(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(link); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a linked home gives %v", err)
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(file); err == nil {
		t.Error("a file was taken for a home")
	}
	if _, err := OpenHome("relative"); err == nil {
		t.Error("a relative home was taken")
	}
	if os.Geteuid() == 0 {
		foreign := filepath.Join(base, "foreign")
		if err := os.MkdirAll(foreign, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(foreign, 12345, 12345); err != nil {
			t.Skip(err)
		}
		if _, err := OpenHome(foreign); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
			t.Errorf("a home of another user gives %v", err)
		}
	}
}

func TestHostileNames(t *testing.T) {
	h := newHome(t)
	if _, err := h.Create(Spec{ID: id(1)}); err != nil {
		t.Fatal(err)
	}
	bad := []string{"", ".", "..", "../" + id(1), id(1) + "/..", id(1) + "/", "/etc", strings.ToLower(id(1)), id(1)[:25], id(1) + "0",
		"8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5FA\x00", "\x1b]0;x\x07ZZZZZZZZZZZZZZZZZZZZ", "％2e％2e", "01ARZ3NDEKTSV4RRFFQ69G5FAé"}
	for _, name := range bad {
		if ValidID(name) {
			t.Errorf("%q is taken for an id", name)
		}
		if _, err := h.Open(name); !errors.Is(err, ErrNoRun) {
			t.Errorf("open %q gives %v", name, err)
		}
		if _, err := h.Create(Spec{ID: name}); err == nil {
			t.Errorf("created %q", name)
		}
		d, _ := h.Open(id(1))
		if err := d.WriteRequest(Request{ID: name}); err == nil {
			t.Errorf("wrote request %q", name)
		}
		if err := d.Answered(name); err == nil {
			t.Errorf("removed request %q", name)
		}
		if _, err := d.Withdraw(name); err == nil {
			t.Errorf("withdrew request %q", name)
		}
	}
	for _, name := range []string{"..x", "notes.txt", ".new-123", strings.ToLower(id(3))} {
		if err := os.Mkdir(filepath.Join(h.RunsRoot(), name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(h.RunsRoot(), id(4)), nil, 0o600); err != nil { // a file with a run's name
		t.Fatal(err)
	}
	if err := os.Symlink(h.RunsRoot()+"/"+id(1), filepath.Join(h.RunsRoot(), id(5))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Open(id(5)); err == nil {
		t.Error("opened a run through a symbolic link")
	}
	ids, err := h.Runs()
	if err != nil || len(ids) != 1 || ids[0] != id(1) {
		t.Errorf("runs are %v, %v", ids, err)
	}
	if _, err := At(filepath.Join(h.RunsRoot(), id(9))); !errors.Is(err, ErrNoRun) {
		t.Errorf("a missing run gives %v", err)
	}
	if _, err := At(id(1)); !errors.Is(err, ErrNoRun) {
		t.Errorf("a relative run folder gives %v", err)
	}
}

func TestSpecRoundTrip(t *testing.T) {
	h := newHome(t)
	want := Spec{ID: id(1), Name: "demo", Purpose: "train", Config: json.RawMessage(`{"a":1.0}`), ConfigTOML: "a = 1.0\n", Parent: id(9) + "@50",
		From: "/x", Version: "0.1", Host: "here", BootID: "b", CreatedUS: 12}
	d, err := h.Create(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Spec()
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Config) != `{
    "a": 1.0
  }` {
		t.Errorf("config is %s", got.Config)
	}
	got.Config = want.Config
	if g, w := asJSON(t, got), asJSON(t, want); g != w {
		t.Errorf("got %s, want %s", g, w)
	}
	if _, err := h.Create(want); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("creating a run twice gives %v", err)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDamagedSpec(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
	}{
		"torn":     {`{"id":"01`, "run.json is damaged"},
		"empty":    {"", "run.json is damaged"},
		"copied":   {`{"id":"` + id(7) + `"}`, "was copied or renamed"},
		"hostile":  {`{"id":"\u001b[2J"}`, `"\x1b[2J"`},
		"enormous": {strings.Repeat(" ", maxSpec+1), "at most"},
	} {
		d := newRun(t)
		if err := os.WriteFile(d.SpecPath(), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Spec()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s: error %v, want one line with %q", name, err, c.want)
		}
	}
	d := newRun(t)
	if err := os.Remove(d.SpecPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Spec(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing run.json gives %v", err)
	}
}

func FuzzSpecAndRequest(f *testing.F) {
	f.Add([]byte(`{"id":"x"}`))
	f.Add([]byte(`{"id":1,"args":{"a":[1,2,{}]}}`))
	f.Add([]byte("\xff\x00"))
	dir := f.TempDir()
	h, err := OpenHome(filepath.Join(dir, "home"))
	if err != nil {
		f.Fatal(err)
	}
	d, err := h.Create(Spec{ID: id(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(d.SpecPath(), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Spec(); err == nil && s.ID != d.ID() {
			t.Errorf("a foreign spec was accepted: %q", b)
		}
		if err := os.WriteFile(d.requestPath(id(2)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := d.Pending()
		if err != nil || len(list) != 1 || list[0].Request.ID != id(2) {
			t.Errorf("pending is %v, %v", list, err)
		}
	})
}
