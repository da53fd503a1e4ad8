package nn

// filter is a minimal filtering algorithm F(m, r) (Winograd 1980; Lavin and Gray 2016, arXiv 1509.09308): m neighbouring
// outputs of a filter with r taps from m+r−1 products instead of m·r,
//
//	y = Aᵀ[(G w) ⊙ (Bᵀ x)]
//
// with x of m+r−1 values. Along two axes the same matrices act on rows and columns, and m²r² products become (m+r−1)².
type filter struct {
	m, r  int
	bt    [][]float64 // Bᵀ, (m+r−1)×(m+r−1)
	g, at [][]float64 // G, (m+r−1)×r, and Aᵀ, m×(m+r−1)
}

// size is the number of values that a tile of outputs depends on, along one axis.
func (f filter) size() int { return f.m + f.r - 1 }

// points are where the polynomials of a filter are evaluated, besides infinity. Small numbers round least.
var points = []float64{0, 1, -1, 2, -2}

// newFilter makes F(m, r) by Toom and Cook's interpolation: the filter's product is that of two polynomials, which is
// known from its values at m+r−2 points and at infinity, and what is wanted is its transpose.
func newFilter(m, r int) filter {
	f := filter{m: m, r: r}
	n := f.size()
	f.bt, f.g, f.at = matrix(n, n), matrix(n, r), matrix(m, n)
	finite := points[:n-1]
	for j, at := range finite {
		scale, others := 1.0, []float64{1} // Π (p_j − p_l) and Π (t − p_l), over l ≠ j
		for l, p := range finite {
			if l != j {
				scale *= at - p
				others = timesLinear(others, p)
			}
		}
		copy(f.bt[j], others)
		for i, power := 0, 1.0; i < max(m, r); i, power = i+1, power*at {
			if i < m {
				f.at[i][j] = power
			}
			if i < r {
				f.g[j][i] = power / scale
			}
		}
	}
	all := []float64{1}
	for _, p := range finite {
		all = timesLinear(all, p)
	}
	copy(f.bt[n-1], all)
	f.at[m-1][n-1], f.g[n-1][r-1] = 1, 1
	return f
}

// timesLinear multiplies a polynomial, lowest coefficient first, by (t − root).
func timesLinear(p []float64, root float64) []float64 {
	out := make([]float64, len(p)+1)
	for i, c := range p {
		out[i+1] += c
		out[i] -= root * c
	}
	return out
}

func matrix(rows, cols int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, cols)
	}
	return m
}

func transposed(m [][]float64) [][]float64 {
	t := matrix(len(m[0]), len(m))
	for i, row := range m {
		for j, v := range row {
			t[j][i] = v
		}
	}
	return t
}

// turned has the columns in reversed order: the filter with its taps the other way round.
func turned(m [][]float64) [][]float64 {
	t := matrix(len(m), len(m[0]))
	for i, row := range m {
		for j, v := range row {
			t[i][len(row)-1-j] = v
		}
	}
	return t
}
