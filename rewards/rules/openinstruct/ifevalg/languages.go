package ifevalg

import (
	"fmt"
	"slices"
	"strings"

	"gradus/rewards/rules/openinstruct/langdetect"
	"gradus/rewards/rules/pytext"
)

// languageCodes are those for which open-instruct has a name.
const languageCodes = "en es pt ar hi fr ru de ja it bn uk th ur ta te bg ko pl he fa vi ne sw kn mr gu pa ml fi"

func languages() Instructions {
	return Instructions{
		"language:response_language": {[]string{"language"}, func(a arguments) (Check, error) {
			language, err := a.text("language")
			if err != nil {
				return nil, err
			}
			if !slices.Contains(strings.Fields(languageCodes), language) {
				return nil, fmt.Errorf("language is %.20q; open-instruct has %s", language, languageCodes)
			}
			return func(t *Text) (bool, error) { return written(t.whole, language) }, nil
		}},
		"change_case:english_capital":   {build: func(arguments) (Check, error) { return english(pytext.AllUpper), nil }},
		"change_case:english_lowercase": {build: func(arguments) (Check, error) { return english(pytext.AllLower), nil }},
	}
}

// written says whether langdetect takes a text for one of that language; one
// in which it finds no letters is of every language.
func written(s, language string) (bool, error) {
	found, known, err := langdetect.Detect(s)
	return !known || found == language, err
}

func english(cased func(string) bool) Check {
	return func(t *Text) (bool, error) {
		if !cased(t.whole) {
			return false, nil
		}
		return written(t.whole, "en")
	}
}
