package anogan

import (
	"fmt"
	"testing"
)

// dcganSize is the blog's setting with nets of DCGAN's size.
func dcganSize() Config {
	c := Post()
	c.Latent, c.GenMaps, c.GenStride, c.DiscMaps, c.Kernel = 256, []int{128, 64}, 2, []int{64, 128}, 5
	return c
}

// BenchmarkSearch measures steps of a search, in queries·steps a second: the blog's nets, the same of DCGAN's size, and
// the paper's, by both engines.
func BenchmarkSearch(b *testing.B) {
	for name, c := range map[string]Config{"blog": Post(), "DCGAN size": dcganSize(), "paper": Paper2017()} {
		gan, store := built(b, c)
		s := c.Search
		s.Steps, s.LateStep = 10, 0
		for _, batch := range []int{1, 16, 64, 256} {
			for _, engine := range []string{"default", "graphs"} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, engine, batch), func(b *testing.B) {
					m := mapper(b, store, gan, s, MapperOptions{Batch: batch})
					if engine == "graphs" {
						useGraphs(b, m, store)
					}
					queries := blobs(b, batch, c.ImageSize)
					for b.Loop() {
						search(b, m, queries)
					}
					b.ReportMetric(float64(b.N*batch*s.Steps)/b.Elapsed().Seconds(), "querysteps/s")
				})
			}
		}
	}
}
