package frozen

// run is a piece of an input row that an output pixel reads: n elements, the first of them so many after the pixel's own.
type run struct{ at, n int }

// tile is a block of outputs that is gathered in registers: some pixels of a row, some maps of each.
//
//	out[to + p·outStep + m] = bias[m] + Σ in[at + p·step + run] · w[k][m]
//
// k counts the elements of all runs. Places and steps are counted in elements, each of which is a vector.
type tile struct {
	by               tiles
	in, w, bias, out []float32
	runs             []run
	at, step         int
	to, outStep      int
}

// tiles are the functions that gather one, by its pixels and maps: three loads and four broadcasts do the twelve
// multiplications of 3×4; 1×8 is for layers of single pixels, 7×1 for images of one channel, 1×1 for what is left over.
type tiles struct{ gather3x4, gather1x8, gather7x1, gather1x1 func(t *tile) }
