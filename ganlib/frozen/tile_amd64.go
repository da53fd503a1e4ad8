//go:build goexperiment.simd && amd64

package frozen

// fastest are the tiles for the registers that [Lanes] counts. For the portable ones the compiler of Go 1.27 writes twice as
// many instructions as for those of one width.
func fastest() tiles {
	switch Lanes() {
	case 16:
		return tiles{gather3x4x16, gather1x8x16, gather7x1x16, gather1x1x16}
	case 8:
		return tiles{gather3x4x8, gather1x8x8, gather7x1x8, gather1x1x8}
	}
	return portable
}
