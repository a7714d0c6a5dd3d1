package store

const (
	srcLog   = "log"
	srcNotes = "notes"

	srcTexts   = "fts"        // the search index of completions, made of the rows
	srcPrompts = "prompt_fts" // that of prompts
)

// add adds a record that may stand in either log of a run. Kinds that are not
// known stay in the log.
func (f *folder) add(it item) error {
	us := it.rec.TimeUS
	switch b := it.body.(type) {
	case *Note:
		var from, to, crc any
		if b.Span != nil {
			from, to, crc = b.Span.From, b.Span.To, int64(b.Span.CRC)
		}
		return f.exec(putNote, b.ID, us, b.Author, b.TargetKind, b.Target, b.Kind, b.Text, from, to, crc, textOrNil(b.Supersedes), int64(it.seq))
	case *Comparison:
		err := f.exec(putComparison, b.ID, us, b.MadeBy, b.A, b.B, b.PromptsHash, rawOrNil(b.Settings), rawOrNil(b.Result))
		if err != nil {
			return err
		}
		for _, p := range b.Pairs {
			err := f.exec(putPair, b.ID, p.PromptHash, p.Index, idOrNil(p.ASample), idOrNil(p.BSample), textOrNil(p.Winner), p.Delta)
			if err != nil {
				return err
			}
		}
	case *Lineage:
		return f.exec(putLineage, b.ChildKind, b.Child, b.ParentKind, b.Parent, b.How, textOrNil(b.Hash), textOrNil(b.Licence), rawOrNil(b.Detail), us)
	case *Cost:
		return f.exec(putCost, b.ID, it.rec.Attempt, b.Stage, orNil(b.Step), b.Kind, b.FromUS, b.ToUS, b.Quantity, b.Unit,
			orNil(b.Price), textOrNil(b.Currency), recordedSource(b.Source))
	case *Layer:
		return f.addLayer(us, b)
	case *LayerScores:
		return f.addLayerScores(b)
	case *LayerEnd:
		return f.endLayer(b)
	}
	return nil
}

func idOrNil(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
