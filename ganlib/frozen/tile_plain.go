//go:build !goexperiment.simd

package frozen

// Lanes is how many examples are computed at once.
func Lanes() int { return 1 }

func pixels3maps4(t *tile) { t.gather(3, 4) }
func pixels1maps8(t *tile) { t.gather(1, 8) }
func pixels7maps1(t *tile) { t.gather(7, 1) }
func pixels1maps1(t *tile) { t.gather(1, 1) }

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
