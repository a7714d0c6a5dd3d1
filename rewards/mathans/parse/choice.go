package parse

import "strings"

// label takes the letter of a multiple choice off the front of an answer that
// says what is chosen, too: "\textbf{(C)}\ 12", "\text{C. } 12", "(C) 12". A
// letter alone is an answer, and so is (C)12, a product.
func label(toks []token) (choice string, rest []token) {
	n := 1
	switch {
	case len(toks) > 1 && toks[0].kind == tText:
		choice = strings.TrimSpace(toks[0].text)
		if len(choice) < 2 {
			return "", toks
		}
		if strings.HasPrefix(choice, "(") {
			choice = choice[1:]
			if !strings.HasSuffix(strings.TrimRight(choice, ".:"), ")") {
				return "", toks
			}
		}
		choice = strings.TrimRight(choice, ").:")
	case len(toks) > 3 && toks[0].kind == tOpen && toks[0].text == "(" && toks[1].kind == tWord && toks[2].kind == tClose && toks[2].text == ")" && toks[3].space:
		choice, n = toks[1].text, 3
	default:
		return "", toks
	}
	if len(choice) != 1 || choice[0] < 'A' || choice[0] > 'F' {
		return "", toks
	}
	switch t := toks[n]; t.kind {
	case tNum, tWord, tSym, tConst, tFrac, tSqrt, tMinus, tOpen, tLBrace, tBegin, tFunc:
		return choice, toks[n:]
	}
	return "", toks
}
