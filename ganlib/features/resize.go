package features

// resizer makes square RGB images of images of one shape, by bilinear interpolation with half-pixel centres and no
// antialiasing (PyTorch's interpolate, align_corners=False): output i looks at (i + ½)·in/out − ½, clamped to the image.
type resizer struct {
	h, w, c, side int
	rows, cols    []between
	lines         []float32 // two rows of the input, stretched to [2, side, c]
}

// between is a place between two pixels of the input.
type between struct {
	first, second int
	share         float32 // of the second
}

func newResizer(h, w, c, side int) *resizer {
	return &resizer{h: h, w: w, c: c, side: side, rows: places(h, side), cols: places(w, side), lines: make([]float32, 2*side*c)}
}

func places(in, out int) []between {
	list := make([]between, out)
	for i := range list {
		at := max(0, (float64(i)+0.5)*float64(in)/float64(out)-0.5)
		first := min(int(at), in-1)
		list[i] = between{first, min(first+1, in-1), float32(at - float64(first))}
	}
	return list
}

// resize writes [side, side, 3] from [h, w, c]; a single channel is written three times.
func (r *resizer) resize(dst, src []float32) {
	for y, row := range r.rows {
		r.stretch(r.lines[:r.side*r.c], src, row.first)
		r.stretch(r.lines[r.side*r.c:], src, row.second)
		for x := range r.side {
			for ch := range 3 {
				k := x*r.c + ch%r.c
				a, b := r.lines[k], r.lines[r.side*r.c+k]
				dst[(y*r.side+x)*3+ch] = a*(1-row.share) + b*row.share
			}
		}
	}
}

// stretch interpolates one row.
func (r *resizer) stretch(dst, src []float32, row int) {
	line := src[row*r.w*r.c : (row+1)*r.w*r.c]
	for x, col := range r.cols {
		for ch := range r.c {
			dst[x*r.c+ch] = line[col.first*r.c+ch]*(1-col.share) + line[col.second*r.c+ch]*col.share
		}
	}
}
