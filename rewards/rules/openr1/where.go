package openr1

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gradus/rewards/code"
	"gradus/rewards/code/contest"
	"gradus/rewards/code/piston"
	"gradus/rewards/sandbox"
)

// Where says where programs run. Its fields are parameters of both rewards.
type Where struct {
	ProviderType      string `json:"provider_type"`       // "sandbox": this machine; "piston": servers
	PistonEndpoints   string `json:"piston_endpoints"`    // addresses parted by commas, or "slurm"; "" is the variable PISTON_ENDPOINTS
	PistonMaxRequests int    `json:"piston_max_requests"` // at a time to each server; 0: PISTON_MAX_REQUESTS_PER_ENDPOINT, or 1
	Sandbox           string `json:"sandbox"`             // "auto": userns or landlock; "bwrap"; "none": no isolation, for machines that are thrown away
	Parallel          int    `json:"parallel"`            // programs at a time here; 0: as many as there are processors, at most 4
	DeadlineMS        int    `json:"deadline_ms"`         // for a group; what has no verdict by then is a timeout
	Python            string `json:"python"`              // interpreter of the sandbox; "" is python3 of PATH
}

func defaultWhere() Where {
	return Where{ProviderType: "sandbox", Sandbox: string(sandbox.Auto), DeadlineMS: 600_000}
}

// provider runs jobs.
type provider interface {
	Execute(context.Context, piston.Job) (piston.Answer, error)
	Close() error
}

// provider makes what runs the programs. Nothing starts before the first job.
func (w Where) provider(getenv func(string) string) (provider, error) {
	if w.Parallel < 0 || w.Parallel > 256 || w.DeadlineMS < 1 || w.PistonMaxRequests < 0 || w.PistonMaxRequests > 1024 {
		return nil, fmt.Errorf("parallel is %d, deadline_ms %d and piston_max_requests %d; give 0 to 256, milliseconds, and 0 to 1024", w.Parallel, w.DeadlineMS, w.PistonMaxRequests)
	}
	switch w.ProviderType {
	case "sandbox":
		return w.engine()
	case "piston":
		return w.client(getenv)
	}
	return nil, fmt.Errorf(`provider_type %q is unknown here; use "sandbox" (this machine) or "piston" (servers of yours)`, w.ProviderType)
}

func (w Where) engine() (provider, error) {
	level, err := sandbox.ParseLevel(w.Sandbox)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program that keeps the sandbox: %w", err)
	}
	o := code.DefaultOptions()
	o.Sandbox, o.Keep, o.Python = level, []string{self, sandbox.Command}, w.Python
	j, err := code.New(o)
	if err != nil {
		return nil, err
	}
	places := w.Parallel
	if places == 0 {
		places = code.Parallel()
	}
	return contest.New(j, places), nil
}

func (w Where) client(getenv func(string) string) (provider, error) {
	list := w.PistonEndpoints
	if strings.TrimSpace(list) == "" {
		list = getenv("PISTON_ENDPOINTS")
	}
	if strings.TrimSpace(list) == "" {
		return nil, fmt.Errorf("provider_type is piston and no server is named; set piston_endpoints or the variable PISTON_ENDPOINTS, as http://localhost:2000/api/v2")
	}
	endpoints, err := piston.ParseEndpoints(context.Background(), list)
	if err != nil {
		return nil, err
	}
	each := w.PistonMaxRequests
	if text := getenv("PISTON_MAX_REQUESTS_PER_ENDPOINT"); each == 0 && text != "" {
		if each, err = strconv.Atoi(text); err != nil || each < 1 || each > 1024 {
			return nil, fmt.Errorf("the variable PISTON_MAX_REQUESTS_PER_ENDPOINT is %.20q; give 1 to 1024", text)
		}
	}
	return piston.New(piston.Options{Endpoints: endpoints, PerEndpoint: max(1, each), Retries: 5})
}

func (w Where) patience() time.Duration { return time.Duration(w.DeadlineMS) * time.Millisecond }
