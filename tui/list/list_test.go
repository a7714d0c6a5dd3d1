package list

import (
	"testing"

	"pgregory.net/rapid"
)

func ids(n, from int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

func newInts(limit int) *List[int, int] { return New(func(i int) int { return i }, limit) }

func TestSelectionStaysWithItsItem(t *testing.T) {
	l := newInts(0)
	l.Set([]int{1, 2, 3, 4, 5})
	l.Move(2)
	_, line := l.View(3)
	l.Set([]int{9, 8, 1, 2, 3, 4, 5}) // two new ones above
	if got, _ := l.Selected(); got != 3 {
		t.Errorf("selected %d, want 3", got)
	}
	if items, sel := l.View(3); sel != line || items[sel] != 3 {
		t.Errorf("view %v, selected line %d, want %d", items, sel, line)
	}
	l.Set([]int{9, 8, 1, 2}) // it is gone: what took its place
	if got, _ := l.Selected(); got != 2 {
		t.Errorf("selected %d, want the last one", got)
	}
	l.Set(nil)
	if _, ok := l.Selected(); ok || l.Index() != -1 {
		t.Error("an empty list has a selection")
	}
	if items, sel := l.View(3); items != nil || sel != -1 {
		t.Error("an empty list has rows")
	}
}

func TestPagesComeAndGo(t *testing.T) {
	const total, page, limit = 1000, 20, 60
	l := newInts(limit)
	l.Reset(ids(page, 0), false, true)
	fetch := func() {
		switch l.Wants(5) {
		case 1:
			from := l.Items()[l.Len()-1] + 1
			n := min(page, total-from)
			l.Append(ids(n, from), from+n < total)
		case -1:
			to := l.Items()[0]
			n := min(page, to)
			l.Prepend(ids(n, to-n), to-n > 0)
		}
	}
	for want := range total {
		if got, _ := l.Selected(); got != want {
			t.Fatalf("selected %d, want %d", got, want)
		}
		if l.Len() > limit+page {
			t.Fatalf("%d items in memory", l.Len())
		}
		l.Move(1)
		fetch()
	}
	for want := total - 1; want >= 0; want-- {
		if got, _ := l.Selected(); got != want {
			t.Fatalf("going back: selected %d, want %d", got, want)
		}
		l.Move(-1)
		fetch()
	}
}

// Whatever happens: the selection is in view, rows are consecutive, no item twice.
func TestViewHoldsTheSelection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newInts(rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "limit"))
		l.Reset(ids(10, 100), true, true)
		n := rapid.IntRange(1, 30).Draw(t, "n")
		for range n {
			switch rapid.IntRange(0, 6).Draw(t, "op") {
			case 0:
				l.Move(rapid.IntRange(-20, 20).Draw(t, "delta"))
			case 1:
				l.Append(ids(7, rapid.IntRange(90, 200).Draw(t, "from")), true)
			case 2:
				l.Prepend(ids(7, rapid.IntRange(0, 110).Draw(t, "from")), true)
			case 3:
				l.Set(ids(rapid.IntRange(0, 12).Draw(t, "size"), 100))
			case 4:
				l.End()
			case 5:
				l.Home()
			case 6:
				l.Select(rapid.IntRange(90, 120).Draw(t, "key"))
			}
			h := rapid.IntRange(0, 9).Draw(t, "h")
			items, sel := l.View(h)
			want, ok := l.Selected()
			if h > 0 && ok && (sel < 0 || sel >= len(items) || items[sel] != want) {
				t.Fatalf("view %v, selected %d, want %v", items, sel, want)
			}
			if len(items) > h || (h > 0 && len(items) < min(h, l.Len())) {
				t.Fatalf("%d rows of %d items in %d lines", len(items), l.Len(), h)
			}
			seen := map[int]bool{}
			for _, it := range l.Items() {
				if seen[it] {
					t.Fatalf("%d is there twice", it)
				}
				seen[it] = true
			}
		}
	})
}
