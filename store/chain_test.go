package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gradus/store"
	"gradus/store/storetest"
)

func TestChainShowsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		var list []store.Control
		prev := ""
		for i := range n {
			c, err := store.Chain(prev, store.Control{ID: fmt.Sprintf("01JHN%021d", i), Actor: rapid.String().Draw(t, "actor"), Verb: "stop", Reason: rapid.String().Draw(t, "reason"),
				Args: json.RawMessage(`{"b": 1, "a":"<&>"}`), Outcome: "applied", AppliedStep: i})
			if err != nil {
				t.Fatal(err)
			}
			prev = c.Hash
			// As it comes back from the log.
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			var back store.Control
			if err := json.Unmarshal(b, &back); err != nil {
				t.Fatal(err)
			}
			list = append(list, back)
		}
		if err := store.VerifyChain(list); err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		bad := append([]store.Control{}, list...)
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			bad[i].Reason += "x"
		case 1:
			bad[i].AppliedStep++
		case 2:
			bad[i].Args = json.RawMessage(`{"a":2}`)
		case 3:
			if i == n-1 {
				return // the end of a chain cannot vouch for itself
			}
			bad = append(bad[:i], bad[i+1:]...)
		case 4:
			bad = append(bad[:i+1], bad[i:]...)
		}
		if err := store.VerifyChain(bad); err == nil {
			t.Fatal("a change went unseen")
		}
	})
}

// The hash is SHA-256 over the record's JSON: 'printf %s JSON | sha256sum'.
func TestChainHash(t *testing.T) {
	c, err := store.Chain("", store.Control{ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Actor: "a", Via: "cli", Verb: "stop", Outcome: "applied"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "8c65ea4db58f206603de54c53523d0dd8073d01895b9f74e963d822053b4f4d4"; c.Hash != want {
		t.Errorf("hash is %s, want %s", c.Hash, want)
	}
}

// What was asked of a run and answered cannot be changed in the database
// without 'gradus db check' saying so, whether the rows are sealed or not.
func TestCheckVerifiesTheChainOfControl(t *testing.T) {
	t.Parallel()
	for _, final := range []store.State{store.StateRunning, store.StateDone} {
		db, dir := storetest.Open(t, storetest.Spec{Seed: 6, Steps: 8, EvalPrompts: 2, Final: final})
		db.Close()
		whole := got[store.Check](t)(store.CheckDB(context.Background(), store.DBPath(dir)))
		if len(whole.Problems) > 0 || whole.Control != 2 {
			t.Fatalf("a good database: %+v", whole)
		}
		for change, want := range map[string]string{
			"UPDATE control SET actor='eve' WHERE seq=(SELECT min(seq) FROM control)":      "(01JHN000000000000000000075) was changed",
			"UPDATE control SET applied_step=8 WHERE seq=(SELECT max(seq) FROM control)":   "(01JHN000000000000000000076) was changed",
			"DELETE FROM control WHERE seq=(SELECT min(seq) FROM control)":                 "does not follow the one before it",
			"UPDATE control SET hash=prev_hash WHERE seq=(SELECT max(seq) FROM control)":   "was changed",
			"UPDATE control SET args='{\"a\":1}' WHERE seq=(SELECT max(seq) FROM control)": "was changed",
		} {
			path := spoiled(t, store.DBPath(dir), "")
			if _, err := plain(t, path).Exec(change); err != nil {
				t.Fatal(err)
			}
			c := got[store.Check](t)(store.CheckDB(context.Background(), path))
			if all := strings.Join(c.Problems, "\n"); !strings.Contains(all, "hash chain: ") || !strings.Contains(all, want) {
				t.Errorf("%s: %q, want %q", change, c.Problems, want)
			}
		}
	}
}

// A string that is not valid UTF-8 is hashed as every reader sees it.
func TestChainOfInvalidText(t *testing.T) {
	c := got[store.Control](t)(store.Chain("", store.Control{ID: "x", Verb: "stop", Reason: "a\xffb"}))
	b := got[[]byte](t)(json.Marshal(c))
	var back store.Control
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if err := store.VerifyChain([]store.Control{back}); err != nil {
		t.Error(err)
	}
}
