package recipe

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed recipes/*.toml
var embedded embed.FS

// Info describes a shipped recipe.
type Info struct {
	Name  string
	About string
	Text  string // the file
}

// List returns the shipped recipes by name.
func List() ([]Info, error) {
	entries, err := embedded.ReadDir("recipes")
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, e := range entries {
		text, err := embedded.ReadFile(path.Join("recipes", e.Name()))
		if err != nil {
			return nil, err
		}
		var head struct {
			About string `toml:"about"`
		}
		if err := toml.Unmarshal(text, &head); err != nil {
			return nil, fmt.Errorf("shipped recipe %s: %w", e.Name(), err)
		}
		list = append(list, Info{Name: strings.TrimSuffix(e.Name(), ".toml"), About: head.About, Text: string(text)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// Load reads a recipe: a shipped one by its name, else a file. sets are
// overrides of the form KEY=VALUE, applied in order before anything is
// checked.
func Load(nameOrPath string, sets ...string) (*Recipe, error) {
	shipped, err := List()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(shipped))
	for i, info := range shipped {
		if info.Name == nameOrPath {
			return Parse(nameOrPath+".toml", []byte(info.Text), sets...)
		}
		names[i] = info.Name
	}
	text, err := readFile(nameOrPath)
	if err != nil {
		return nil, fmt.Errorf("recipe %q: %w; shipped recipes are %s%s", nameOrPath, err, strings.Join(names, ", "), nearestHint(nameOrPath, names))
	}
	return Parse(nameOrPath, text, sets...)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("neither a shipped recipe nor a file")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("this is a folder; give the recipe file in it")
	}
	return io.ReadAll(io.LimitReader(f, maxSource+1))
}

// Parse reads the text of a recipe. file is its name in messages; a recipe
// without a name is called after it, and relative paths in it are relative to
// its folder. The error is Problems: everything that is wrong, one line each.
func Parse(file string, text []byte, sets ...string) (*Recipe, error) {
	s, err := parseTOML(file, text)
	if err != nil {
		return nil, err
	}
	s.takeSetup(false)
	for _, set := range sets {
		s.apply(set)
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.recipe()
}

// FromJSON reads what JSON wrote. It is as strict as Parse.
func FromJSON(text []byte) (*Recipe, error) {
	s := &source{file: "recipe", tree: map[string]any{}, lines: map[string]int{}, sets: map[string]string{}, raw: map[string]string{}, seen: map[string]bool{}}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("recipe as JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("recipe as JSON: there is more after the end")
	}
	numbers, err := withNumbers(tree)
	if err != nil {
		return nil, fmt.Errorf("recipe as JSON: %w", err)
	}
	s.tree, _ = numbers.(map[string]any)
	return s.recipe()
}

// withNumbers gives JSON numbers the types that TOML numbers have.
func withNumbers(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			return v.Int64()
		}
		return v.Float64()
	case map[string]any:
		for k, e := range v {
			n, err := withNumbers(e)
			if err != nil {
				return nil, err
			}
			v[k] = n
		}
	case []any:
		for i, e := range v {
			n, err := withNumbers(e)
			if err != nil {
				return nil, err
			}
			v[i] = n
		}
	}
	return v, nil
}

// recipe binds and checks the tree.
func (s *source) recipe() (*Recipe, error) {
	var r Recipe
	s.bindTable(s.tree, "", reflect.ValueOf(&r).Elem())
	if err := s.err(); err != nil {
		return nil, err // consequences of these would only confuse
	}
	s.complete(&r)
	s.check(&r)
	if err := s.err(); err != nil {
		return nil, err
	}
	return &r, nil
}

// complete fills in what follows from other keys.
func (s *source) complete(r *Recipe) {
	if r.Name == "" {
		r.Name = strings.TrimSuffix(filepath.Base(s.file), filepath.Ext(s.file))
	}
	r.Task.File = s.absolute("task.file", r.Task.File)
	r.Task.EvalFile = s.absolute("task.eval_file", r.Task.EvalFile)
	for i, w := range r.Rewards {
		if file, ok := w.Params["file"].(string); ok {
			w.Params["file"] = s.absolute(fmt.Sprintf("reward.%d.params.file", i+1), file)
		}
	}
	if strings.ContainsRune(r.Model.From, filepath.Separator) {
		r.Model.From = s.absolute("model.from", r.Model.From)
	}
	for _, here := range []string{"." + string(filepath.Separator), ".." + string(filepath.Separator)} {
		if strings.HasPrefix(r.Task.Teacher, here) { // other names with a slash are those of models elsewhere
			r.Task.Teacher = s.absolute("task.teacher", r.Task.Teacher)
		}
	}
	if m := &r.Model; m.From != "" {
		*m = Model{From: m.From, Licence: m.Licence}
	} else {
		if !s.seen["model.intermediate_size"] {
			m.IntermediateSize = (m.HiddenSize*8/3 + 15) / 16 * 16
		}
		if !s.seen["model.num_key_value_heads"] {
			m.NumKeyValueHeads = m.NumAttentionHeads
		}
		if !s.seen["model.head_dim"] {
			m.HeadDim = m.HiddenSize / m.NumAttentionHeads
		}
	}
	if !s.seen["tokenizer.kind"] {
		r.Tokenizer.Kind = "chars"
		if r.Model.From != "" {
			r.Tokenizer.Kind = "checkpoint"
		}
	}
	longest := 0
	for i, st := range r.Stages {
		if g := st.GRPO; g != nil {
			longest = max(longest, g.MaxCompletionLength)
			if !s.seen[fmt.Sprintf("stage.%d.epsilon_high", i+1)] {
				g.EpsilonHigh = g.Epsilon
			}
		}
	}
	if !s.seen["eval.max_completion_length"] {
		if r.Eval.MaxCompletionLength = longest; longest == 0 {
			r.Eval.MaxCompletionLength = 128
		}
	}
}

// absolute makes a path independent of where the run's process will stand. A
// path given by --set is the user's, so relative to the current folder.
func (s *source) absolute(key, p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	if _, set := s.sets[key]; !set {
		p = filepath.Join(filepath.Dir(s.file), p)
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		s.fail(key, "is the relative path %q, and the current folder is unknown: %v; give an absolute path", p, err)
		return p
	}
	return abs
}
