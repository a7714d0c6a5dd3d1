package nltk

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// The file holds texts and what nltk 3.9.2 makes of them: sentences and words.
// They were made at random of what its rules look for. GRADUS_NLTK names a
// longer file.
func TestPublished(t *testing.T) {
	name := os.Getenv("GRADUS_NLTK")
	if name == "" {
		name = "testdata/published.jsonl"
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, bad := 0, 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan() && bad < 10; rows++ {
		var text string
		var sentences, words []string
		if err := json.Unmarshal(lines.Bytes(), &[]any{&text, &sentences, &words}); err != nil {
			t.Fatal(err)
		}
		if got := Sentences(text); !slices.Equal(got, sentences) {
			bad++
			t.Errorf("%q: sentences %q, nltk's %q", text, got, sentences)
		}
		if got := Words(text); !slices.Equal(got, words) {
			bad++
			t.Errorf("%q: words %q, nltk's %q", text, got, words)
		}
	}
	if rows < 100 {
		t.Errorf("%d rows", rows)
	}
}

// Texts that would make nltk's expressions go back and forth do not.
func TestHostile(t *testing.T) {
	for _, s := range []string{". ", "!", "a.", "' ", "\n", "--", ". . ", "\"", "`", ")", " ", "can", "Mr. ", "\xff", "x\x1c"} {
		text := strings.Repeat(s, 1<<14/len(s))
		if len(Words(text)) > len(text) {
			t.Errorf("%q: more words than characters", s)
		}
	}
}
