package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Chain completes an answer to a steering request: PrevHash is the Hash of the
// answer before it in the log ("" for the first), Hash is the SHA-256, in hex,
// over the answer's JSON with Hash empty. Strings that are not valid UTF-8 are
// made so first, as every reader of the log will see them.
func Chain(prevHash string, c Control) (Control, error) {
	c.PrevHash, c.Hash = prevHash, ""
	b, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("chain control record: %w", err)
	}
	var seen Control
	if err := json.Unmarshal(b, &seen); err != nil {
		return c, fmt.Errorf("chain control record: %w", err)
	}
	if b, err = json.Marshal(seen); err != nil {
		return c, fmt.Errorf("chain control record: %w", err)
	}
	sum := sha256.Sum256(b)
	seen.Hash = hex.EncodeToString(sum[:])
	return seen, nil
}

// VerifyChain checks all answers of a run in the order of the log. The error
// names the first one that was changed, added, moved or follows a removed one.
func VerifyChain(list []Control) error {
	prev := ""
	for i, c := range list {
		if err := follows(prev, i, c); err != nil {
			return err
		}
		want, err := Chain(prev, c)
		if err != nil {
			return err
		}
		if c.Hash != want.Hash {
			return fmt.Errorf("control record %d (%s) was changed after it was written", i+1, c.ID)
		}
		prev = c.Hash
	}
	return nil
}

func follows(prev string, i int, c Control) error {
	if c.PrevHash != prev {
		return fmt.Errorf("control record %d (%s) does not follow the one before it: a record was removed, added or moved", i+1, c.ID)
	}
	return nil
}

// verifyLinks verifies a chain whose records were redacted: each still follows
// the one before it, and the last is the one that the head names.
func (h ChainHead) verifyLinks(list []Control) error {
	prev := ""
	for i, c := range list {
		if err := follows(prev, i, c); err != nil {
			return err
		}
		prev = c.Hash
	}
	if len(list) != h.Records || prev != h.Head {
		return fmt.Errorf("it has %d records and ends with %q; the manifest says %d and %q", len(list), prev, h.Records, h.Head)
	}
	return nil
}
