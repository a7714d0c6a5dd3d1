// Package model is the language model: a Llama-type decoder (RMSNorm, rotary
// positions, grouped-query attention, SwiGLU, tied or untied embeddings)
// written as lists of kernels ops, forward and backward, with batched
// generation, AdamW, checkpoints in Hugging Face format and tokenizers.
//
// Sampling and training run the same ops, and the bits of an output row do
// not depend on the batch it stands in. So the log-prob that Generate reports
// for a token is, to the bit, the one that Score and Backward compute.
//
// The blocks of the model emit their forward and backward ops side by side:
// embed.go, attention.go (with rope.go), mlp.go, head.go. Three files put them
// together as programs: microbatch.go for training, prefill.go and decode.go
// for generation; plan.go says how much memory they take and emit.go binds it.
// train.go, optimizer.go and generate.go run them. A checkpoint is written by
// checkpoint.go through folder.go, safetensors.go and tokenizer_json.go.
//
// A Model belongs to one goroutine at a time, as its device does.
package model
