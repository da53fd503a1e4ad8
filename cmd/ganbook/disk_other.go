//go:build !linux && !darwin

package main

// diskFree is unknown here.
func diskFree(string) (free uint64, ok bool) { return 0, false }
