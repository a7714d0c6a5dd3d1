package custom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"gradus/rewards"
)

// HTTPParams are the parameters of the reward "http".
type HTTPParams struct {
	URL            string     `json:"url"`          // of a service that answers POST
	Function       string     `json:"function"`     // handed through to the service
	AllowRemote    bool       `json:"allow_remote"` // completions may leave this machine
	TokenEnv       string     `json:"token_env"`    // environment variable with a bearer token
	Retries        int        `json:"retries"`      // after a failed connection or a 5xx; 2
	DeadlineMS     int        `json:"deadline_ms"`  // for one group, retries included; 5000
	Parallel       int        `json:"parallel"`     // groups asked about at a time, 1 … 64; 4
	Conversational bool       `json:"conversational"`
	Range          [2]float64 `json:"range"`
	Deterministic  bool       `json:"deterministic"`
}

// DefaultHTTP returns the defaults.
func DefaultHTTP() HTTPParams {
	return HTTPParams{Retries: 2, DeadlineMS: 5000, Parallel: 4, Range: anyScore(), Deterministic: true}
}

// HTTP is a reward that a web service computes.
type HTTP struct {
	spec   rewards.Spec
	p      HTTPParams
	host   string
	token  string
	client *http.Client
}

// NewHTTP makes the reward "http". The service gets the worker's "score"
// object by POST and answers its "result" object (docs/custom-rewards.md).
// getenv reads the bearer token.
func NewHTTP(p HTTPParams, getenv func(string) string) (*HTTP, error) {
	const name = "http"
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("reward %s: url is %q; give http://host:port/path or https://…", name, p.URL)
	}
	if u.User != nil {
		return nil, fmt.Errorf("reward %s: the url holds a password, which would be stored with the run; use token_env", name)
	}
	if !p.AllowRemote && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("reward %s: %s is another machine; completions would leave this one. Say allow_remote = true if they may", name, u.Hostname())
	}
	if p.Retries < 0 || p.Retries > 10 || p.DeadlineMS < 1 {
		return nil, fmt.Errorf("reward %s: retries is %d and deadline_ms %d; give 0 to 10, and at least 1", name, p.Retries, p.DeadlineMS)
	}
	if p.Parallel < 1 || p.Parallel > 64 {
		return nil, fmt.Errorf("reward %s: parallel is %d; give 1 to 64", name, p.Parallel)
	}
	if err := checkRange(name, p.Range); err != nil {
		return nil, err
	}
	h := &HTTP{p: p, host: u.Host, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		spec: rewards.Spec{Name: name, Version: "1.0.0", Params: asJSON(p), Range: p.Range, Deterministic: p.Deterministic}}
	if p.TokenEnv != "" {
		if h.token = getenv(p.TokenEnv); h.token == "" {
			return nil, fmt.Errorf("reward %s: token_env names %s, which is not set", name, p.TokenEnv)
		}
	}
	return h, nil
}

// loopback says whether a host name stands for this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Spec describes the service.
func (h *HTTP) Spec() rewards.Spec { return h.spec }

// Patience is how long one call may take.
func (h *HTTP) Patience() time.Duration { return time.Duration(h.p.DeadlineMS) * time.Millisecond }

// Parallel is how many groups it asks about at a time.
func (h *HTTP) Parallel() int { return h.p.Parallel }

// Score asks the service about a group. The Idempotency-Key is the same for
// all tries of a group, so that a service may count it once, and another one for
// any other question: the same prompt comes again in other runs, in evaluations
// and, with other completions, under 'gradus reward score' and 'fuzz'.
func (h *HTTP) Score(ctx context.Context, g rewards.Group) ([]rewards.Result, error) {
	if len(g.Samples) == 0 {
		return nil, nil
	}
	parent := ctx
	deadline := time.Duration(h.p.DeadlineMS) * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	body, err := request{id: 1, function: h.p.Function, deadlineMS: int64(h.p.DeadlineMS), group: g, conversational: h.p.Conversational}.append(nil)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%d/%s/%s/%s", g.Samples[0].Step, g.ID, h.p.Function, hash(body)[:16])
	for try := 0; ; try++ {
		r, again, err := h.post(ctx, key, body)
		if err == nil {
			return r.results(h.host, g), nil
		}
		if ctx.Err() != nil {
			if parent.Err() != nil {
				deadline = 0
			}
			return same(g, rewards.Result{Status: rewards.Timeout, Reason: reasonTimeout, Why: fmt.Sprintf("%s did not answer in time (%v): %v", h.host, deadline, err)}), nil
		}
		if !again || try >= h.p.Retries {
			return same(g, rewards.Result{Status: rewards.Error, Reason: reasonError, Why: fmt.Sprintf("%s: %v (try %d)", h.host, err, try+1)}), nil
		}
		select {
		case <-time.After(time.Duration(try+1) * 100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// post sends the call once; again says whether another try can help.
func (h *HTTP) post(ctx context.Context, key string, body []byte) (r reply, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.p.URL, bytes.NewReader(body))
	if err != nil {
		return reply{}, false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		var op *net.OpError // the url is in the message already: keep what went wrong
		if errors.As(err, &op) {
			return reply{}, op.Op == "dial", op
		}
		return reply{}, false, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxLine))
	if err != nil {
		return reply{}, false, fmt.Errorf("read the answer: %w", err)
	}
	if h.token != "" { // of a service that says what it was sent: results are stored
		text = bytes.ReplaceAll(text, []byte(h.token), []byte("***"))
	}
	if resp.StatusCode != http.StatusOK {
		return reply{}, resp.StatusCode >= 500, fmt.Errorf("status %s: %s", resp.Status, cut(string(text), 200))
	}
	if r, err = readReply(text); err != nil || r.Type != "result" && r.Type != "error" {
		return reply{}, false, fmt.Errorf("its answer is no result object: %s", cut(string(text), 100))
	}
	return r, false, nil
}
