package nn

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// The backend works on rows of the last axis, which is slow where that holds few channels. lanes is how values of one
// shape are seen by what works channel by channel: in rows long enough for the vector instructions, with vectors per
// channel repeated to match.
type lanes struct {
	channels int
	shape    []int // [B,H,W,C]
	seen     []int // the same values; its last axis is a row, a multiple of the channels
}

// fullVectors is how many float32 make a row worth while: two of the widest vectors.
const fullVectors = 32

func lanesOf(x *graph.Node) lanes {
	dims, size := x.Shape().Dimensions, x.Shape().Size()
	l := lanes{channels: lastOf(dims), shape: dims, seen: dims}
	if isXLA(x.Graph()) {
		return l
	}
	l.seen = seenAs(dims)
	if lastOf(l.seen) < fullVectors && fullVectors%l.channels == 0 && size%fullVectors == 0 {
		l.seen = []int{size / fullVectors, fullVectors}
	}
	return l
}

func lastOf(dims []int) int { return dims[len(dims)-1] }

// rows is a value of that shape as rows.
func (l lanes) rows(x *graph.Node) *graph.Node { return inShape(x, l.seen...) }

// back is the inverse of rows.
func (l lanes) back(x *graph.Node) *graph.Node { return inShape(x, l.shape...) }

// wide is a vector [channels] as a row, ready to be broadcast.
func (l lanes) wide(v *graph.Node) *graph.Node {
	if width := lastOf(l.seen); width > l.channels {
		v = graph.BroadcastToDims(graph.Reshape(v, 1, l.channels), width/l.channels, l.channels)
	}
	row := slices.Repeat([]int{1}, len(l.seen))
	row[len(row)-1] = lastOf(l.seen)
	return graph.Reshape(v, row...)
}

// sum is the sum over all but the channels of rows: [channels].
func (l lanes) sum(rows *graph.Node) *graph.Node {
	leading := make([]int, len(l.seen)-1)
	for i := range leading {
		leading[i] = i
	}
	s := graph.ReduceSum(rows, leading...)
	if width := lastOf(l.seen); width > l.channels {
		s = graph.ReduceSum(graph.Reshape(s, width/l.channels, l.channels), 0)
	}
	return s
}
