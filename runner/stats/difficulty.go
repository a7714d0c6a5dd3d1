package stats

import "fmt"

// PassAtK is the chance that at least one of k samples of a prompt is right,
// estimated without bias from right of n samples (Chen et al. 2021, arXiv
// 2107.03374, equation 1): 1 - C(n-right, k) / C(n, k). k is at most n.
func PassAtK(right, n, k int) (float64, error) {
	if n < 1 || k < 1 || k > n || right < 0 || right > n {
		return 0, fmt.Errorf("pass@%d: %d right of %d samples; want 1 <= k <= samples and no more right than samples", k, right, n)
	}
	miss := 1.0
	for i := range k {
		miss *= float64(max(n-right-i, 0)) / float64(n-i)
	}
	return 1 - miss, nil
}

// Difficulty says how hard problems are for a policy: how many of them it
// answers, and how much there is to gain from comparing several answers. What
// group-relative training can learn from is the headroom, the distance between
// pass@k and pass@1.
type Difficulty struct {
	Prompts  int      `json:"prompts"`
	Samples  int      `json:"samples"` // a prompt
	Pass1    float64  `json:"pass1"`
	Pass1CI  Interval `json:"pass1_ci"` // 95 %
	K        int      `json:"k"`
	PassK    float64  `json:"pass_k"`
	Headroom float64  `json:"headroom"` // PassK - Pass1
	HeadCI   Interval `json:"headroom_ci"`
	Guess    float64  `json:"guess_rate"` // of the task at its level; 0 when it is not known
}

// NewDifficulty computes it from the number of right answers of each prompt,
// out of n. Intervals are bootstraps over prompts.
func NewDifficulty(right []int, n int, guess float64, b Bootstrap) (Difficulty, error) {
	if len(right) == 0 {
		return Difficulty{}, fmt.Errorf("difficulty: no prompt was answered")
	}
	acc, err := PassAt1(right, n, b)
	if err != nil {
		return Difficulty{}, err
	}
	d := Difficulty{Prompts: len(right), Samples: n, K: n, Pass1: acc.Mean, Pass1CI: acc.Interval, Guess: guess}
	head := make([]float64, len(right))
	for i, r := range right {
		p, err := PassAtK(r, n, n)
		if err != nil {
			return Difficulty{}, err
		}
		d.PassK += p / float64(len(right))
		head[i] = p - float64(r)/float64(n)
		d.Headroom += head[i] / float64(len(right))
	}
	d.HeadCI, err = b.Mean(head)
	return d, err
}

// Bounds are what a difficulty is held to.
type Bounds struct {
	MinPass1    float64 `json:"min_pass1"`
	MaxPass1    float64 `json:"max_pass1"`
	MinHeadroom float64 `json:"min_headroom"`
}

// Faults says in what the difficulty is certainly outside of its bounds, given
// the intervals; nothing if it is within, or if the sample is too small to
// tell.
func (d Difficulty) Faults(b Bounds) []string {
	var out []string
	if d.Pass1CI.High < b.MinPass1 {
		out = append(out, fmt.Sprintf("too hard: pass@1 is below %.3g, so most groups hold no right answer to learn from; choose an easier level or a longer cold start", b.MinPass1))
	}
	if d.Pass1CI.Low > b.MaxPass1 {
		out = append(out, fmt.Sprintf("too easy: pass@1 is above %.3g, so most groups hold no wrong answer to learn from; choose a harder level", b.MaxPass1))
	}
	if d.HeadCI.High < b.MinHeadroom {
		out = append(out, fmt.Sprintf("no headroom: pass@%d is less than %.3g above pass@1, so there is little for reinforcement to bring out; choose another level, or a cold start that varies more", d.K, b.MinHeadroom))
	}
	return out
}

// String is the difficulty in a line.
func (d Difficulty) String() string {
	s := fmt.Sprintf("pass@1 %.3f (%.3f to %.3f), pass@%d %.3f, headroom %.3f, over %d prompts x %d", d.Pass1, d.Pass1CI.Low, d.Pass1CI.High,
		d.K, d.PassK, d.Headroom, d.Prompts, d.Samples)
	switch {
	case d.Guess > 0 && d.Pass1CI.Low <= d.Guess:
		s += fmt.Sprintf("; not better than a guess, which is right in %.3g", d.Guess)
	case d.Guess > 0:
		s += fmt.Sprintf("; a guess is right in %.3g", d.Guess)
	}
	return s
}
