package anogan

import (
	"fmt"
	"testing"
)

// BenchmarkSearch measures steps of a search with the blog's nets: queries·steps a second.
func BenchmarkSearch(b *testing.B) {
	for _, batch := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			c := Post()
			gan, store := built(b, c)
			s := c.Search
			s.Steps, s.LateStep = 10, 0
			m := mapper(b, store, gan, s, MapperOptions{Batch: batch})
			queries := blobs(b, batch, 28)
			for b.Loop() {
				search(b, m, queries)
			}
			b.ReportMetric(float64(b.N*batch*s.Steps)/b.Elapsed().Seconds(), "querysteps/s")
		})
	}
}
