package prompt

import (
	"strings"
	"testing"
)

// TestR1Zero holds table 1 of the DeepSeek-R1 paper, with "prompt" replaced.
func TestR1Zero(t *testing.T) {
	got, err := Render("r1-zero", "What is 100% of 2+2? {%s}")
	if err != nil {
		t.Fatal(err)
	}
	want := "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> <answer> answer here </answer>. User: What is 100% of 2+2? {%s}. Assistant:"
	if got != want {
		t.Errorf("got %q", got)
	}
}

func TestShort(t *testing.T) {
	got, err := Render("short", "7+5-3")
	if err != nil || got != "Q:7+5-3\nA:" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOwnTemplate(t *testing.T) {
	const template = "Solve %s: {question}\n<think>"
	got, err := Render(template, "1+1 {question}")
	if err != nil || got != "Solve %s: 1+1 {question}\n<think>" {
		t.Errorf("%q, %v", got, err)
	}
	if q, ok := Question(template, got); !ok || q != "1+1 {question}" {
		t.Errorf("%q, %v", q, ok)
	}
	if err := Check("{question} {question}"); err == nil || !strings.Contains(err.Error(), "2 times") {
		t.Errorf("%v", err)
	}
}

func TestUnknownTemplate(t *testing.T) {
	if _, err := Render("r1_zero", "x"); err == nil || !strings.Contains(err.Error(), `did you mean "r1-zero"`) {
		t.Errorf("%v", err)
	}
	if _, err := Render("shrot", "x"); err == nil || !strings.Contains(err.Error(), `did you mean "short"`) {
		t.Errorf("%v", err)
	}
	for _, name := range List() {
		if _, err := Render(name, "x"); err != nil {
			t.Error(err)
		}
	}
}

func TestQuestion(t *testing.T) {
	for _, template := range List() {
		for _, q := range []string{"", "1+1?", "Q:\nA:", "User: %s. Assistant:"} {
			text, err := Render(template, q)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := Question(template, text); !ok || got != q {
				t.Errorf("%s: %q, %v; want %q", template, got, ok, q)
			}
		}
		if q, ok := Question(template, "something else"); ok {
			t.Errorf("%s made %q of another text", template, q)
		}
	}
	if _, ok := Question("no such", ""); ok {
		t.Error("an unknown template has a question")
	}
}
