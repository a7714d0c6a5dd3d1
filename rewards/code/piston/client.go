package piston

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say which servers to use, and how.
type Options struct {
	Endpoints   []string // as ParseEndpoints returns them
	PerEndpoint int      // requests at a time to each; 1 in open-r1
	Retries     int      // after the first try; 5 in open-r1
	// Beyond is how long an answer may take beyond the job's time to run:
	// compiling, and the way; 0 is 90 s.
	Beyond time.Duration
	// Pause waits between tries; nil is a clock.
	Pause func(context.Context, time.Duration) error
	// Spread is where in 0.9 to 1.1 of its length a pause lies, 0 to 1; nil is random.
	Spread func() float64
}

// Client sends jobs to servers in turn, each to one that has a place free. It
// may be used by several goroutines at once.
type Client struct {
	o      Options
	http   *http.Client
	places *places
}

// maxAnswer bounds an answer; outputs of programs are in it.
const maxAnswer = 64 << 20

// New makes a client. Nothing is sent before the first job.
func New(o Options) (*Client, error) {
	if len(o.Endpoints) == 0 {
		return nil, errors.New("no Piston endpoint is named")
	}
	if o.PerEndpoint < 1 || o.PerEndpoint > 1024 || o.Retries < 0 || o.Retries > 100 {
		return nil, fmt.Errorf("%d requests at a time to a Piston endpoint and %d retries; give 1 to 1024, and 0 to 100", o.PerEndpoint, o.Retries)
	}
	if o.Beyond == 0 {
		o.Beyond = 90 * time.Second
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Spread == nil {
		o.Spread = rand.Float64
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: o.PerEndpoint, IdleConnTimeout: 5 * time.Minute,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second}
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{o: o, http: client, places: newPlaces(len(o.Endpoints), o.PerEndpoint)}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Places is how many jobs can be under way at a time.
func (c *Client) Places() int { return cap(c.places.free) }

// Close lets the connections go.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// errOverloaded says that a server had no process left, or that the program
// said so, which cannot be told apart.
var errOverloaded = errors.New("the server is overloaded: Resource temporarily unavailable")

// refusal is an answer that no other try would change.
type refusal struct{ error }

// Execute runs a job on one of the servers. What may pass, as a server that is
// overloaded (status 429, or no processes left), fails or cannot be reached,
// is tried again after 1 s, 2 s, 4 s and so on, at most 10 s, on the next
// server. One that cannot be reached is asked for its languages 5 s later, and
// dropped when it does not answer. The error says what happened last. A run
// that ended for want of processes each time counts as one that failed.
func (c *Client) Execute(ctx context.Context, job Job) (Answer, error) {
	job.Version = "*"
	body, err := json.Marshal(job)
	if err != nil {
		return Answer{}, fmt.Errorf("piston: %w", err)
	}
	limit := time.Duration(min(max(job.RunTimeout, 0), 3_600_000)*float64(time.Millisecond)) + c.o.Beyond
	for try := 0; ; try++ {
		at, err := c.places.take(ctx)
		if err != nil {
			return Answer{}, err
		}
		endpoint := c.o.Endpoints[at.endpoint]
		answer, err := c.once(ctx, endpoint, body, limit)
		var no refusal
		if err == nil || ctx.Err() != nil || errors.As(err, &no) {
			c.places.give(at)
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return answer, err
		}
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" && !c.answers(ctx, endpoint) {
			if c.places.drop(at) {
				return Answer{}, fmt.Errorf("no Piston server can be reached any more, the last one was %s: %w", host(endpoint), err)
			}
		} else {
			c.places.give(at)
		}
		if try >= c.o.Retries && errors.Is(err, errOverloaded) {
			code := 1 // the program's own doing, as far as anyone knows
			answer.Run = &Stage{Code: &code, Stderr: answer.Run.Stderr}
			return answer, nil
		}
		if try >= c.o.Retries {
			return Answer{}, fmt.Errorf("piston: %d tries failed, the last one at %s: %w", try+1, host(endpoint), err)
		}
		wait := min(time.Second<<min(try, 10), 10*time.Second)
		if err := c.o.Pause(ctx, time.Duration(float64(wait)*(0.9+0.2*c.o.Spread()))); err != nil {
			return Answer{}, err
		}
	}
}

// answers asks a server that could not be reached once more, later.
func (c *Client) answers(ctx context.Context, endpoint string) bool {
	if c.o.Pause(ctx, 5*time.Second) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/runtimes", nil)
	if err != nil {
		return false
	}
	r, err := c.http.Do(q)
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// once sends a job to a server.
func (c *Client) once(ctx context.Context, endpoint string, body []byte, limit time.Duration) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/execute", bytes.NewReader(body))
	if err != nil {
		return Answer{}, refusal{err}
	}
	q.Header.Set("Content-Type", "application/json")
	r, err := c.http.Do(q)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which Execute tells
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %v", limit)
		}
		return Answer{}, err
	}
	defer r.Body.Close()
	said, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return Answer{}, fmt.Errorf("no whole answer within %v", limit)
	case err != nil:
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	case len(said) > maxAnswer:
		return Answer{}, refusal{fmt.Errorf("piston: an answer of more than %d MiB", maxAnswer>>20)}
	}
	a, err := Read(said)
	if r.StatusCode != http.StatusOK {
		if err == nil && a.Message != "" {
			err = fmt.Errorf("status %d: %s", r.StatusCode, short(a.Message))
		} else {
			err = fmt.Errorf("status %d: %s", r.StatusCode, short(string(said)))
		}
		if r.StatusCode/100 == 4 && r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusRequestTimeout {
			err = refusal{fmt.Errorf("piston at %s: %w", host(endpoint), err)}
		}
		return Answer{}, err
	}
	if err == nil && a.Run != nil && strings.Contains(a.Run.Stderr, "Resource temporarily unavailable") {
		return a, errOverloaded
	}
	return a, err
}

func host(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "an endpoint"
	}
	return u.Host
}

// short quotes the beginning of foreign text.
func short(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "?"))
}
