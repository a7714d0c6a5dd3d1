// Package store keeps the record of runs: the append-only event log that a
// run writes (package eventlog), its fold into one SQLite file per run, the
// catalogue of all runs, and the queries that the workbench and the commands
// read. The log is the truth; every database can be rebuilt from it.
//
// Where to look, by job:
//
//	what a record of the log is         record.go, record_added.go, envelope.go, chain.go
//	writing the log                     log.go, append.go
//	who folds, and when                 ingest*.go, lock_unix.go, rebuild.go; telling how far it is: work.go
//	turning records into rows           prepare.go, folder.go, fold.go, fold_*.go, samples_write.go, sentence.go, rollup.go
//	how texts and tokens are packed     pack.go, blocks.go, codec.go, text.go, tokens.go
//	the schema                          schema*.sql, open.go
//	databases of an older gradus        migrate*.go: a run's own; older*.go: a file that was handed over
//	roles, limits, strangers' files     roles.go, defensive.go, netfs_*.go
//	checksums, check, tidying           seal.go, check.go, gc.go, repack.go, remove.go
//	reading                             db.go, query_*.go, samples_read.go, rows.go, spans.go
//	search                              search.go, search_index.go, words.go, token_mean.go; the language is package query
//	notes, tags, verdicts               notes*.go
//	scores of other rewards             layer.go, query_layer.go
//	what a run cost                     ledger*.go
//	handing over                        share.go, redact*.go; other formats are package export
//	the list of runs                    catalogue.go, summary.go
package store
