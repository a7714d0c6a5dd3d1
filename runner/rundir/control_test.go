package rundir

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestRequestsComeInOrder(t *testing.T) {
	d := newRun(t)
	for _, n := range []uint64{9, 3, 7} {
		if err := d.WriteRequest(Request{ID: id(n), Verb: "pause", Reason: fmt.Sprint(n), Args: json.RawMessage(`{"a":1}`), ExpiresUS: 100}); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		".tmp-123":      "half",
		"x.json":        "{}",
		id(4):           "{}", // no .json
		id(5) + ".json": "{torn",
		id(6) + ".json": `{"id":"` + id(1) + `","verb":"stop"}`, // another's name
		id(8) + ".json": strings.Repeat("x", maxRequest+1),
	} {
		if err := os.WriteFile(filepath.Join(d.CtlPath(), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(d.requestPath(id(10)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", d.requestPath(id(11))); err != nil {
		t.Fatal(err)
	}
	list, err := d.Pending()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list {
		s := p.Request.Reason
		if p.Err != nil {
			s = "bad"
			if strings.ContainsAny(p.Err.Error(), "\n\x1b") || p.Request.Verb != "" {
				t.Errorf("bad request %+v: %v", p.Request, p.Err)
			}
		}
		got = append(got, s)
	}
	if want := "3 bad bad 7 bad 9 bad bad"; strings.Join(got, " ") != want {
		t.Errorf("order is %v, want %s", got, want)
	}
	if r := list[0].Request; r.Expired(99) || !r.Expired(100) || (Request{}).Expired(1<<62) {
		t.Error("expiry is wrong")
	}
	if c := list[0].Request.Control(); c.ID != id(3) || c.Verb != "pause" || string(c.Args) != `{"a":1}` {
		t.Errorf("answer begins as %+v", c)
	}
	if err := d.Answered(id(3)); err != nil {
		t.Fatal(err)
	}
	if err := d.Answered(id(3)); err != nil {
		t.Errorf("answering twice gives %v", err)
	}
	if back, err := d.Withdraw(id(7)); err != nil || !back {
		t.Errorf("withdrawing gives %v, %v", back, err)
	}
	if back, err := d.Withdraw(id(7)); err != nil || back {
		t.Errorf("withdrawing again gives %v, %v", back, err)
	}
	if err := d.WriteRequest(Request{ID: id(12), Reason: strings.Repeat("x", maxRequest)}); err == nil || !strings.Contains(err.Error(), "shorten the reason") {
		t.Errorf("an enormous request gives %v", err)
	}
}

// Many ask, one answers, some withdraw, all at the same time: every request is
// seen whole, and either answered once or withdrawn.
func TestControlFilesUnderRace(t *testing.T) {
	d := newRun(t)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	var mu sync.Mutex
	withdrawn := map[string]bool{}
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				r := Request{ID: id(uint64(100 + w*each + i)), Verb: "checkpoint", Reason: strings.Repeat("r", 3000)}
				if err := d.WriteRequest(r); err != nil {
					t.Error(err)
				}
				if i%5 == 0 {
					if back, err := d.Withdraw(r.ID); err != nil {
						t.Error(err)
					} else if back {
						mu.Lock()
						withdrawn[r.ID] = true
						mu.Unlock()
					}
				}
			}
		}()
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	answered := map[string]int{}
	for last := false; ; {
		list, err := d.Pending()
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range list {
			if p.Err != nil || len(p.Request.Reason) != 3000 {
				t.Fatalf("request %s was seen in part: %v", p.Request.ID, p.Err)
			}
			if i > 0 && list[i-1].Request.ID >= p.Request.ID {
				t.Fatal("requests are out of order")
			}
			// As the run does it: the answer goes to the log, then the file goes.
			if back, err := d.Withdraw(p.Request.ID); err != nil {
				t.Fatal(err)
			} else if back {
				answered[p.Request.ID]++
			}
		}
		if last {
			break
		}
		select {
		case <-finished:
			last = true // one more look at what the last writers left
		default:
		}
	}
	if got := len(answered) + len(withdrawn); got != writers*each {
		t.Errorf("%d answered and %d withdrawn, want %d together", len(answered), len(withdrawn), writers*each)
	}
	for id, n := range answered {
		if n != 1 || withdrawn[id] {
			t.Errorf("%s was answered %d times, withdrawn: %v", id, n, withdrawn[id])
		}
	}
	if entries, _ := os.ReadDir(d.CtlPath()); len(entries) != 0 {
		t.Errorf("%d files are left", len(entries))
	}
}
