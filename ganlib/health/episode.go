package health

// episode turns readings into one beginning and one end, however long it lasts and however it trembles at the limit.
type episode struct {
	open  bool
	count int   // readings in a row for a change
	since int64 // iteration of the first wrong reading of the episode, or of those in a row
}

// next takes a reading at an iteration. An episode begins with the hold-th wrong reading in a row, and ends with as
// many that are clearly back, though not more than short.
func (e *episode) next(r reading, at int64, hold int) (begins, ends bool) {
	if !r.known {
		return false, false
	}
	change := r.wrong
	if e.open {
		change, hold = r.over, min(hold, short)
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
