package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"gradus/store/eventlog"
)

// oneOfEach has every field of a samples record set, in rows of every form.
func oneOfEach() Samples {
	yes, no := true, false
	long := strings.Repeat("Wait, let me double check: 3 + 4 = 7. ", 30)
	return Samples{Stage: "grpo", Step: 7, Phase: "eval", Ckpt: "R@6",
		Prompts: []Prompt{
			{Hash: "00ff", Task: "countdown", Ref: "cd-1", Text: "Make 6.", Gold: "1+2+3", Tokens: 5, Data: json.RawMessage(`{"target":6}`)},
			{Hash: "01ff", Task: "countdown", Ref: "cd-2", Text: long, Gold: "x"}},
		Rows: []Sample{
			{Prompt: 1, Group: 3, Index: 1, Stream: math.MaxUint64, Text: "short", Tokens: 9, Finish: "stop", PolicyVersion: 4, Reward: 1.1, Advantage: -0.25, Correct: &yes, Claim: "7",
				TokenIDs: IDs{1, -5, 151_000}, LogProbs: Floats{-0.5, float32(math.Inf(-1)), -1e-9}, Entropies: Floats{0.1, 0, float32(math.NaN())},
				Rewards: []RewardPart{{Name: "a", Version: "1", Status: "ok", Score: 1, Weight: 0.5, Value: 0.5, Reason: "a.right", Why: "It is 7.", Micros: 12,
					Spans: []Span{{0, 5, "claim"}, {2, 3, "claim"}}, Facts: json.RawMessage(`{"got":7}`)},
					{Name: "b", Version: "2", Status: "error", Reason: "b.crash", Why: "It is 7."}}},
			{Prompt: 0, Text: long, Finish: "length", Unscorable: true},
			{Prompt: 0, Index: 1, RawText: []byte("\xff\x00" + long), Finish: "stop", Correct: &no, LogProbs: Floats{1}},
			{Prompt: 0, Index: 2, RawText: []byte("a\xffb"), Finish: "stop"},
			{Prompt: 0, Index: 3, Finish: "stop"},
		}}
}

// What a samples record says comes back as JSON as if it had been JSON, and
// the fold makes the same of both.
func TestSamplesForm(t *testing.T) {
	enc, dec := coders(t)
	s := oneOfEach()
	if err := checkSamplesBody(&s); err != nil {
		t.Fatal(err)
	}
	b := appendSamples(nil, enc, 3, -5, &s)
	rec, err := samplesRecord(dec, b)
	if err != nil || rec.Kind != KindSamples || rec.Attempt != 3 || rec.TimeUS != -5 {
		t.Fatalf("%+v, %v", rec, err)
	}
	var back, want Samples
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(rec.Body, &back); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &want); err != nil {
		t.Fatal(err)
	}
	want.Rows[0].Tokens, want.Rows[2].Tokens = 9, 1 // the length also where it was not given
	for i := range want.Rows {
		if want.Rows[i].Rewards == nil {
			want.Rows[i].Rewards = []RewardPart{}
		}
	}
	one, err1 := json.Marshal(back)
	two, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Fatalf("came back as\n%s\nwant\n%s (%v, %v)", one, two, err1, err2)
	}
	old := fmt.Appendf(nil, `{"kind":"samples","attempt":3,"ts_us":-5,"body":%s}`, asJSON)
	at := eventlog.Position{Segment: 1, Offset: 9, Seq: 2}
	x, y := prepare(enc, dec, b, at), prepare(enc, dec, old, at)
	if x.bad != nil || y.bad != nil {
		t.Fatal(x.bad, y.bad)
	}
	if fmt.Sprintf("%v", x.packed) != fmt.Sprintf("%v", y.packed) {
		t.Fatalf("packed as\n%.3000v\nfrom JSON\n%.3000v", x.packed, y.packed)
	}
}

// A record that is cut, or whose bytes were changed, is never taken for
// another: it is an error, or says the same. (The log's checksums find such
// damage first; this is what a hostile log meets.)
func TestSamplesDamage(t *testing.T) {
	enc, dec := coders(t)
	s := oneOfEach()
	whole := appendSamples(nil, enc, 3, 5, &s)
	for n := range whole {
		if _, err := samplesRecord(dec, whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes were read", n, len(whole))
		}
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0x41
		if i < 2 {
			if it := prepare(enc, dec, b, eventlog.Position{Seq: 2}); it.bad == nil {
				t.Fatalf("byte %d changed and nobody noticed", i)
			}
			continue
		}
		_, _ = samplesRecord(dec, b) // must come back
	}
	for name, change := range map[string]func(*packedSamples){
		"beyond its block":        func(p *packedSamples) { p.rows[1].off = 1 << 20 },
		"does not match":          func(p *packedSamples) { p.rows[1].crc++ },
		"token data":              func(p *packedSamples) { p.rows[0].tokPos = 9 },
		"text block 0":            func(p *packedSamples) { p.texts[0] = []byte("no frame") },
		"token block 0":           func(p *packedSamples) { p.toks[0] = p.toks[0][:9] },
		"the text of row 0 does ": func(p *packedSamples) { p.rows[0].crc = 0 },
	} {
		f, err := cutSamples(whole)
		if err != nil {
			t.Fatal(err)
		}
		s, p, err := f.readHead()
		if err != nil {
			t.Fatal(err)
		}
		change(&p)
		if err := p.verify(dec, s, false); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSamplesThatALogCannotCarry(t *testing.T) {
	for want, change := range map[string]func(*Samples){
		"finite":   func(s *Samples) { s.Rows[0].Reward = math.NaN() },
		"Inf":      func(s *Samples) { s.Rows[0].Rewards[0].Value = math.Inf(1) },
		"no JSON":  func(s *Samples) { s.Rows[0].Rewards[0].Facts = []byte("{") },
		"prompt 1": func(s *Samples) { s.Prompts[1].Data = []byte("{") },
		"of 2":     func(s *Samples) { s.Rows[0].Prompt = 2 },
	} {
		s := oneOfEach()
		change(&s)
		if _, err := NewRecord(KindSamples, 1, 1, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func FuzzSamples(f *testing.F) {
	enc, dec := coders(f)
	s := oneOfEach()
	f.Add(appendSamples(nil, enc, 1, 1, &s))
	f.Add([]byte{samplesMark, samplesVersion, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if !isSamples(b) {
			return
		}
		rec, err := samplesRecord(dec, b)
		it := prepare(enc, dec, b, eventlog.Position{Seq: 2})
		if err == nil && it.bad != nil {
			t.Fatalf("read as %.200s, and not folded: %v", rec.Body, it.bad)
		}
		if it.bad != nil {
			return
		}
		// What was read can be written again and says the same.
		var s Samples
		if err := json.Unmarshal(rec.Body, &s); err == nil && checkSamplesBody(&s) == nil {
			again, err := samplesRecord(dec, appendSamples(nil, enc, rec.Attempt, rec.TimeUS, &s))
			if err != nil || !bytes.Equal(again.Body, rec.Body) {
				t.Fatalf("%s\nbecame\n%s (%v)", rec.Body, again.Body, err)
			}
		}
	})
}
