package custom

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"gradus/rewards"
)

// Python reads a frame as what JSON would have said: the worker's own score
// is called with both, by a function that returns its arguments.
func TestMarshal(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 on this machine")
	}
	long := bytes.Repeat([]byte("é"), 70_000)
	groups := []rewards.Group{{}, {Samples: []rewards.Sample{
		{Prompt: "p", Completion: "a\n\"b\\\x00", TokenIDs: []int32{1, -2, math.MaxInt32, math.MinInt32}, Step: 7,
			Problem: rewards.Problem{Task: "t", ID: "t/1", Question: "q", Gold: "g", Data: json.RawMessage("{\"x\":\n 1}")},
			Columns: map[string]json.RawMessage{"language": json.RawMessage(`"en{"`), "answer": json.RawMessage(`[1]`), "prompts": json.RawMessage(`"no"`)}},
		{Prompt: "p", Completion: "\xff\xfe" + string(long) + "\xed\xa0\x80", Step: 7, Problem: rewards.Problem{Task: "t", ID: "t/1", Question: "q", Gold: "h"}},
	}}}
	values := []string{"0", "-0", "3", "-17", "0.1", "-2.5e-7", "1E3", "123456789012345678901234567890", "true", "false", "null", " 4 ",
		`""`, `"é 𝄞"`, `"a\n"`, `"\ud83d\ude00"`, "[1]", `{"a":[1.5]}`}
	for i, v := range values { // all the same; one without; each its own
		column := func(v string) rewards.Sample {
			return rewards.Sample{Columns: map[string]json.RawMessage{"level": json.RawMessage(v)}}
		}
		w := values[(i+1)%len(values)]
		groups = append(groups, rewards.Group{Samples: []rewards.Sample{column(v), column(v)}}, rewards.Group{Samples: []rewards.Sample{column(v), {}}},
			rewards.Group{Samples: []rewards.Sample{column(v), column(v), column(w)}})
	}
	for _, step := range []int{-1, math.MaxInt32 + 1, math.MaxInt64, math.MinInt32 - 1} {
		groups = append(groups, rewards.Group{Samples: []rewards.Sample{{Step: step}}})
	}
	var frames []byte
	var wants []string
	for _, g := range groups {
		for _, r := range []request{{group: g}, {group: g, conversational: true}, {group: g, only: map[string]bool{"completions": true, "answer": true}}} {
			r.id, r.function = 3, "f"
			want, err := r.append(nil)
			if err != nil {
				t.Fatal(err)
			}
			from := len(frames)
			if frames, err = r.appendMarshal(frames); err != nil {
				t.Fatal(err)
			}
			if n := binary.NativeEndian.Uint32(frames[from:]); int(n) != len(frames)-from-4 {
				t.Fatalf("a frame of %d bytes says %d", len(frames)-from-4, n)
			}
			wants = append(wants, string(want))
		}
	}
	definitions, _, _ := strings.Cut(pythonWorker, "if __name__")
	cmd := exec.Command(python, "-c", definitions+`
def f(**kwargs):
    del kwargs["log_extra"], kwargs["log_metric"]
    kwargs["trainer_state"] = vars(kwargs["trainer_state"])
    print(json.dumps(kwargs))
    return [0.0]

for frame in frames(0):
    call = marshal.loads(frame)
    assert call[0] == 3 and call[1] == "f", call
    score({"f": f}, {"f": None}, call)
`)
	cmd.Stdin = bytes.NewReader(frames)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(wants) {
		t.Fatalf("%d calls arrived, want %d", len(lines), len(wants))
	}
	for i, line := range lines {
		var got any
		var want map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(wants[i]), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want["kwargs"]) {
			t.Errorf("Python got %.2000v\nwant %.2000v", got, want["kwargs"])
		}
	}
}

// A reply read without reflection is the one that encoding/json reads.
func FuzzReply(f *testing.F) {
	for _, s := range []string{`{"type":"result","id":17,"rewards":[1.0, -0.5, 1e-05],"ms":0.0120}`, `{"type":"result","id":1,"rewards":[],"ms":0}`,
		`{"type":"result","id":1,"rewards":[1.0, null],"ms":0.1}`, `{"type":"result","id":1,"rewards":[1.0,],"ms":0.1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, ok := plainReply(line)
		var want reply
		if !ok || json.Unmarshal(line, &want) != nil {
			return // what Python never writes may be read more freely
		}
		g := rewards.Group{Samples: make([]rewards.Sample, len(want.Rewards))}
		if a, b := got.results("f", g), want.results("f", g); got.ID != want.ID || got.Millis != want.Millis || !reflect.DeepEqual(a, b) {
			t.Errorf("%q: %+v, want %+v", line, a, b)
		}
	})
}
