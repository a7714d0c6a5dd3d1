// Package list is a virtual list: it holds a window of items that came page by
// page from a store, keeps the selection by id and not by place, and tells
// which rows are in view and which page to ask for next. It draws nothing and
// knows nothing of Bubble Tea.
package list

// List is a window [Before, items, After] of a longer list. The zero value is
// an empty list; set Key before use. Not safe for concurrent use.
type List[K comparable, T any] struct {
	Key func(T) K // identity of an item, the same for ever

	items []T
	sel   int // index of the selected item
	top   int // index of the first item in view

	before, after bool // there is more in the store
	limit         int  // items to keep; 0 keeps all
}

// New makes an empty list that keeps at most limit items in memory, or all of
// them when limit is 0.
func New[K comparable, T any](key func(T) K, limit int) *List[K, T] {
	return &List[K, T]{Key: key, limit: limit}
}

// Len is the number of items in memory.
func (l *List[K, T]) Len() int { return len(l.items) }

// Items are the items in memory; do not change them.
func (l *List[K, T]) Items() []T { return l.items }

// Index is the place of the selected item among those in memory, -1 without any.
func (l *List[K, T]) Index() int {
	if len(l.items) == 0 {
		return -1
	}
	return l.sel
}

// Selected is the selected item; ok is false for an empty list.
func (l *List[K, T]) Selected() (item T, ok bool) {
	if len(l.items) == 0 {
		return item, false
	}
	return l.items[l.sel], true
}

// Set replaces the whole list, as for a list that is read anew each time. The
// selected item stays selected and keeps its line on the screen if it is still
// there; else what stands in its place is selected.
func (l *List[K, T]) Set(items []T) {
	line := l.sel - l.top
	old, had := l.Selected()
	l.items, l.before, l.after = items, false, false
	l.clamp()
	if !had {
		return
	}
	if i := l.find(l.Key(old)); i >= 0 {
		l.sel, l.top = i, i-line
	}
	l.clamp()
}

// Reset begins anew with one page, the first item selected.
func (l *List[K, T]) Reset(items []T, before, after bool) {
	l.items, l.before, l.after, l.sel, l.top = items, before, after, 0, 0
}

// Append adds the page after the last item; more tells whether another page
// follows. Items that are there already are passed over. What is over the
// limit is dropped at the front.
func (l *List[K, T]) Append(page []T, more bool) {
	l.items = append(l.items, l.fresh(page)...)
	l.after = more
	if over := len(l.items) - l.limit; l.limit > 0 && over > 0 {
		over = min(over, l.sel) // never the selected one
		l.items = append([]T(nil), l.items[over:]...)
		l.sel -= over
		l.top = max(l.top-over, 0)
		l.before = l.before || over > 0
	}
}

// Prepend adds the page before the first item, in list order; more tells
// whether another page precedes it. The view stays where it is. What is over
// the limit is dropped at the end.
func (l *List[K, T]) Prepend(page []T, more bool) {
	page = l.fresh(page)
	l.items = append(append(make([]T, 0, len(page)+len(l.items)), page...), l.items...)
	if len(l.items) > len(page) { // else there was nothing to keep in place
		l.sel += len(page)
		l.top += len(page)
	}
	l.before = more
	if l.limit > 0 && len(l.items) > l.limit {
		keep := max(l.limit, l.sel+1)
		l.after = l.after || keep < len(l.items)
		l.items = l.items[:min(keep, len(l.items))]
	}
}

func (l *List[K, T]) fresh(page []T) []T {
	have := make(map[K]bool, len(l.items))
	for _, it := range l.items {
		have[l.Key(it)] = true
	}
	out := make([]T, 0, len(page))
	for _, it := range page {
		if k := l.Key(it); !have[k] {
			have[k] = true
			out = append(out, it)
		}
	}
	return out
}

// HasBefore and HasAfter tell whether the store has more on that side.
func (l *List[K, T]) HasBefore() bool { return l.before }

// HasAfter tells whether the store has more after the last item.
func (l *List[K, T]) HasAfter() bool { return l.after }

// Wants tells which page to fetch now: -1 the one before, +1 the one after, 0
// none. It asks when the selection is within margin items of an end.
func (l *List[K, T]) Wants(margin int) int {
	switch {
	case l.after && len(l.items)-1-l.sel < margin:
		return 1
	case l.before && l.sel < margin:
		return -1
	}
	return 0
}

// Move moves the selection by delta items and reports whether it moved.
func (l *List[K, T]) Move(delta int) bool {
	old := l.sel
	l.sel += delta
	l.clamp()
	return l.sel != old
}

// Home selects the first item in memory.
func (l *List[K, T]) Home() { l.sel, l.top = 0, 0 }

// End selects the last item in memory.
func (l *List[K, T]) End() { l.sel = len(l.items) - 1; l.clamp() }

// Select selects the item with key k and reports whether it is there.
func (l *List[K, T]) Select(k K) bool {
	i := l.find(k)
	if i >= 0 {
		l.sel = i
	}
	return i >= 0
}

// View returns the items in view of height rows, scrolled as little as it
// takes to show the selected one, and which of them that is (-1 for none).
func (l *List[K, T]) View(height int) (items []T, selected int) {
	if height < 1 || len(l.items) == 0 {
		return nil, -1
	}
	l.top = min(l.top, l.sel)
	l.top = max(l.top, l.sel-height+1)
	l.top = max(min(l.top, len(l.items)-height), 0)
	return l.items[l.top:min(l.top+height, len(l.items))], l.sel - l.top
}

func (l *List[K, T]) find(k K) int {
	for i, it := range l.items {
		if l.Key(it) == k {
			return i
		}
	}
	return -1
}

func (l *List[K, T]) clamp() {
	l.sel = max(min(l.sel, len(l.items)-1), 0)
	l.top = max(min(l.top, len(l.items)-1), 0)
}
