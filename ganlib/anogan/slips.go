package anogan

// Slips are mistakes in the search, the original's (KeepAdam, Range) and one that is easily made (Mode), each to be had on
// purpose: to see what it does to the scores, and to compare with numbers that were made with it. None is the right thing, and what is recorded of a search without slips
// does not mention them.
type Slips struct {
	// KeepAdam carries the moments of Adam and its count of steps from one batch of queries, and one start, to the next of
	// the same [Mapper.Search]: the blog draws a new z for each query and forgets the optimiser's own variables. Scores then
	// depend on what was searched before.
	KeepAdam bool `symbol:"keep_adam" json:",omitempty"`

	// Mode is what batch norm does: with [SearchTraining] it takes the statistics of the batch, as in the training, and
	// scores depend on the other queries of the batch. A last batch that is not full is filled up with its first query.
	Mode SearchMode `symbol:"mode" json:",omitempty"`

	// Range is what the pixels of the queries run over: with [QueriesUnit] they stay in [0, 1], as the blog feeds them to
	// networks of [−1, 1]. No image of G comes close to such a query.
	Range QueryRange `symbol:"range" json:",omitempty"`
}

// SearchMode is what batch norm does in a search; "" is [SearchInference].
type SearchMode string

const (
	SearchInference SearchMode = "inference" // running averages
	SearchTraining  SearchMode = "training"  // statistics of the batch
)

func (m SearchMode) String() string {
	if m == "" {
		m = SearchInference
	}
	return string(m)
}

// QueryRange is what the pixels of the queries run over in a search; "" is [QueriesSigned].
type QueryRange string

const (
	QueriesSigned QueryRange = "signed" // [−1, 1]
	QueriesUnit   QueryRange = "unit"   // [0, 1]
)

func (r QueryRange) String() string {
	if r == "" {
		r = QueriesSigned
	}
	return string(r)
}

// Feed is a picture as a search is fed with it: as it is, or v → (v+1)/2.
func (r QueryRange) Feed(pixels []float32) []float32 {
	if r != QueriesUnit {
		return pixels
	}
	fed := make([]float32, len(pixels))
	for i, v := range pixels {
		fed[i] = (v + 1) / 2
	}
	return fed
}

// describe says which slips a search has, and what follows from each.
func (s Slips) describe() string {
	text := ""
	if s.KeepAdam {
		text += ", Adam's moments kept from batch to batch (scores depend on the order of the queries)"
	}
	if s.Mode == SearchTraining {
		text += ", batch norm in training mode (scores depend on the batch)"
	}
	if s.Range == QueriesUnit {
		text += ", queries left in [0, 1] (no image of G comes close)"
	}
	return text
}

// carried is what one batch leaves to the next under [Slips.KeepAdam]: the early and the late Adam.
type carried [2]adamState

// adamState is the moments of an Adam, and the steps it has made.
type adamState struct {
	moments moments // nil: it has made none
	updates int64
}

// carry is nil for a search that forgets.
func (s Slips) carry() *carried {
	if !s.KeepAdam {
		return nil
	}
	return &carried{}
}

// take gives the moments of an Adam away.
func (c *carried) take(stage int) moments {
	m := c[stage].moments
	c[stage] = adamState{}
	return m
}

func (c *carried) free() {
	if c == nil {
		return
	}
	for stage := range c {
		if m := c.take(stage); m != nil {
			m.free()
		}
	}
}
