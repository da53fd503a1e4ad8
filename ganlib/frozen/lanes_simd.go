//go:build goexperiment.simd

package frozen

import "simd"

// Lanes is how many examples are computed at once.
func Lanes() int { return simd.Float32s{}.Len() }
