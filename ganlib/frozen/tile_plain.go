//go:build !goexperiment.simd

package frozen

// Lanes is how many examples are computed at once.
func Lanes() int { return 1 }

var portable = tiles{
	gather3x4: func(t *tile) { t.gather(3, 4) }, gather1x8: func(t *tile) { t.gather(1, 8) },
	gather7x1: func(t *tile) { t.gather(7, 1) }, gather1x1: func(t *tile) { t.gather(1, 1) },
}

func (t *tile) gather(pixels, maps int) {
	for p := range pixels {
		out, w := t.out[t.to+p*t.outStep:][:maps], t.w
		copy(out, t.bias)
		for _, r := range t.runs {
			for _, x := range t.in[t.at+p*t.step+r.at:][:r.n] {
				for m, c := range w[:maps] {
					out[m] += x * c
				}
				w = w[maps:]
			}
		}
	}
}
