package nn

import "github.com/gomlx/gomlx/core/graph"

// The backend works on rows of the last axis, which is slow where that holds few channels. lanes is a tensor seen as
// rows long enough for its vector instructions, and vectors per channel repeated to match.
type lanes struct {
	like     *graph.Node
	channels int
	width    int // of a row: a multiple of channels
}

// fullVectors is how many float32 make a row worth while: two of the widest vectors.
const fullVectors = 32

func lanesOf(x *graph.Node) lanes {
	channels := x.Shape().Dimensions[x.Rank()-1]
	l := lanes{like: x, channels: channels, width: channels}
	if channels < fullVectors && fullVectors%channels == 0 && x.Shape().Size()%fullVectors == 0 && !isXLA(x.Graph()) {
		l.width = fullVectors
	}
	return l
}

// rows is a tensor of the shape of like as [rows, width].
func (l lanes) rows(x *graph.Node) *graph.Node {
	return graph.Reshape(x, x.Shape().Size()/l.width, l.width)
}

// back is the inverse of rows.
func (l lanes) back(x *graph.Node) *graph.Node {
	return graph.Reshape(x, l.like.Shape().Dimensions...)
}

// wide is a vector [channels] as a row [1, width].
func (l lanes) wide(v *graph.Node) *graph.Node {
	if l.width == l.channels {
		return graph.Reshape(v, 1, l.width)
	}
	return graph.Reshape(graph.BroadcastToDims(graph.Reshape(v, 1, l.channels), l.width/l.channels, l.channels), 1, l.width)
}

// sum is the sum over all but the channels of rows: [channels].
func (l lanes) sum(rows *graph.Node) *graph.Node {
	s := graph.ReduceSum(rows, 0)
	if l.width == l.channels {
		return s
	}
	return graph.ReduceSum(graph.Reshape(s, l.width/l.channels, l.channels), 0)
}
