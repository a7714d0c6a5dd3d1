package openr1

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gradus/rewards/rules/pytext"
)

// patchCode is open-r1's patch_code for its two languages: it mends what
// models often leave out or take from an older Python. As there, the line of
// the last import stands twice, and "import importlib" is mangled.
func patchCode(source, language string, replacements []replacement) string {
	switch {
	case source == "":
		return source
	case language == "python":
		return patchPython(source, replacements)
	case strings.Contains(language, "cpp"):
		return patchCPP(source)
	}
	return source
}

// header has what a program in C++ most often lacks.
const header = "#include <bits/stdc++.h>\n"

func namespace(source string) string {
	if !strings.Contains(source, "using namespace std;") && !strings.Contains(source, "std::") {
		return "\nusing namespace std;\n\n"
	}
	return ""
}

func patchCPP(source string) string { return header + namespace(source) + source }

// addIncludes is open-r1's add_includes: what a program of a task of the IOI
// most often lacks.
func addIncludes(source, id string) string {
	if source == "" {
		return source
	}
	include := `#include "` + id + `.h"`
	head := header
	if !strings.Contains(source, include) {
		head += include + "\n"
	}
	return head + namespace(source) + source
}

func patchPython(source string, replacements []replacement) string {
	lines := pytext.Lines(source)
	last := 0
	for i, line := range lines {
		line = pytext.Strip(line)
		if strings.HasPrefix(line, "import") || strings.HasPrefix(line, "from") && strings.Contains(line, "import") {
			last = i
		}
	}
	imports, rest := "", ""
	if len(lines) > 0 {
		imports, rest = strings.Join(lines[:last+1], "\n"), strings.Join(lines[last:], "\n")
	}
	switch {
	case strings.Contains(source, "fractions.gcd") && !strings.Contains(source, "import math"):
		imports += "\nimport math"
	case strings.Contains(source, "gcd") && !strings.Contains(source, "from math import gcd"):
		imports += "\nfrom math import gcd"
	}
	if !strings.Contains(source, "set_int_max_str_digits") {
		imports += "\nimport sys\nsys.set_int_max_str_digits(0)"
	}
	source = imports + "\n" + rest
	for _, r := range replacements {
		source = r.apply(source)
	}
	return strings.TrimRight(source, `\`)
}

// replacement is one substitution.
type replacement struct {
	must string // stands in every match: most programs need no other look
	find *regexp.Regexp
	text string // "\1" and "\2" stand for groups
}

// space is \s of a Python text.
const space = `[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]`

// notSpace is \S.
const notSpace = `[^\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]`

// pythonReplacements are open-r1's, in its order. They are compiled once for a
// reward.
func pythonReplacements() []replacement {
	var list []replacement
	for _, r := range [][3]string{
		{`from collections import`, `from collections import (Mapping|Sequence|Set|Container|MutableMapping|MutableSet|MutableSequence)`, `from collections.abc import \1`},
		{`import imp`, `import imp`, `import importlib`},
		{`asyncio.async(`, `asyncio\.async\(`, `asyncio.ensure_future(`},
		{`inspect.getargspec`, `inspect\.getargspec`, `inspect.getfullargspec`},
		{`array.array('c'`, `array\.array\('c'`, `array.array('b'`},
		{`\`, `\\(?:\r\n|\r|\n)+`, "\\\n"},
		{`getlogin`, `(?:os\s*\.\s*)?getlogin\s*\(\s*\)`, `False`},
		{`fractions.gcd`, `\bfractions\.gcd\b`, `math.gcd`},
		{`gcd`, `(from\s+fractions\s+import\s+(?:\([^)]*)?)\bgcd\s*,\s*`, `\1`},
		{`gcd`, `(from\s+fractions\s+import\s+.*?\S)\s*,\s*\bgcd(\s*\)?\s*(?:#.*)?)`, `\1\2`},
		{`gcd`, `from\s+fractions\s+import\s+\(?\s*gcd\s*\)?`, ``},
	} {
		list = append(list, replacement{r[0], regexp.MustCompile(strings.NewReplacer(`\s`, space, `\S`, notSpace).Replace(r[1])), r[2]})
	}
	return list
}

// apply replaces all matches, from left to right.
func (r replacement) apply(s string) string {
	if !strings.Contains(s, r.must) {
		return s
	}
	shadow := ascii(s)
	var b strings.Builder
	at := 0
	for _, m := range r.find.FindAllStringSubmatchIndex(shadow, -1) {
		b.WriteString(s[at:m[0]])
		text := r.text
		for g := 1; 2*g < len(m); g++ {
			group := ""
			if m[2*g] >= 0 {
				group = s[m[2*g]:m[2*g+1]]
			}
			if before, after, ok := strings.Cut(text, `\`+string(rune('0'+g))); ok {
				b.WriteString(before)
				b.WriteString(group)
				text = after
			}
		}
		b.WriteString(text)
		at = m[1]
	}
	b.WriteString(s[at:])
	return b.String()
}

// ascii puts a letter of ASCII for each letter and digit beyond it, byte for
// byte: the ends of words are then where Python sees them.
func ascii(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < utf8.RuneSelf
	}
	if plain {
		return s
	}
	out := []byte(s)
	for i, r := range s {
		if r >= utf8.RuneSelf && r != utf8.RuneError && pytext.Word(r) {
			for n := range utf8.RuneLen(r) {
				out[i+n] = 'Q'
			}
		}
	}
	return string(out)
}
