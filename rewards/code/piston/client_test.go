package piston

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const right = `{"language":"c++17","version":"1.0.0","compile":{"stdout":"","stderr":"","code":0,"signal":null},"run":{"stdout":"1\n","stderr":"","code":0,"signal":null}}`

// pauses are the pauses of a client, which takes none.
type pauses struct {
	mu   sync.Mutex
	list []time.Duration
}

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, d)
	return ctx.Err()
}

// client makes a client of servers, with pauses of their middle length.
func client(t *testing.T, o Options, servers ...http.HandlerFunc) (*Client, *pauses) {
	t.Helper()
	for _, s := range servers {
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		o.Endpoints = append(o.Endpoints, server.URL+"/api/v2")
	}
	p := &pauses{}
	o.Pause, o.Spread = p.pause, func() float64 { return 0.5 }
	if o.PerEndpoint == 0 {
		o.PerEndpoint = 1
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, p
}

// replies answers with one reply after the other, the last one for ever.
func replies(list ...func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		list[min(int(n.Add(1)), len(list))-1](w, r)
	}
}

func says(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// hangs answers nothing until the client goes.
func hangs(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // then the server sees the client go
	<-r.Context().Done()
}

// breaks ends the connection within its answer.
func breaks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"run":{`)
	panic(http.ErrAbortHandler)
}

func TestExecute(t *testing.T) {
	overloaded := strings.Replace(right, `"stderr":"","code":0,"signal":null}}`, `"stderr":"fork: Resource temporarily unavailable","code":0,"signal":null}}`, 1)
	const s = time.Second
	for _, tt := range []struct {
		name    string
		replies []func(http.ResponseWriter, *http.Request)
		retries int
		want    string // in the error; "" for a right answer
		pauses  []time.Duration
	}{
		{"right at once", []func(http.ResponseWriter, *http.Request){says(200, right)}, 5, "", nil},
		{"too many requests", []func(http.ResponseWriter, *http.Request){says(429, "slow down"), says(429, ""), says(200, right)}, 5, "", []time.Duration{s, 2 * s}},
		{"broken server", []func(http.ResponseWriter, *http.Request){says(502, "<html>"), says(500, `{"message":"no box"}`), says(200, right)}, 5, "", []time.Duration{s, 2 * s}},
		{"for ever", []func(http.ResponseWriter, *http.Request){says(500, `{"message":"no box"}`)}, 5, `6 tries failed, the last one at 127.0.0.1`, []time.Duration{s, 2 * s, 4 * s, 8 * s, 10 * s}},
		{"hangs", []func(http.ResponseWriter, *http.Request){hangs, says(200, right)}, 5, "", []time.Duration{s}},
		{"breaks off", []func(http.ResponseWriter, *http.Request){breaks, says(200, right)}, 5, "", []time.Duration{s}},
		{"garbage", []func(http.ResponseWriter, *http.Request){says(200, "<html>"), says(200, "null"), says(200, ""), says(200, "[]"), says(200, "{}"), says(200, right)}, 5, "", []time.Duration{s, 2 * s, 4 * s, 8 * s, 10 * s}},
		{"garbage for ever", []func(http.ResponseWriter, *http.Request){says(200, `{"run":{"code":1.5}}`)}, 1, "the exit code 1.5 is none", []time.Duration{s}},
		{"a language that is not there", []func(http.ResponseWriter, *http.Request){says(400, `{"message":"c++17-* runtime is unknown"}`)}, 5, `status 400: "c++17-* runtime is unknown"`, nil},
		{"elsewhere", []func(http.ResponseWriter, *http.Request){says(302, "")}, 0, "status 302", nil},
		{"no page", []func(http.ResponseWriter, *http.Request){says(404, strings.Repeat("<", 1000))}, 5, "status 404", nil},
		{"overloaded", []func(http.ResponseWriter, *http.Request){says(200, overloaded), says(200, right)}, 5, "", []time.Duration{s}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := Options{Retries: tt.retries}
			if tt.name == "hangs" {
				o.Beyond = 50 * time.Millisecond
			}
			c, p := client(t, o, replies(tt.replies...))
			a, err := c.Execute(context.Background(), Job{Language: CPP17, Files: []File{{"main.cpp", "x"}}})
			if tt.want == "" && (err != nil || a.Run == nil || a.Run.Stdout != "1\n" || !a.Compile.OK()) {
				if tt.name == "hangs" && err != nil && strings.Contains(err.Error(), "within") {
					return // so busy that the right answer was late, too
				}
				t.Errorf("%+v, %v", a, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 400) {
				t.Errorf("%+v, %v; want %s", a, err, tt.want)
			}
			if fmt.Sprint(p.list) != fmt.Sprint(tt.pauses) {
				t.Errorf("pauses of %v, want %v", p.list, tt.pauses)
			}
		})
	}
	// A program that says so each time has failed.
	c, _ := client(t, Options{Retries: 2}, says(200, overloaded))
	if a, err := c.Execute(context.Background(), Job{Language: CPP17}); err != nil || a.Run.OK() || a.Run.Stdout != "" || !a.Compile.OK() {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestRequest: what is sent, and where.
func TestRequest(t *testing.T) {
	got := make(chan string, 1)
	c, _ := client(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		out, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
		}
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(out)
		fmt.Fprint(w, right)
	})
	memory := 256e6
	if _, err := c.Execute(context.Background(), Job{Language: IOI, Files: []File{{"graders/a.cpp", "\xff"}}, RunTimeout: 4500, RunMemoryLimit: &memory}); err != nil {
		t.Fatal(err)
	}
	const want = `POST /api/v2/execute application/json {"files":[{"content":"` + "\ufffd" + `","name":"graders/a.cpp"}],"language":"cms_ioi","run_memory_limit":256000000,"run_timeout":4500,"version":"*"}`
	if s := <-got; s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

// TestPlaces: no server gets more than its share at a time, and all servers
// get some.
func TestPlaces(t *testing.T) {
	var now, most [2]atomic.Int64
	server := func(i int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			n := now[i].Add(1)
			for {
				m := most[i].Load()
				if n <= m || most[i].CompareAndSwap(m, n) {
					break
				}
			}
			fmt.Fprint(w, right)
			now[i].Add(-1)
		}
	}
	c, _ := client(t, Options{PerEndpoint: 2}, server(0), server(1))
	var wg sync.WaitGroup
	for range 40 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := c.Execute(context.Background(), Job{Language: CPP17}); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	for i := range most {
		if m := most[i].Load(); m < 1 || m > 2 {
			t.Errorf("server %d had %d requests at a time", i, m)
		}
	}
}

// TestUnreachable: a server that is gone is left out; when all are, the job
// fails, and the next one tries them again.
func TestUnreachable(t *testing.T) {
	const gone = "http://127.0.0.1:1/api/v2" // nothing listens there
	c, p := client(t, Options{Endpoints: []string{gone}, Retries: 5}, replies(says(200, right)))
	for range 5 {
		if _, err := c.Execute(context.Background(), Job{Language: CPP17}); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.list) != 2 || p.list[0] != 5*time.Second || p.list[1] != time.Second {
		t.Errorf("pauses of %v", p.list)
	}
	c, _ = client(t, Options{Endpoints: []string{gone}, Retries: 5})
	for range 2 {
		if _, err := c.Execute(context.Background(), Job{Language: CPP17}); err == nil || !strings.Contains(err.Error(), "can be reached any more") {
			t.Errorf("%v", err)
		}
	}
	var wg sync.WaitGroup
	for range 20 { // none waits for ever
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := c.Execute(context.Background(), Job{Language: CPP17}); err == nil {
				t.Error("it was reached")
			}
		}()
	}
	wg.Wait()
}

// TestCalledOff: the end of a context ends a job, whether it waits for a place
// or for an answer.
func TestCalledOff(t *testing.T) {
	reached := make(chan struct{}, 1)
	c, _ := client(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		hangs(w, r)
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := c.Execute(ctx, Job{Language: CPP17}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}()
	}
	<-reached
	cancel()
	wg.Wait()
}

func TestNew(t *testing.T) {
	for _, o := range []Options{{}, {Endpoints: []string{"x"}}, {Endpoints: []string{"x"}, PerEndpoint: 1, Retries: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	got, err := ParseEndpoints(context.Background(), " http://b:1/api/v2/ ,https://a/api/v2\nhttp://b:1/api/v2")
	if err != nil || fmt.Sprint(got) != "[http://b:1/api/v2 https://a/api/v2]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", ",", "localhost:2000", "ftp://a", "http://", "http://a/?x=1", "http://u:p@a/"} {
		if got, err := ParseEndpoints(context.Background(), bad); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q is %v, %v", bad, got, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := ParseEndpoints(context.Background(), "slurm"); err == nil || !strings.Contains(err.Error(), "squeue") {
		t.Errorf("no Slurm: %v", err)
	}
	if got := slurmEndpoints("\"piston-worker-2001 n7 RUNNING\"\ntrain n1 RUNNING\npiston-worker-x n2 RUNNING\npiston-worker-1 n3 RUNNING\n\n"); fmt.Sprint(got) != "[http://n3:1/api/v2 http://n7:2001/api/v2]" {
		t.Errorf("%v", got)
	}
}

// FuzzRead: any bytes are an answer that makes sense, or an error.
func FuzzRead(f *testing.F) {
	for _, s := range []string{right, "null", "{}", `{"message":"no"}`, `{"run":{"code":null,"signal":"SIGKILL"}}`, `{"run":{"code":1e99}}`, `{"run":[]}`, `{"compile":{"code":-1}}`, "\xff{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := Read(body)
		if err == nil && a.Run == nil && a.Compile == nil && a.Message == "" {
			t.Errorf("%q says nothing", body)
		}
		if err == nil && a.Run != nil && a.Run.OK() && *a.Run.Code != 0 {
			t.Errorf("%q ended well", body)
		}
	})
}
