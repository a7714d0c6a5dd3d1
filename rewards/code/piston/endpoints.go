package piston

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// ParseEndpoints reads a list of servers, parted by commas or white space, as
// "http://host:2000/api/v2". "slurm" stands for those that Slurm runs under
// the names piston-worker-PORT.
func ParseEndpoints(ctx context.Context, list string) ([]string, error) {
	if strings.TrimSpace(list) == "slurm" {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, "squeue", "--format=%j %N %T", "--noheader", "--states=RUNNING").Output()
		if err != nil {
			return nil, fmt.Errorf("ask Slurm for Piston servers: squeue: %w", err)
		}
		found := slurmEndpoints(string(out))
		if len(found) == 0 {
			return nil, errors.New("no job of the name piston-worker-PORT runs under Slurm")
		}
		return found, nil
	}
	var out []string
	for _, e := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		u, err := url.Parse(e)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return nil, errors.New("a Piston endpoint is no address as http://host:2000/api/v2")
		case u.User != nil:
			return nil, fmt.Errorf("the Piston endpoint at %s holds a password; Piston knows none, and it would be stored with the run", u.Host)
		case u.RawQuery != "" || u.Fragment != "":
			return nil, fmt.Errorf("the Piston endpoint at %s has a query; give http://host:2000/api/v2", u.Host)
		}
		if e = strings.TrimRight(e, "/"); !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no Piston endpoint is named")
	}
	slices.Sort(out)
	return out, nil
}

// slurmEndpoints reads lines of job name, host and state.
func slurmEndpoints(lines string) []string {
	worker := regexp.MustCompile(`^piston-worker-([0-9]+)$`)
	var out []string
	for line := range strings.Lines(lines) {
		f := strings.Fields(strings.ReplaceAll(line, `"`, ""))
		if len(f) < 2 {
			continue
		}
		if m := worker.FindStringSubmatch(f[0]); m != nil {
			out = append(out, "http://"+f[1]+":"+m[1]+"/api/v2")
		}
	}
	slices.Sort(out)
	return out
}

// place is the right to send one request to one endpoint.
type place struct {
	endpoint int
	round    int // of the endpoints: all of them are there again in each
}

// places are handed out in turn. An endpoint that is dropped has none any
// more; when the last one goes, all return, for jobs to come.
type places struct {
	free chan place

	mu      sync.Mutex
	round   int
	dropped []bool
	each    int
}

func newPlaces(endpoints, each int) *places {
	p := &places{free: make(chan place, endpoints*each), each: each, dropped: make([]bool, endpoints)}
	p.fill()
	return p
}

func (p *places) fill() {
	for range p.each {
		for e := range p.dropped {
			p.free <- place{e, p.round}
		}
	}
}

// take waits for a place.
func (p *places) take(ctx context.Context) (place, error) {
	for {
		select {
		case <-ctx.Done():
			return place{}, ctx.Err()
		case at := <-p.free:
			p.mu.Lock()
			good := at.round == p.round && !p.dropped[at.endpoint]
			p.mu.Unlock()
			if good {
				return at, nil
			}
		}
	}
}

// give returns a place, unless its endpoint has been dropped meanwhile.
func (p *places) give(at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.round == p.round && !p.dropped[at.endpoint] {
		p.free <- at // there is room: each place is there once
	}
}

// drop does without an endpoint. It says whether that was the last one.
func (p *places) drop(at place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.round != p.round {
		return false
	}
	p.dropped[at.endpoint] = true
	if slices.Contains(p.dropped, false) {
		return false
	}
	p.round++
	clear(p.dropped)
	for {
		select {
		case <-p.free:
			continue
		default:
		}
		break
	}
	p.fill()
	return true
}
