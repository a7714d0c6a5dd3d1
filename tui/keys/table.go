package keys

// What keys do.
const (
	Tab1   ID = "tab.runs"
	Tab2   ID = "tab.live"
	Tab3   ID = "tab.traces"
	Tab4   ID = "tab.compare"
	Help   ID = "help"
	Quit   ID = "quit"
	Back   ID = "back"
	Redraw ID = "refresh"

	Up       ID = "up"
	Down     ID = "down"
	PageUp   ID = "page.up"
	PageDown ID = "page.down"
	Home     ID = "home"
	End      ID = "end"
	Open     ID = "open"
	Filter   ID = "filter"
	Next     ID = "next"
	Prev     ID = "previous"
	NextPane ID = "pane.next"
	PrevPane ID = "pane.previous"
	Maximise ID = "maximise"
	Copy     ID = "copy"

	SortLeft   ID = "sort.left"
	SortRight  ID = "sort.right"
	OpenTraces ID = "traces"
	Compare    ID = "compare"
	MarkRun    ID = "mark"

	Smooth ID = "smooth"
	Scale  ID = "scale"
	Metric ID = "metric"

	Order ID = "order"

	NextTrace  ID = "trace.next"
	PrevTrace  ID = "trace.previous"
	NextSample ID = "sample.next"
	PrevSample ID = "sample.previous"
	Mode       ID = "mode"
	Fold       ID = "fold"
	Heat       ID = "heat"
	Verdict    ID = "verdict"
	AddTag     ID = "tag"
	AddNote    ID = "note"

	MarkA ID = "mark.a"
	MarkB ID = "mark.b"
	Show  ID = "show"
	Diff  ID = "diff"
	Swap  ID = "swap"

	Pause ID = "pause"
	Stop  ID = "stop"
)

// Table is the one table of keys.
func Table() []Binding {
	everywhere := []Scope{Everywhere}
	moves := []Scope{Runs, Live, Traces, Trace, Pick, Flips, Pair}
	steers := []Scope{Runs, Live}
	return []Binding{
		{Tab1, []string{"1"}, "runs", "list of runs", everywhere, 0, false},
		{Tab2, []string{"2"}, "live", "curves, newest traces and events of the run", everywhere, 0, false},
		{Tab3, []string{"3"}, "traces", "all traces of the run", everywhere, 0, false},
		{Tab4, []string{"4"}, "compare", "two checkpoints side by side", everywhere, 0, false},
		{Help, []string{"?"}, "help", "these keys", everywhere, 98, false},
		{Back, []string{"esc"}, "back", "one layer back", everywhere, 0, false},
		{Quit, []string{"q", "ctrl+c"}, "quit", "leave; runs go on", everywhere, 99, false},
		{Redraw, []string{"r", "ctrl+l"}, "refresh", "read anew and draw anew", everywhere, 0, false},

		{Open, []string{"enter"}, "open", "open what is selected", []Scope{Runs, Live, Traces, Flips}, 1, false},
		{Open, []string{"enter"}, "compare", "compare A and B", []Scope{Pick}, 1, false},
		{Up, []string{"k", "up"}, "up", "up", moves, 0, false},
		{Down, []string{"j", "down"}, "down", "down", moves, 0, false},
		{PageUp, []string{"ctrl+u", "pgup"}, "page up", "half a page up", moves, 0, false},
		{PageDown, []string{"ctrl+d", "pgdown", "space"}, "page down", "half a page down", moves, 0, false},
		{Home, []string{"g", "home"}, "first", "to the first one", moves, 0, false},
		{End, []string{"G", "end"}, "last", "to the last one; in newest traces: follow again", moves, 0, false},

		{Filter, []string{"/"}, "filter", "filter the list; an empty filter shows all", []Scope{Runs, Traces, Flips}, 2, false},
		{OpenTraces, []string{"t"}, "traces", "traces of the run", []Scope{Runs, Live}, 3, false},
		{Compare, []string{"c"}, "compare", "compare checkpoints of the run", []Scope{Runs, Live}, 4, false},
		{MarkRun, []string{"m"}, "mark", "mark the run: its checkpoints join those to compare", []Scope{Runs}, 5, false},
		{SortLeft, []string{"<"}, "sort", "sort by the column to the left", []Scope{Runs}, 0, false},
		{SortRight, []string{">"}, "sort", "sort by the column to the right", []Scope{Runs}, 6, false},

		{NextPane, []string{"tab"}, "pane", "next pane", []Scope{Live, Trace}, 2, false},
		{PrevPane, []string{"shift+tab"}, "pane", "pane before", []Scope{Live, Trace}, 0, false},
		{Maximise, []string{"z"}, "maximise", "give the pane the whole screen, and back", []Scope{Live, Trace}, 6, false},
		{Smooth, []string{"s"}, "smooth", "smoothing: none, .6, .9, .99", []Scope{Live}, 5, false},
		{Scale, []string{"e"}, "scale", "y axis of the pane: linear or logarithmic", []Scope{Live}, 7, false},
		{Metric, []string{"i"}, "metric", "show the next metric in the pane", []Scope{Live}, 8, false},

		{Order, []string{"o"}, "order", "newest or oldest first", []Scope{Traces}, 3, false},

		{NextSample, []string{")"}, "sample", "next sample of the same prompt", []Scope{Trace}, 0, false},
		{PrevSample, []string{"("}, "( ) sample", "sample before, of the same prompt", []Scope{Trace}, 3, false},
		{NextTrace, []string{"]"}, "trace", "next trace of the list", []Scope{Trace}, 0, false},
		{PrevTrace, []string{"["}, "[ ] trace", "trace before, in the list", []Scope{Trace}, 4, false},
		{Mode, []string{"m"}, "mode", "show text, tokens or raw bytes", []Scope{Trace}, 1, false},
		{Heat, []string{"e"}, "heat", "colour tokens by log-probability or entropy", []Scope{Trace}, 0, false},
		{Fold, []string{"o"}, "prompt", "show or fold the prompt", []Scope{Trace}, 5, false},
		{Filter, []string{"/"}, "find", "find in the text", []Scope{Trace}, 2, false},
		{Next, []string{"n"}, "next", "next match", []Scope{Trace}, 0, false},
		{Prev, []string{"N"}, "previous", "match before", []Scope{Trace}, 0, false},
		{Verdict, []string{"v"}, "verdict", "judge the trace; asks for the verdict", []Scope{Trace}, 6, false},
		{AddNote, []string{"a"}, "note", "write a note on the trace, or on the match of a search", []Scope{Trace}, 6, false},
		{AddTag, []string{"t"}, "tag", "put a tag on the trace", []Scope{Trace}, 0, false},
		{Copy, []string{"y"}, "copy", "copy the raw text to the clipboard of this terminal", []Scope{Trace}, 7, false},

		{MarkA, []string{"a"}, "set A", "the selected checkpoint is A, the baseline", []Scope{Pick}, 2, false},
		{MarkB, []string{"b"}, "set B", "the selected checkpoint is B", []Scope{Pick}, 3, false},
		{Show, []string{"f"}, "show", "show flips, all pairs, A wrong B right, or A right B wrong", []Scope{Flips}, 3, false},
		{Swap, []string{"x"}, "swap", "swap A and B", []Scope{Pick, Flips}, 4, false},
		{Next, []string{"n"}, "next pair", "next pair of the list", []Scope{Pair}, 1, false},
		{Prev, []string{"N"}, "pair before", "pair before, in the list", []Scope{Pair}, 2, false},
		{Diff, []string{"d"}, "diff", "mark differing words, whole lines, or nothing", []Scope{Pair}, 3, false},

		{Pause, []string{"P"}, "pause", "pause the run after its step, or resume it; asks", steers, 2, true},
		{Stop, []string{"X"}, "stop", "stop the run after its step, with a checkpoint; asks", steers, 2, true},
	}
}
