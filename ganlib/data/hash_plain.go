//go:build !goexperiment.simd || !amd64

package data

func clearUpper() {}
