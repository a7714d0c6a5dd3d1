package tui

import (
	"fmt"
	"strings"
	"testing"

	"gradus/tui/tuitest"
)

// tours lead from the list of runs to each screen.
func tours() []struct {
	name string
	lead func(d *tuitest.Driver)
} {
	return []struct {
		name string
		lead func(d *tuitest.Driver)
	}{
		{"runs", func(d *tuitest.Driver) {}},
		{"runs-filter", func(d *tuitest.Driver) { d.Press("/"); d.Type("failed"); d.Press("enter") }},
		{"live", func(d *tuitest.Driver) { d.Press("enter") }},
		{"live-done", func(d *tuitest.Driver) { d.Press("G", "enter") }},
		{"live-maximised", func(d *tuitest.Driver) { d.Press("enter", "tab", "z") }},
		{"live-traces", func(d *tuitest.Driver) {
			d.Press("enter", "shift+tab")
			for !strings.Contains(d.Screen(), "━ newest traces") {
				d.Press("shift+tab")
			}
			d.Press("j", "j")
		}},
		{"stop", func(d *tuitest.Driver) { d.Press("enter", "X", "r"); d.Type("kl spike") }},
		{"traces", func(d *tuitest.Driver) { d.Press("t", "j", "j", "j") }},
		{"traces-filter", func(d *tuitest.Driver) { d.Press("t", "/"); d.Type("step:20.. reward>1") }},
		{"traces-problem", func(d *tuitest.Driver) { d.Press("t", "/"); d.Type("finsh:length"); d.Press("enter") }},
		{"trace", func(d *tuitest.Driver) { d.Press("t", "/"); d.Type("reward>1 step:..20"); d.Press("enter", "enter") }},
		{"trace-prompt", func(d *tuitest.Driver) { d.Press("t", "enter", "o") }},
		{"trace-find", func(d *tuitest.Driver) {
			d.Press("t", "/")
			d.Type("reward>1")
			d.Press("enter", "enter", "/")
			d.Type("double")
			d.Press("enter", "n")
		}},
		{"trace-tokens", func(d *tuitest.Driver) { d.Press("t", "enter", "m") }},
		{"trace-hostile", func(d *tuitest.Driver) {
			d.Press("G", "t", "/")
			d.Type("step:5 group:0")
			d.Press("enter", "G", "enter")
		}},
		{"trace-raw", func(d *tuitest.Driver) {
			d.Press("G", "t", "/")
			d.Type("step:10 group:0")
			d.Press("enter", "G", "enter", "m", "m")
		}},
		{"compare-choose", func(d *tuitest.Driver) { d.Press("j", "m", "c", "j", "j", "b") }},
		{"compare", func(d *tuitest.Driver) { d.Press("G", "c", "enter") }},
		{"compare-lost", func(d *tuitest.Driver) { d.Press("G", "c", "enter", "f", "f") }},
		{"pair", func(d *tuitest.Driver) { d.Press("G", "c", "enter", "j", "enter") }},
		{"help", func(d *tuitest.Driver) { d.Press("enter", "?") }},
	}
}

// Every screen at the sizes that people have. Look at the golden files: they
// are the pictures of the workbench.
func TestScreens(t *testing.T) {
	t.Parallel()
	w := world(t)
	src := w.Source()
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		if underRace && size[0] == 160 {
			continue
		}
		for _, tour := range tours() {
			t.Run(fmt.Sprintf("%s-%dx%d", tour.name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				d := start(t, src, setup{w: size[0], h: size[1]})
				tour.lead(d)
				d.Golden(t)
				wellFormed(t, d, size[0], size[1])
			})
		}
	}
}

// wellFormed checks that a frame fills the terminal exactly.
func wellFormed(t *testing.T, d *tuitest.Driver, w, h int) {
	t.Helper()
	lines := strings.Split(d.View(), "\n")
	if len(lines) != h {
		t.Errorf("the frame has %d lines of %d", len(lines), h)
	}
	for i, l := range lines {
		if n := tuitest.Width(l); n != w {
			t.Errorf("line %d is %d cells wide, want %d: %q", i, n, w, l)
		}
	}
}

// The same without colours, without UTF-8, read-only, at the sizes between,
// and in terminals that are too small for anything but words.
func TestScreensDegrade(t *testing.T) {
	t.Parallel()
	w := world(t)
	src := w.Source()
	for _, tt := range []struct {
		name string
		setup
	}{
		{"no-colour", setup{w: 80, h: 24, noColour: true}},
		{"ascii", setup{w: 80, h: 24, noColour: true, ascii: true}},
		{"read-only", setup{w: 80, h: 24, readOnly: true}},
		{"100x30", setup{w: 100, h: 30}},
		{"60x15", setup{w: 60, h: 15}},
		{"40x10", setup{w: 40, h: 10}},
		{"20x5", setup{w: 20, h: 5}},
	} {
		for _, tour := range tours() {
			if underRace && !strings.HasPrefix(tour.name, "trace-") {
				continue
			}
			switch tour.name {
			case "live", "runs", "traces", "trace-tokens", "trace-hostile", "compare", "pair", "stop", "help":
			default:
				continue
			}
			t.Run(tt.name+"-"+tour.name, func(t *testing.T) {
				t.Parallel()
				d := start(t, src, tt.setup)
				tour.lead(d)
				d.Golden(t)
				wellFormed(t, d, tt.w, tt.h)
				if tt.noColour {
					withoutColour(t, d.Output())
				}
				if tt.ascii {
					for _, r := range d.Screen() {
						if r >= 0x2500 && r <= 0x28ff {
							t.Errorf("%q in a terminal without UTF-8", r)
						}
					}
				}
			})
		}
	}
}

// withoutColour checks that no sequence sets a colour.
func withoutColour(t *testing.T, out []byte) {
	t.Helper()
	for _, seq := range strings.Split(string(out), "\x1b[")[1:] {
		end := strings.IndexFunc(seq, func(r rune) bool { return r >= '@' })
		if end < 0 || seq[end] != 'm' {
			continue
		}
		for _, p := range strings.Split(seq[:end], ";") {
			if len(p) == 2 && (p[0] == '3' || p[0] == '4') && p != "39" && p != "49" || strings.HasPrefix(p, "9") && len(p) == 2 {
				t.Fatalf("a colour is set: %q", seq[:end+1])
			}
		}
	}
}
