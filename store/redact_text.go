package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names maps names that a run knows to the labels that stand for them.
type names struct{ users, hosts map[string]string }

func (n *names) host(s string) {
	if s != "" && s != "localhost" && n.hosts[s] == "" {
		n.hosts[s] = fmt.Sprintf("host-%d", len(n.hosts)+1)
	}
}

func (n *names) user(s string) {
	if s != "" && s != "unknown" && n.users[s] == "" {
		n.users[s] = fmt.Sprintf("user-%d", len(n.users)+1)
	}
}

// actor learns from USER@HOST, or from a bare name that is not a signal's.
func (n *names) actor(s string) {
	user, host, _ := strings.Cut(s, "@")
	if !strings.HasPrefix(user, "SIG") {
		n.user(user)
	}
	n.host(host)
}

// person redacts a value that is nothing but somebody's name.
func (r *redactor) person(s string) string {
	user, host, at := strings.Cut(s, "@")
	if l := r.names.users[user]; r.Users && l != "" {
		user = l
	}
	if l := r.names.hosts[host]; r.Hosts && l != "" {
		host = l
	}
	if at {
		return user + "@" + host
	}
	return user
}

// label redacts a text about the run.
func (r *redactor) label(s string) string {
	if r.Secrets {
		s = r.replaceSecrets(s, func(string) string { return "[secret]" })
	}
	if r.Paths {
		s = replacePaths(r.absolute, s, func(p string) string { return "[path]" + p[strings.LastIndexAny(p, `/\`):] })
	}
	if r.Hosts {
		s = replaceWords(s, r.names.hosts)
	}
	if r.Users {
		s = replaceWords(r.home.ReplaceAllString(s, "${1}[user]"), r.names.users)
	}
	return s
}

// mask redacts a prompt or a trace, byte by byte. A user's bare name is left:
// it may be a word of the language.
func (r *redactor) mask(s string) string {
	stars := func(s string) string { return strings.Repeat("*", len(s)) }
	if r.Secrets {
		s = r.replaceSecrets(s, stars)
	}
	if r.Users {
		s = r.home.ReplaceAllStringFunc(s, func(m string) string {
			at := strings.LastIndexAny(m, `/\`) + 1
			return m[:at] + stars(m[at:])
		})
		for user := range r.names.users {
			s = replaceWords(s, map[string]string{user + "@": stars(user) + "@"})
		}
	}
	if r.Paths {
		s = replacePaths(r.known, s, stars)
	}
	if r.Hosts {
		hosts := make(map[string]string, len(r.names.hosts))
		for h := range r.names.hosts {
			hosts[h] = stars(h)
		}
		s = replaceWords(s, hosts)
	}
	return s
}

// patterns are the expressions of a redactor, compiled once.
type patterns struct {
	home     *regexp.Regexp // the name of a user in the path of a home folder
	absolute *regexp.Regexp // paths of two parts or more, after what cannot be a part of one: not the "/mean" of "rewards/mean", not "</think>", not a URL
	known    *regexp.Regexp // paths below the folders that systems have: a trace may have slashes for other reasons
	tokens   *regexp.Regexp // access tokens by the forms that their issuers publish, and private keys
	url      *regexp.Regexp // passwords in URLs
	value    *regexp.Regexp // values after a telling name
}

func newPatterns() patterns {
	return patterns{
		home:     regexp.MustCompile(`((?:/home|/Users|[A-Za-z]:\\+Users)[/\\]+)[^/\\\s"'<>:;,()\[\]]+`),
		absolute: regexp.MustCompile(`(^|[\s"'=(\[:,])((?:~|[A-Za-z]:)?(?:[/\\]+[\w.@+%-]+){2,})`),
		known:    regexp.MustCompile(`(^|[\s"'=(\[:,])((?:/(?:home|Users|root|tmp|var|mnt|data|opt|srv|scratch|work|etc|usr|media|lustre|gpfs)|~|[A-Za-z]:\\)(?:[/\\]+[\w.@+*%-]+)+)`),
		tokens: regexp.MustCompile(strings.Join([]string{
			`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`,
			`\bhf_[A-Za-z0-9]{20,}`, `\bsk-[A-Za-z0-9_-]{20,}`, `\bgh[pousr]_[A-Za-z0-9]{30,}`, `\bgithub_pat_[A-Za-z0-9_]{30,}`,
			`\bglpat-[A-Za-z0-9_-]{20,}`, `\bxox[abprs]-[A-Za-z0-9-]{10,}`, `\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`, `\bAIza[0-9A-Za-z_-]{35}`,
			`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`,
		}, "|")),
		url:   regexp.MustCompile(`([a-z][a-z0-9+.-]*://[^\s/:@"']+:)([^\s/@"']+)(@)`),
		value: regexp.MustCompile(`(?i)((?:api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|secret|password|passwd|bearer)\\?["']?\s*(?:[:=]|\s)\s*\\?["']?)([A-Za-z0-9+/_.~-]{12,})()`),
	}
}

func replacePaths(re *regexp.Regexp, s string, with func(string) string) string {
	return re.ReplaceAllStringFunc(s, func(m string) string {
		parts := re.FindStringSubmatch(m)
		return parts[1] + with(parts[2])
	})
}

func (p *patterns) replaceSecrets(s string, with func(string) string) string {
	s = p.tokens.ReplaceAllStringFunc(s, with)
	for _, re := range []*regexp.Regexp{p.url, p.value} {
		s = re.ReplaceAllStringFunc(s, func(m string) string {
			found := re.FindStringSubmatch(m)
			if re == p.value && strings.IndexFunc(found[2], unicode.IsDigit) < 0 { // "password protection" is no password
				return m
			}
			return found[1] + with(found[2]) + found[3]
		})
	}
	return s
}

// replaceWords replaces names where they stand as words of their own. Longer
// names come first.
func replaceWords(s string, labels map[string]string) string {
	words := make([]string, 0, len(labels))
	for w := range labels {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int {
		if d := len(b) - len(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, w := range words {
		if strings.Contains(s, w) {
			s = replaceWord(s, w, labels[w])
		}
	}
	return s
}

func replaceWord(s, word, label string) string {
	var b strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			return b.String() + s[done:]
		}
		from, to := at+i, at+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(s[:from])
		after, _ := utf8.DecodeRuneInString(s[to:])
		if at = to; from > 0 && wordRune(before) || to < len(s) && wordRune(after) && !strings.HasSuffix(word, "@") {
			continue
		}
		b.WriteString(s[done:from] + label)
		done = to
	}
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
