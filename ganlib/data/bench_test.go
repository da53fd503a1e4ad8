package data

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkPrepareCelebA decodes and resizes the shared CelebA JPEGs to 64×64, without a prepared file.
func BenchmarkPrepareCelebA(b *testing.B) {
	path := filepath.Join(sharedDir(b, "GANBOOK_DATA", "data"), "celeba", "img_align_celeba")
	if _, err := os.Stat(path); err != nil {
		b.Skipf("no %s", path)
	}
	images := 0
	for b.Loop() {
		b.Setenv("GANBOOK_CACHE", b.TempDir())
		s, err := Open(b.Context(), "celeba", path, Options{Size: 64})
		if err != nil {
			b.Fatal(err)
		}
		images += s.Len()
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "images/s")
}

// BenchmarkFaces draws 64×64 faces on all cores.
func BenchmarkFaces(b *testing.B) {
	s := Faces(b.N, 64, 1)
	if err := inParallel(b.Context(), b.N, func(i int) { s.At(i) }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "faces/s")
}

// BenchmarkStream takes batches of 128 images of 64×64 with a step of 50 ms between them and reports the share of the
// time spent waiting. (A DCGAN step of that batch takes seconds on a CPU.)
func BenchmarkStream(b *testing.B) {
	for name, s := range map[string]*Source{
		"faces":  Faces(2048, 64, 1),
		"memory": stored("memory", make([]byte, 2048*64*64*3), 2048, 64, 64, 3, nil),
	} {
		b.Run(name, func(b *testing.B) {
			stream := s.Stream(1, Position{})
			defer stream.Close()
			for b.Loop() {
				batch, err := stream.Next(b.Context(), 128, 0)
				if err != nil {
					b.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
				stream.Recycle(batch)
			}
			b.ReportMetric(100*stream.Waited().Seconds()/b.Elapsed().Seconds(), "%waiting")
		})
	}
}
