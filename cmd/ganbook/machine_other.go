//go:build !linux && !darwin

package main

// memory is unknown here.
func memory() (total, available uint64, ok bool) { return 0, 0, false }
