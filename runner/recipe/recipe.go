// Package recipe reads and checks recipes: the TOML files that describe a
// whole run. Field names are TRL's wherever TRL has the field
// (trl/trainer/grpo_config.py, sft_config.py, transformers TrainingArguments),
// so that settings can be carried over by name.
//
// Reading is strict. An unknown key, a value of the wrong type or outside its
// range, and settings that contradict each other are errors that name the
// file, the line, the key, what is allowed and what to do.
//
// The tags of the structs are the specification and are read by the decoder:
//
//	toml:"beta"        the key
//	default:"0.0"      the value when the key is absent; without it, 0, "" or what help says
//	range:"0 .. 10"    allowed numbers, both ends included; an open end is "inf"
//	oneof:"a b c"      allowed strings (or, on a list, allowed elements)
//	help:"..."         one sentence for `gradus recipes --keys`
package recipe

import "gradus/runner/algo"

// Recipe is everything a run needs to know. The zero value is not usable:
// take one from Load, Parse or FromJSON, which fill in defaults and what
// follows from other keys, so that every field holds the value that counts.
type Recipe struct {
	Name    string `toml:"name" help:"what the run is called; letters, digits, '-', '_' and '.'"`
	About   string `toml:"about" help:"one sentence shown by 'gradus recipes'"`
	Seed    uint64 `toml:"seed" default:"1" range:"0 .. inf" help:"every random number of the run follows from it"`
	Device  string `toml:"device" default:"cpu" oneof:"cpu cuda" help:"where the model is trained: on the processor, or on the first NVIDIA GPU that CUDA_VISIBLE_DEVICES leaves (gradus doctor says what there is)"`
	DType   string `toml:"dtype" default:"float32" oneof:"float32 bfloat16 auto" help:"factors of matrix products: float32, bfloat16 on a device that multiplies them (sums, weights and all else stay float32), or auto: bfloat16 where there is such a device"`
	Threads int    `toml:"threads" default:"0" range:"0 .. 256" help:"worker threads of the device; 0 takes what affinity mask and cgroup quota allow; GRADUS_THREADS overrides it"`

	// RewardSetup says where Rewards come from; they are complete without it.
	RewardSetup string `toml:"reward_setup" help:"a published composition of reward functions, as open-r1 ('gradus reward setup' lists them); a [[reward]] table beside it stands for the function of its name, or adds one; by --set it stands for all of the recipe's rewards"`

	Model      Model      `toml:"model"`
	Tokenizer  Tokenizer  `toml:"tokenizer"`
	Task       Task       `toml:"task"`
	Rewards    []Reward   `toml:"reward"`
	Stages     []Stage    `toml:"stage"`
	Gate       Gate       `toml:"gate"`
	Eval       Eval       `toml:"eval"`
	Checkpoint Checkpoint `toml:"checkpoint"`
	Store      Store      `toml:"store"`
	Limits     Limits     `toml:"limits"`
	Cost       Cost       `toml:"cost"`
}

// Cost says what the machine costs, for 'gradus plan' and 'gradus cost'.
type Cost struct {
	PricePerHour float64 `toml:"price_per_hour" default:"0.0" range:"0 .. 1e6" help:"what the device costs for an hour that a run holds it; 0 is not known"`
	Currency     string  `toml:"currency" default:"USD" help:"of price_per_hour; at most 8 letters"`
}

// Model is either a new Llama-type decoder (the names are those of Hugging
// Face's LlamaConfig; the vocabulary follows from the tokenizer) or, when From
// is set, the weights, shape and tokenizer of a checkpoint.
type Model struct {
	From    string `toml:"from" help:"RUN@STEP, RUN@last, RUN@best or a Hugging Face folder to start from; the shape keys below are then not allowed"`
	Licence string `toml:"licence" help:"licence of the weights that from names, as SPDX writes it; recorded with what was made of them"`

	HiddenSize            int     `toml:"hidden_size" default:"128" range:"8 .. 65536" help:"width of the residual stream"`
	IntermediateSize      int     `toml:"intermediate_size" range:"1 .. 262144" help:"width of the SwiGLU layer; absent: 8/3 of hidden_size, rounded up to a multiple of 16"`
	NumHiddenLayers       int     `toml:"num_hidden_layers" default:"4" range:"1 .. 512" help:"decoder layers"`
	NumAttentionHeads     int     `toml:"num_attention_heads" default:"4" range:"1 .. 1024" help:"query heads"`
	NumKeyValueHeads      int     `toml:"num_key_value_heads" range:"1 .. 1024" help:"key and value heads; absent: num_attention_heads"`
	HeadDim               int     `toml:"head_dim" range:"2 .. 1024" help:"width of a head, even; absent: hidden_size / num_attention_heads"`
	MaxPositionEmbeddings int     `toml:"max_position_embeddings" default:"512" range:"8 .. 1048576" help:"most tokens of prompt and completion together"`
	RopeTheta             float64 `toml:"rope_theta" default:"10000.0" range:"1 .. 1e9" help:"base of the rotary embedding"`
	RMSNormEps            float64 `toml:"rms_norm_eps" default:"1e-5" range:"1e-12 .. 0.1" help:"epsilon of RMSNorm"`
	TieWordEmbeddings     bool    `toml:"tie_word_embeddings" default:"true" help:"one matrix for input and output embedding"`
}

// Tokenizer names the vocabulary of a new model. With model.from the
// checkpoint's own tokenizer is used and Kind must be left at "checkpoint".
type Tokenizer struct {
	Kind string `toml:"kind" oneof:"chars bytes checkpoint" help:"chars: one token a character of the tasks' alphabet; bytes: one token a byte; checkpoint: as model.from has it; absent: chars, or checkpoint with model.from"`
}

// Task names the source of problems and how they are put to the model.
type Task struct {
	Name     string `toml:"name" help:"a built-in task, as countdown, or jsonl for problems from a JSONL or Parquet file"`
	Level    int    `toml:"level" default:"1" range:"0 .. 100" help:"difficulty of a built-in task; each task says what its levels mean"`
	Template string `toml:"template" default:"r1-zero" help:"prompt around the question: r1-zero, short, or a text of your own with {question} in it"`

	File     string `toml:"file" help:"jsonl: training problems, one JSON object a line or a Parquet file; a relative path is relative to the recipe file"`
	EvalFile string `toml:"eval_file" help:"jsonl: held-out problems; absent, the task splits file"`
	Preset   string `toml:"preset" oneof:"gsm8k math500" help:"jsonl: column names and answer rule of a known data set"`
	Question string `toml:"question" help:"jsonl: column of the question, instead of the preset's"`
	Answer   string `toml:"answer" help:"jsonl: column of the right answer, instead of the preset's"`
	ID       string `toml:"id" help:"jsonl: column of the problem's id, instead of the preset's"`
	Solution string `toml:"solution" help:"jsonl: column of a worked solution, which an sft stage learns from"`
	Licence  string `toml:"licence" help:"jsonl: licence of the file, as SPDX writes it; recorded with what was trained on it"`
	Filter   string `toml:"filter" help:"jsonl: how its rows were chosen, in your words; recorded with what was trained on it"`

	Teacher        string `toml:"teacher" help:"jsonl: who wrote the file's solutions: RUN@STEP, RUN@last, RUN@best, a Hugging Face folder, or a model's name; recorded as teacher of what was trained on it"`
	TeacherLicence string `toml:"teacher_licence" help:"jsonl: licence of the teacher's output, as SPDX writes it"`
}

// Reward is one reward function with its weight in the sum.
type Reward struct {
	Name    string         `toml:"name" help:"a reward function, as gradus.accuracy"`
	Weight  float64        `toml:"weight" default:"1.0" range:"-1000 .. 1000" help:"factor in the sum of rewards"`
	Params  map[string]any `toml:"params" help:"what the function takes; it checks them itself"`
	Label   string         `toml:"label" help:"its name in curves, traces, gates and expressions; absent: name. Two rewards of one name need it"`
	Gate    string         `toml:"gate" help:"expression over the completion and the other rewards, as \"gradus.format > 0\"; when it is 0 or false this reward pays nothing"`
	OnError OnError        `toml:"on_error" oneof:"skip zero stop" help:"when it fails on a completion: skip leaves it out of the sum, zero counts it as 0, stop ends the run; absent: skip, but rewards of your own stop the run while they have never worked"`
}

// OnError says what a failing reward does to the run.
type OnError string

// The choices.
const (
	OnErrorSkip OnError = "skip"
	OnErrorZero OnError = "zero"
	OnErrorStop OnError = "stop"
)

// PartName is what the reward is called in the record.
func (r Reward) PartName() string {
	if r.Label != "" {
		return r.Label
	}
	return r.Name
}

// Stage is one part of a run, done in the order of the file. Exactly one of
// SFT, GRPO and Eval is set, the one that Kind names.
type Stage struct {
	Kind StageKind
	SFT  *SFT
	GRPO *GRPO
	Eval *EvalStage
}

// StageKind names what a stage does.
type StageKind string

// The kinds of stages.
const (
	KindSFT  StageKind = "sft"  // supervised cold start on generated traces
	KindGRPO StageKind = "grpo" // reinforcement learning with group-relative advantages
	KindEval StageKind = "eval" // held-out evaluation between or after stages
)

// Optim holds the keys that every training stage has: AdamW (decoupled weight
// decay, Loshchilov and Hutter 2019) and its learning-rate schedule.
type Optim struct {
	Steps           int     `toml:"steps" default:"100" range:"1 .. 10000000" help:"steps of this stage"`
	LearningRate    float64 `toml:"learning_rate" range:"0 .. 1" help:"peak learning rate; sft 1e-3, grpo 1e-6 unless given"`
	LRSchedulerType string  `toml:"lr_scheduler_type" default:"constant" oneof:"constant cosine" help:"after the warm-up: constant, or half a cosine down to min_lr_rate of the peak at the last step"`
	MinLRRate       float64 `toml:"min_lr_rate" default:"0.0" range:"0 .. 1" help:"cosine: the end as a share of learning_rate (R1's fine-tuning: 0.1)"`
	WarmupSteps     int     `toml:"warmup_steps" default:"0" range:"0 .. 10000000" help:"steps of linear rise from 0 to learning_rate"`
	WeightDecay     float64 `toml:"weight_decay" default:"0.0" range:"0 .. 10" help:"decoupled, not on norms"`
	MaxGradNorm     float64 `toml:"max_grad_norm" default:"1.0" range:"0 .. inf" help:"gradients are scaled down to this global norm; 0 is off"`
	AdamBeta1       float64 `toml:"adam_beta1" default:"0.9" range:"0 .. 0.999999" help:"decay of the first moment"`
	AdamBeta2       float64 `toml:"adam_beta2" default:"0.999" range:"0 .. 0.99999999" help:"decay of the second moment"`
	AdamEpsilon     float64 `toml:"adam_epsilon" default:"1e-8" range:"1e-16 .. 1" help:"added to the root of the second moment"`
}

// SFT is a supervised stage on traces that the task generates (the cold start
// of R1, section 2.3.1 of the paper).
type SFT struct {
	Optim
	BatchSize   int      `toml:"batch_size" default:"32" range:"1 .. 1048576" help:"traces in an optimizer step"`
	DatasetSize int      `toml:"dataset_size" default:"0" range:"0 .. 100000000" help:"distinct traces, seen again in a new order when used up; 0 never repeats a trace"`
	Style       StyleMix `toml:"style" help:"how the generated traces reason"`
}

// StyleMix weighs the ways in which generated traces reason. Only the
// proportions count; at least one must be above 0.
type StyleMix struct {
	Careful   float64 `toml:"careful" default:"1.0" range:"0 .. 1e6" help:"every step written out"`
	Terse     float64 `toml:"terse" default:"0.0" range:"0 .. 1e6" help:"only the result"`
	WrongStep float64 `toml:"wrong_step" default:"0.0" range:"0 .. 1e6" help:"a wrong step that goes unnoticed"`
	Backtrack float64 `toml:"backtrack" default:"0.0" range:"0 .. 1e6" help:"a wrong step that is noticed and taken back"`
}

// GRPO is a reinforcement-learning stage. One step samples PromptsPerStep
// groups of NumGenerations completions, scores them, and makes
// NumIterations * StepsPerGeneration optimizer updates on them. The equations
// stand in package algo.
type GRPO struct {
	Optim
	PromptsPerStep      int `toml:"prompts_per_step" default:"16" range:"1 .. 1048576" help:"distinct prompts in a step"`
	NumGenerations      int `toml:"num_generations" default:"8" range:"2 .. 65536" help:"completions of each prompt (G); at least 2, as a lone completion has nothing to be compared with"`
	MaxCompletionLength int `toml:"max_completion_length" default:"128" range:"1 .. 1048576" help:"most tokens of a completion"`

	NumIterations      int `toml:"num_iterations" default:"1" range:"1 .. 1000" help:"passes over a step's completions (mu)"`
	StepsPerGeneration int `toml:"steps_per_generation" default:"1" range:"1 .. 65536" help:"mini-batches in a pass; completions are shuffled over them"`

	Temperature float64 `toml:"temperature" default:"1.0" range:"0.01 .. 100" help:"of sampling; log-probabilities are of the tempered distribution"`
	TopP        float64 `toml:"top_p" default:"1.0" range:"0.0001 .. 1" help:"smallest set of tokens with this probability; 1 is off"`
	TopK        int     `toml:"top_k" default:"0" range:"0 .. 1048576" help:"only the k likeliest tokens; 0 is off"`

	LossType                 algo.LossType `toml:"loss_type" default:"dapo" oneof:"grpo bnpo dr_grpo dapo" help:"how token losses are averaged"`
	ImportanceSamplingLevel  algo.Level    `toml:"importance_sampling_level" default:"token" oneof:"token sequence" help:"sequence is GSPO"`
	Epsilon                  float64       `toml:"epsilon" default:"0.2" range:"0 .. 1000" help:"lower clip of the ratio: 1 - epsilon"`
	EpsilonHigh              float64       `toml:"epsilon_high" range:"0 .. 1000" help:"upper clip of the ratio: 1 + epsilon_high; absent: epsilon"`
	Delta                    float64       `toml:"delta" default:"0.0" range:"0 .. 1e6" help:"two-sided clipping: cap on the ratio, above 1 + epsilon_high; 0 is off"`
	Beta                     float64       `toml:"beta" default:"0.0" range:"0 .. 1000" help:"coefficient of the k3 KL to the reference; 0 keeps no reference"`
	SyncRefModel             bool          `toml:"sync_ref_model" default:"false" help:"copy the policy into the reference every ref_model_sync_steps"`
	RefModelSyncSteps        int           `toml:"ref_model_sync_steps" default:"512" range:"1 .. 10000000" help:"steps between copies (R1-Zero: 400)"`
	EntropyCoef              float64       `toml:"entropy_coef" default:"0.0" range:"-100 .. 100" help:"bonus for the mean entropy of tokens"`
	MaskTruncatedCompletions bool          `toml:"mask_truncated_completions" default:"false" help:"completions cut at the length limit do not enter the loss"`

	ScaleRewards algo.Scale `toml:"scale_rewards" default:"group" oneof:"group batch none" help:"what advantages are divided by"`
	Std          algo.Std   `toml:"std" default:"sample" oneof:"sample population" help:"n-1 (TRL, verl) or n in the standard deviation"`
	AdvantageEps float64    `toml:"advantage_eps" default:"1e-4" range:"0 .. 1" help:"added to the standard deviation (TRL 1e-4, verl 1e-6)"`

	MultiObjectiveAggregation algo.Aggregation `toml:"multi_objective_aggregation" default:"sum_then_normalize" oneof:"sum_then_normalize normalize_then_sum" help:"whether several rewards are added before they are compared within the group, or each is compared first (GDPO)"`
}

// EvalStage evaluates once, with the settings of the [eval] table.
type EvalStage struct {
	Label string `toml:"label" help:"name in the record, as before or after"`
}

// Gate holds the first rollout of a grpo stage to a difficulty from which the
// stage can learn, and the data set to what it claims. The bounds count where
// the intervals are clear of them.
type Gate struct {
	Action      GateAction `toml:"action" default:"warn" oneof:"off warn refuse" help:"what a first rollout outside of the bounds does: nothing, a warning, or the end of the run before its first update"`
	MinPass1    float64    `toml:"min_pass1" default:"0.1" range:"0 .. 1" help:"least share of right answers"`
	MaxPass1    float64    `toml:"max_pass1" default:"0.7" range:"0 .. 1" help:"largest share of right answers"`
	MinHeadroom float64    `toml:"min_headroom" default:"0.15" range:"0 .. 1" help:"least distance between pass@k, k being num_generations, and pass@1"`
	Data        GateAction `toml:"data" default:"warn" oneof:"off warn refuse" help:"jsonl: what a data set does in which more than 1 % of the gold answers cannot be judged, answers contradict each other, or test problems stand among the training problems"`
}

// GateAction says what a failed gate does.
type GateAction string

// The choices.
const (
	GateOff    GateAction = "off"
	GateWarn   GateAction = "warn"
	GateRefuse GateAction = "refuse"
)

// Eval says how held-out evaluations are made: those of eval stages and the
// periodic ones. Prompts and seeds are the same each time, so results pair.
type Eval struct {
	Prompts             int     `toml:"prompts" default:"128" range:"1 .. 10000000" help:"held-out problems"`
	Samples             int     `toml:"samples" default:"1" range:"1 .. 4096" help:"completions a problem; pass@1 is their mean"`
	Every               int     `toml:"every" default:"0" range:"0 .. 10000000" help:"also evaluate every so many steps of grpo stages; 0 is off"`
	Temperature         float64 `toml:"temperature" default:"1.0" range:"0 .. 100" help:"0 takes the likeliest token"`
	TopP                float64 `toml:"top_p" default:"1.0" range:"0.0001 .. 1" help:"as in a grpo stage"`
	MaxCompletionLength int     `toml:"max_completion_length" range:"1 .. 1048576" help:"most tokens of a completion; absent: the largest of the grpo stages, or 128"`
	Seed                uint64  `toml:"seed" default:"1000" range:"0 .. inf" help:"of sampling; independent of the run's seed"`
}

// Checkpoint says when the policy is saved. One is always written at the end
// of a training stage and on stop.
type Checkpoint struct {
	SaveSteps int `toml:"save_steps" default:"50" range:"0 .. 10000000" help:"steps between checkpoints; 0 saves only at stage ends and on stop"`
	Keep      int `toml:"keep" default:"0" range:"0 .. 1000000" help:"newest checkpoints kept, besides stage ends and the best; 0 keeps all"`
}

// Store says what of the samples is recorded beside their text.
type Store struct {
	TokenData string `toml:"token_data" default:"all" oneof:"all sampled none" help:"token ids, log-probabilities and entropies: of all completions, of one group a step, or of none"`
}

// Limits bound memory. They change speed, never results: sampling and
// gradients do not depend on how rows are batched.
type Limits struct {
	MicroBatchRows        int  `toml:"micro_batch_rows" default:"32" range:"1 .. 65536" help:"sequences in one forward and backward pass"`
	GradientCheckpointing bool `toml:"gradient_checkpointing" default:"false" help:"compute activations again in the backward pass instead of keeping them: less memory, about a third more time in training"`
	RolloutRows           int  `toml:"rollout_rows" default:"128" range:"1 .. 65536" help:"sequences decoded at once"`
	MaxPromptLen          int  `toml:"max_prompt_length" default:"256" range:"1 .. 1048576" help:"most tokens of a prompt; a longer one is an error, never cut"`
}
