package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"github.com/klauspost/compress/zstd"
	"math"
	"path/filepath"
	"testing"

	"gradus/store/eventlog"
)

// FuzzFold folds any bytes as a record: never a panic and never an error, for
// one bad record must not end a fold; and whatever comes out reads back.
func FuzzFold(f *testing.F) {
	ctx := context.Background()
	dir := f.TempDir()
	path := filepath.Join(dir, "run.db")
	in, err := OpenIngester(ctx, dir, path, IngestOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { in.Close() })
	right := true
	for kind, body := range map[Kind]any{
		KindRun: RunHeader{ID: "01"}, KindAttempt: Attempt{N: 1}, KindState: StateChange{State: StateRunning},
		KindMetrics: Metrics{Step: 1, Values: map[string]float64{"reward": 1}, NonFinite: []string{"kl"}},
		KindSamples: Samples{Prompts: []Prompt{{Hash: "ab", Text: "p"}}, Rows: []Sample{{Text: "t", Correct: &right, TokenIDs: IDs{1}, LogProbs: Floats{-1},
			Rewards: []RewardPart{{Name: "a", Spans: []Span{{0, 1, "x"}}, Facts: json.RawMessage(`{"a":1}`)}}}, {RawText: []byte{0xff}}}},
		KindCheckpoint: Checkpoint{Path: "p"}, KindEval: Eval{Ckpt: "c"}, KindControl: Control{ID: "c"}, KindAlert: Alert{Message: "m"},
		KindRewind: Rewind{ToStep: 1}, KindHeartbeat: Heartbeat{}, "new": 1,
	} {
		rec, err := NewRecord(kind, 1, 1, body)
		if err != nil {
			f.Fatal(err)
		}
		if rec.samples != nil {
			f.Add(appendSamples(nil, in.enc, 1, 1, rec.samples))
			if rec.Body, err = json.Marshal(rec.samples); err != nil {
				f.Fatal(err)
			}
		}
		b, err := appendRecord(nil, rec)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"kind":"samples","attempt":1,"ts_us":1,"body":null}`))
	f.Add([]byte(`{"kind":"metrics","attempt":-9223372036854775808,"ts_us":1,"body":{"step":-1,"values":{"":-0.0}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) == 0 {
			return
		}
		it := prepare(in.enc, in.dec, payload, eventlog.Position{Segment: 1, Offset: 1, Seq: in.f.next.Seq + 1})
		if err := in.f.begin(); err != nil {
			t.Fatal(err)
		}
		if err := in.f.fold(it); err != nil {
			t.Fatal(err)
		}
		if s, ok := it.body.(*Samples); ok && in.f.sample != int64(len(s.Rows)) {
			t.Fatalf("%d rows in the record, %d samples", len(s.Rows), in.f.sample)
		}
		if err := in.f.rollback(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzRecord: what cutRecord takes apart is what a JSON parser sees.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"kind":"state","attempt":1,"ts_us":2,"body":{"state":"done"}}`))
	f.Add([]byte(`{"kind":"x\u0041","attempt":1,"ts_us":2,"body":[1,"}"]}`))
	f.Add([]byte(`{"kind":"x","attempt":01,"ts_us":2,"body":1}`))
	f.Add([]byte(`{"kind":"x","attempt":1,"ts_us":2,"body":1,"kind":"y"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, body, err := parseRecord(b)
		var slow Record
		slowErr := json.Unmarshal(b, &slow)
		if slowErr == nil && slow.Kind != "" && body != nil && err == nil {
			if rec.Kind != slow.Kind || rec.Attempt != slow.Attempt || rec.TimeUS != slow.TimeUS || string(rec.Body) != string(slow.Body) {
				t.Fatalf("%s\n%+v\n%+v", b, rec, slow)
			}
		}
		if (slowErr != nil || slow.Kind == "") && err == nil {
			t.Fatalf("%q was read as %+v, which is no JSON record: %v", b, rec, slowErr)
		}
	})
}

// Token data survives its two encodings to the bit.
func FuzzWords(f *testing.F) {
	enc, err := newEncoder()
	if err != nil {
		f.Fatal(err)
	}
	dec, err := newDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1, 2, 3, 4, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		// Three completions share the words: one has ids alone, one nothing.
		ids := make(IDs, len(b)/4)
		floats := make([]float32, len(ids))
		for i := range ids {
			ids[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
			floats[i] = math.Float32frombits(uint32(ids[i]))
		}
		half := len(ids) / 2
		in := []tokenData{{ids[:half], floats[:half], floats[half:]}, {}, {ids: ids[half:]}}
		p := tokPacker{enc: enc}
		for i, d := range in {
			if block, pos := p.add(d); block != 0 || pos != i {
				t.Fatalf("completion %d went to block %d, place %d", i, block, pos)
			}
		}
		p.flush()
		back, err := unpackTokens(dec, p.blocks[0])
		if err != nil || len(back) != len(in) {
			t.Fatalf("%d completions, %v", len(back), err)
		}
		bits := func(f []float32) (out []uint32) {
			for _, v := range f {
				out = append(out, math.Float32bits(v))
			}
			return out
		}
		for i, d := range in {
			if fmt.Sprint(back[i].ids, bits(back[i].logp), bits(back[i].ent)) != fmt.Sprint(d.ids, bits(d.logp), bits(d.ent)) {
				t.Fatalf("%v came back as %v", d, back[i])
			}
		}
		text, err := ids.MarshalText()
		var again IDs
		if err == nil {
			err = again.UnmarshalText(text)
		}
		if err != nil || fmt.Sprint(again) != fmt.Sprint(ids) {
			t.Fatalf("%v came back as %v, %v", ids, again, err)
		}
		_, _ = unpackTokens(dec, b) // must come back, whatever b is
	})
}

func coders(t testing.TB) (*zstd.Encoder, *zstd.Decoder) {
	t.Helper()
	enc, err := newEncoder()
	if err != nil {
		t.Fatal(err)
	}
	dec, err := newDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return enc, dec
}
