package rules

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"gradus/rewards"
)

// TestJudgesTogether: long completions are judged on several processors at
// once, as they are one by one. It means most under the race detector.
func TestJudgesTogether(t *testing.T) {
	body := strings.Repeat("First we add 3 and 4 to get 7. Then $\\frac{14}{2}=7$, and so on.\n\n", 130)
	var g rewards.Group
	for _, end := range []string{"</think>\n<answer>\n\\boxed{9}\n</answer>", "</think>\n<answer>3*5-7</answer>", "</think>\n\nAnswer: 9", "\n#### 8"} {
		g.Samples = append(g.Samples, rewards.Sample{Prompt: "Assistant:", Completion: "<think>\n" + body + end, TokenIDs: make([]int32, 4000),
			Problem: rewards.Problem{Task: "jsonl", ID: "j", Question: "What is 4 + 5?", Gold: "9", Data: json.RawMessage(`{"numbers":[3,5,7],"target":8}`)}})
	}
	for _, rule := range Catalogue() {
		if rule.Custom {
			continue // judged by processes of their own
		}
		r := mustNew(t, rule.Name, rule.Needed)
		if _, ok := r.(rewards.Single); !ok {
			continue
		}
		c := rewards.Composite{Parts: []rewards.Part{{Name: rule.Name, Weight: 1, Reward: r}}, Now: func() time.Time { return time.Time{} }}
		together, err := c.Score(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range g.Samples {
			alone, err := r.Score(context.Background(), rewards.Group{Samples: []rewards.Sample{s}})
			if err != nil {
				t.Fatal(err)
			}
			if got := together[i].Parts[0].Result; !reflect.DeepEqual(got, alone[0]) {
				t.Errorf("%s on completion %d: %+v together, %+v alone", rule.Name, i, got, alone[0])
			}
		}
	}
}
