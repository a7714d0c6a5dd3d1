package openinstruct

import (
	"fmt"
	"regexp"
	"strings"

	"gradus/rewards"
	"gradus/rewards/rules/pytext"
	"gradus/rewards/rules/rule"
	"gradus/rewards/rules/squad"
)

// afterThinking is remove_thinking_section.
func afterThinking(s string) string {
	s = pytext.Strip(strings.ReplaceAll(s, "<|assistant|>", ""))
	s = behindLast(s, "</think>")
	return pytext.Strip(strings.ReplaceAll(strings.ReplaceAll(s, "<answer>", ""), "</answer>", ""))
}

// behindLast is s.split(mark)[-1].
func behindLast(s, mark string) string {
	if at := strings.LastIndex(s, mark); at >= 0 {
		return s[at+len(mark):]
	}
	return s
}

// gsm8k is GSM8KVerifier. Of a number like 1,234,567 only every second comma
// goes; without any number the whole completion is compared.
func gsm8k(s rewards.Sample) rewards.Result {
	claim := lastNumber(s.Completion)
	return compared(claim, pytext.Lower(claim) == pytext.Lower(s.Problem.Gold), s.Problem.Gold)
}

// lastNumber is the last of [-+]?(?:\d*\.\d+|\d+) once (\d),(\d) has lost its
// comma, or the text.
func lastNumber(s string) string {
	s = digitCommaDigit(s)
	runes := []rune(s)
	last := ""
	digits := func(i int) int {
		for i < len(runes) && decimal(runes[i]) {
			i++
		}
		return i
	}
	for i := 0; i < len(runes); {
		at := i
		if runes[at] == '-' || runes[at] == '+' {
			at++
		}
		whole := digits(at)
		end := whole
		if whole < len(runes) && runes[whole] == '.' {
			if fraction := digits(whole + 1); fraction > whole+1 {
				end = fraction
			}
		}
		if end == at {
			i++
			continue
		}
		last, i = string(runes[i:end]), end
	}
	if last == "" {
		return s
	}
	return last
}

// digitCommaDigit drops the comma between two digits, those before and behind
// it taken for it alone.
func digitCommaDigit(s string) string {
	if !strings.Contains(s, ",") {
		return s
	}
	runes := []rune(s)
	out := make([]rune, 0, len(runes))
	for i := 0; i < len(runes); i++ {
		out = append(out, runes[i])
		if decimal(runes[i]) && i+2 < len(runes) && runes[i+1] == ',' && decimal(runes[i+2]) {
			out = append(out, runes[i+2])
			i += 2
		}
	}
	return string(out)
}

// puzzle is PuzzleMatcherVerifier.
func puzzle(s rewards.Sample) rewards.Result {
	return words(afterThinking(s.Completion), s.Problem.Gold)
}

// stringMatcher is StringMatcherVerifier: from the last opening tag to the
// first closing one behind it, if there is one.
func stringMatcher(s rewards.Sample) rewards.Result {
	if !strings.Contains(s.Completion, "<answer>") || !strings.Contains(s.Completion, "</answer>") {
		return rewards.Result{Reason: "match.no_answer", Why: "there is no <answer> or no </answer>"}
	}
	claim, _, _ := strings.Cut(behindLast(s.Completion, "<answer>"), "</answer>")
	return words(claim, s.Problem.Gold)
}

// flan is FlanVerifier; without its words the whole completion is compared.
func flan(s rewards.Sample) rewards.Result {
	return words(pytext.Strip(behindLast(s.Completion, "The answer is: ")), s.Problem.Gold)
}

func words(claim, gold string) rewards.Result {
	return compared(claim, squad.Normal(claim) == squad.Normal(gold), gold)
}

func compared(claim string, same bool, gold string) rewards.Result {
	if same {
		return rewards.Result{Score: 1, Reason: "match.same", Claim: claim, Why: fmt.Sprintf("claimed %q, the gold answer", short(claim))}
	}
	return rewards.Result{Reason: "match.other", Claim: claim, Why: fmt.Sprintf("claimed %q; the gold answer is %q", short(claim), short(gold))}
}

// stringF1 is F1Verifier. A gold answer that is a JSON list holds several.
func stringF1(s rewards.Sample) rewards.Result {
	golds := []string{s.Problem.Gold}
	if strings.HasPrefix(s.Problem.Gold, "[") {
		if list, ok, why := labels(s.Problem.Gold); why != "" {
			return unread(why)
		} else if ok {
			golds = list
		}
	}
	return bestF1(afterThinking(s.Completion), golds)
}

func bestF1(claim string, golds []string) rewards.Result {
	if len(golds) == 0 {
		return unread("the list of gold answers is empty")
	}
	r := rewards.Result{Reason: "match.f1", Claim: claim}
	best := ""
	for _, g := range golds {
		if f1 := squad.F1(claim, g); f1 > r.Score || best == "" {
			r.Score, best = f1, g
		}
	}
	r.Why = fmt.Sprintf("F1 of its words with those of %q is %.3g", short(best), r.Score)
	return r
}

// anyOf are the gold answers of which any will do: a JSON list's, or the text.
func anyOf(gold string) (golds []string, why string) {
	golds, read, why := labels(gold)
	if !read {
		golds = []string{pytext.Strip(gold)}
	}
	return golds, why
}

// newReSearch is R1SearchVerifier. Python's IGNORECASE also folds ſ, İ and ı.
func newReSearch() rule.Judge {
	tag := regexp.MustCompile(`(?is)<f[iİı]n[iİı]sh>(.*?)</f[iİı]n[iİı]sh>`)
	return func(s rewards.Sample) rewards.Result {
		golds, why := anyOf(s.Problem.Gold)
		if why != "" {
			return unread(why)
		}
		found := tag.FindStringSubmatch(s.Completion)
		if found == nil {
			return rewards.Result{Reason: "match.no_answer", Why: "nothing stands between <finish> and </finish>"}
		}
		claim := pytext.Strip(found[1])
		if claim == "" {
			return rewards.Result{Reason: "match.no_answer", Why: "only white space stands between <finish> and </finish>"}
		}
		normal := squad.Normal(claim)
		for _, g := range golds {
			if squad.Normal(g) == normal {
				return compared(claim, true, g)
			}
		}
		return compared(claim, false, strings.Join(golds, " | "))
	}
}

// reSearchF1 is ReSearchVerifierF1; one of the two tags is enough.
func reSearchF1(s rewards.Sample) rewards.Result {
	golds, why := anyOf(s.Problem.Gold)
	if why != "" {
		return unread(why)
	}
	if !strings.Contains(s.Completion, "<finish>") && !strings.Contains(s.Completion, "</finish>") {
		return rewards.Result{Reason: "match.no_answer", Why: "there is neither <finish> nor </finish>"}
	}
	claim, _, _ := strings.Cut(behindLast(s.Completion, "<finish>"), "</finish>")
	if claim == "" {
		return rewards.Result{Reason: "match.no_answer", Why: "nothing stands between <finish> and </finish>"}
	}
	r := bestF1(claim, golds)
	if r.Status == rewards.OK && r.Score == 0 {
		r.Score, r.Reason, r.Why = 0.1, "match.form", "none of its words is right; a tenth for the form"
	}
	return r
}

// short cuts a text for a sentence.
func short(s string) string {
	const most = 80
	if n := pytext.LastCharacters(s, most); len(n) < len(s) {
		return "…" + n
	}
	return s
}
