package health

import "testing"

// What every sample sheet costs: 64 colour pictures of 64×64.
func BenchmarkDistance(b *testing.B) {
	pixels := make([]float32, 64*64*64*3)
	for i := range pixels {
		pixels[i] = float32(i%255)/127.5 - 1
	}
	for b.Loop() {
		Distance(pixels, 64)
	}
}
