package nn

import "github.com/gomlx/gomlx/core/graph"

// The backend transposes a matrix [h, w] in tiles of 32×32, whose 32 columns it writes h values apart. Where that is a
// multiple of a kilobyte, as it is for most batches, they all fall into a few sets of the processor's cache and push each
// other out: on one thread [2048, 1152] takes 20.9 ms and [2064, 1152] 9.6, [32768, 64] takes 18.2 ms and [32784, 64] 4.4.
// An odd number of cache lines is best; the way round by transposed2D brings the two down to 11.3 and 6.0 ms.

// crowded tells numbers of rows (of float32) that lie badly.
func crowded(h int) bool { return h%256 == 0 }

// evenOut is how many rows more make such a number an odd number of cache lines: one line.
const evenOut = 16

// few columns do not push each other out.
const few = 8

// transposed2D is the transposed matrix [w, h] of x [h, w], by way of a few more rows where h lies badly.
func transposed2D(x *graph.Node) *graph.Node {
	h, w := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	if !crowded(h) || w <= few || isXLA(x.Graph()) {
		return graph.Transpose(x, 0, 1)
	}
	longer := graph.Concatenate([]*graph.Node{x, zeroConstant(x, evenOut, w)}, 0)
	return composite(stretches(graph.Transpose(longer, 0, 1), 1, h), func(_ []*graph.Node, v *graph.Node) []*graph.Node {
		return []*graph.Node{transposed2D(v)}
	}, x)
}

// stretches takes count pieces of a length from the beginning of every row of x [w, …], one behind the other:
// [count·w, length], the first pieces of all rows before the second ones. Not differentiable: for use inside composites.
func stretches(x *graph.Node, count, length int) *graph.Node {
	w := x.Shape().Dimensions[0]
	key := indexKey{"stretches", [12]int{w, lastOf(x.Shape().Dimensions), count, length}}
	index := indexConstant(x.Graph(), key, count*w, 2, func(flat []int32) {
		for i := range count * w {
			flat[2*i], flat[2*i+1] = int32(i%w), int32(i/w*length)
		}
	})
	taken := graph.BackendGather(x, index, 1, []int{1, 2}, nil, []int{0, 1}, []int{1, length}, false)
	return graph.Reshape(taken, count*w, length)
}
