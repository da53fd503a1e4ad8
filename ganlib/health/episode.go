package health

// episode turns readings into one beginning and one end, however long it lasts and however it trembles at the limit.
type episode struct {
	open  bool
	count int   // readings in a row for a change
	since int64 // iteration of the first wrong reading of the episode, or of those in a row
}

// next takes a reading at an iteration. The change comes with the hold-th reading in a row that speaks for it.
func (e *episode) next(r reading, at int64, hold int) (begins, ends bool) {
	if !r.known {
		return false, false
	}
	change := r.wrong
	if e.open {
		change = r.over
	}
	if !change {
		e.count = 0
		return false, false
	}
	e.count++
	if !e.open && e.count == 1 {
		e.since = at
	}
	if e.count < hold {
		return false, false
	}
	e.open, e.count = !e.open, 0
	return e.open, !e.open
}
