package kernels

// Kind names an op in errors, profiles and benchmark reports.
type Kind string

func (Embed) Kind() Kind       { return "embed" }
func (EmbedBwd) Kind() Kind    { return "embed_bwd" }
func (RMSNorm) Kind() Kind     { return "rmsnorm" }
func (RMSNormBwd) Kind() Kind  { return "rmsnorm_bwd" }
func (Pack) Kind() Kind        { return "pack" }
func (Linear) Kind() Kind      { return "linear" }
func (LinearDX) Kind() Kind    { return "linear_dx" }
func (LinearDW) Kind() Kind    { return "linear_dw" }
func (RoPE) Kind() Kind        { return "rope" }
func (KVWrite) Kind() Kind     { return "kv_write" }
func (Attn) Kind() Kind        { return "attn" }
func (AttnBwd) Kind() Kind     { return "attn_bwd" }
func (AttnDecode) Kind() Kind  { return "attn_decode" }
func (SwiGLU) Kind() Kind      { return "swiglu" }
func (SwiGLUBwd) Kind() Kind   { return "swiglu_bwd" }
func (GatherRows) Kind() Kind  { return "gather_rows" }
func (ScatterRows) Kind() Kind { return "scatter_rows" }
func (LossRows) Kind() Kind    { return "loss_rows" }
func (LossRowsBwd) Kind() Kind { return "loss_rows_bwd" }
func (Sample) Kind() Kind      { return "sample" }
func (Advance) Kind() Kind     { return "advance" }
func (SumSq) Kind() Kind       { return "sum_sq" }
func (AdamW) Kind() Kind       { return "adamw" }
func (Zero) Kind() Kind        { return "zero" }
func (Copy) Kind() Kind        { return "copy" }
