//go:build !goexperiment.simd || !amd64

package vector

// ClearUpper empties the upper halves of the vector registers, which nothing fills in this build.
func ClearUpper() {}
