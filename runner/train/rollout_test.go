package train

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// slowReward says that it has begun and waits until it may go on, the first
// time it is asked.
const slowReward = `import os, time
def slow(completions, **kwargs):
    here = os.path.dirname(os.path.abspath(os.environ.get("GRADUS_TEST_DIR", ".") + "/x"))
    open(os.path.join(here, "begun"), "a").close()
    while not os.path.exists(os.path.join(here, "go")):
        time.sleep(0.005)
    return [float(len(c)) for c in completions]
`

// TestJudgesWhileSampling: a group is judged as soon as it is whole. Sampling
// goes on while its reward is asked, and does not end before the reward has
// begun: the reward waits for the last completion, and the last completion for
// the reward.
func TestJudgesWhileSampling(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 on this machine")
	}
	dir := t.TempDir()
	t.Setenv("GRADUS_TEST_DIR", dir)
	file := filepath.Join(dir, "slow.py")
	if err := os.WriteFile(file, []byte(slowReward), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s\n[[reward]]\nname = \"python\"\nparams = { file = %q, function = \"slow\", deadline_ms = 60000 }\n", micro, file)
	run := newRun(t, text, "stage.3.steps=2")
	env := testEnv(t, run)
	var waited bool
	env.Progress = func(e Event) {
		if e.Doing == "" || e.Done != e.Total || waited {
			return
		}
		waited = true
		// Generate is not over before this returns.
		for begun := time.Now(); ; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
				break
			}
			if time.Since(begun) > 30*time.Second {
				t.Error("the last completion is there and no group has been judged")
				break
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	if err := Run(context.Background(), env); err != nil {
		t.Fatal(err)
	}
	if !waited {
		t.Fatal("no sampling was told")
	}
	for key, s := range readRecord(t, run).samples {
		for _, row := range s.Rows {
			if last := row.Rewards[len(row.Rewards)-1]; last.Status != "ok" || last.Score != float64(len([]rune(row.Text))) {
				t.Errorf("%s: %+v of %q", key, last, row.Text)
			}
		}
	}
}
