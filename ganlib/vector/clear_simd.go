//go:build goexperiment.simd && amd64

package vector

import "simd/archsimd"

// ClearUpper empties the upper halves of the vector registers.
func ClearUpper() {
	if archsimd.X86.AVX() {
		archsimd.ClearAVXUpperBits()
	}
}
