// Package model is the language model: a Llama-type decoder (RMSNorm, rotary
// positions, grouped-query attention, SwiGLU, tied or untied embeddings)
// written as lists of kernels ops, forward and backward, with batched
// generation, AdamW, checkpoints in Hugging Face format and tokenizers.
//
// Sampling and training run the same ops, and the bits of an output row do
// not depend on the batch it stands in. So the log-prob that Generate reports
// for a token is, to the bit, the one that Score and Backward compute.
//
// A Model belongs to one goroutine at a time, as its device does.
package model
