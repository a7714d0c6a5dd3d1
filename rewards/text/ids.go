package text

// MadeUpIDs are token ids for a text that no tokenizer has read, one for each
// four bytes, equal for equal bytes. They are never nil: their number is known.
func MadeUpIDs(s string) []int32 {
	ids := make([]int32, 0, (len(s)+3)/4)
	for i := 0; i < len(s); i += 4 {
		id := uint32(0)
		for _, b := range []byte(s[i:min(i+4, len(s))]) {
			id = id*31 + uint32(b)
		}
		ids = append(ids, int32(id&0xffff))
	}
	return ids
}
