package langdetect

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// The file holds texts and the languages that langdetect 1.0.9 with
// DetectorFactory.seed = 0 found (Python 3.12, profiles read in alphabetical
// order), null where it raised. GRADUS_LANGDETECT names a longer file.
func TestPublished(t *testing.T) {
	name := os.Getenv("GRADUS_LANGDETECT")
	if name == "" {
		name = "testdata/published.jsonl"
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, bad := 0, 0
	for lines := bufio.NewScanner(file); lines.Scan() && bad < 10 && !(testing.Short() && rows == 40); rows++ {
		var text string
		var want *string
		if err := json.Unmarshal(lines.Bytes(), &[]any{&text, &want}); err != nil {
			t.Fatal(err)
		}
		got, known, err := Detect(text)
		if err != nil {
			t.Fatal(err)
		}
		if known != (want != nil) || known && got != *want {
			bad++
			t.Errorf("%q: %q, %v; want %s", text, got, known, lines.Bytes()[max(0, len(lines.Bytes())-12):])
		}
	}
	if rows < 40 {
		t.Errorf("%d rows", rows)
	}
}

// The first numbers of random.Random(0): three times gauss(0, 1), choice of
// range(1000), random().
func TestTwister(t *testing.T) {
	r := newTwister(0)
	for i, want := range []float64{0.9417154046806644, -1.3965781047011498, -0.6797144480784211} {
		if got := r.gauss(); math.Abs(got-want) > 1e-12 { // the last bit is the C library's
			t.Errorf("gauss %d: %v, Python's %v", i, got, want)
		}
	}
	if got := r.below(1000); got != 523 {
		t.Errorf("choice: %v", got)
	}
	if got := r.uniform(); got != 0.48592769656281265 {
		t.Errorf("random: %v", got)
	}
}

func TestHostile(t *testing.T) {
	size := 1 << 16
	if testing.Short() {
		size = 1 << 12
	}
	for _, s := range []string{"a", "@", "a@", "http://", "\u0300", "A\u0300", " ", "\xff", "语", "x.-"} {
		if _, _, err := Detect(strings.Repeat(s, size/len(s))); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}
