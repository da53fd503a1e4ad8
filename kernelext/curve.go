package kernelext

import "math"

// curve keeps one series of any length in at most 2·curveBuckets buckets of neighbouring points: the live view then
// costs the same after an hour as after a second. A bucket keeps what smoothing would hide, its extremes.
type curve struct {
	perBucket int
	buckets   []bucket
	last      float64 // newest value, NaN and infinities included
}

const curveBuckets = 150

type bucket struct {
	points      int     // that fell here, finite or not
	finite      int     // of them
	x, y        float64 // sums over the finite points
	first, end  float64 // x of the first and the last point
	low, high   float64 // of the finite points
	interrupted bool    // a value was missing (NaN, infinite): the line has a gap here
}

// drawable: values that no axis can show, among them those whose differences overflow, count as missing.
func drawable(v float64) bool { return math.Abs(v) < 1e100 }

func (c *curve) add(x, v float64) {
	if c.perBucket == 0 {
		c.perBucket = 1
	}
	c.last = v
	b := bucket{points: 1, first: x, end: x, low: math.Inf(1), high: math.Inf(-1), interrupted: !drawable(v)}
	if drawable(v) {
		b.finite, b.x, b.y, b.low, b.high = 1, x, v, v, v
	}
	if n := len(c.buckets); n > 0 && c.buckets[n-1].points < c.perBucket {
		c.buckets[n-1] = c.buckets[n-1].join(b)
		return
	}
	c.buckets = append(c.buckets, b)
	if len(c.buckets) < 2*curveBuckets {
		return
	}
	for i := range curveBuckets {
		c.buckets[i] = c.buckets[2*i].join(c.buckets[2*i+1])
	}
	c.buckets, c.perBucket = c.buckets[:curveBuckets], 2*c.perBucket
}

func (b bucket) join(next bucket) bucket {
	return bucket{b.points + next.points, b.finite + next.finite, b.x + next.x, b.y + next.y, b.first, next.end,
		min(b.low, next.low), max(b.high, next.high), b.interrupted || next.interrupted}
}

// segments splits the curve at its gaps; an interrupted bucket that has finite points stands alone.
func (c *curve) segments() (parts [][]bucket) {
	open := false
	for _, b := range c.buckets {
		switch {
		case b.finite == 0:
			open = false
			continue
		case open && !b.interrupted:
			parts[len(parts)-1] = append(parts[len(parts)-1], b)
		default:
			parts = append(parts, []bucket{b})
		}
		open = !b.interrupted
	}
	return parts
}

// extent is the range of x and of the finite values; ok is false when there are none.
func extent(curves []*curve) (x0, x1, y0, y1 float64, ok bool) {
	x0, x1, y0, y1 = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, b := range c.buckets {
			x0, x1 = min(x0, b.first), max(x1, b.end)
			if b.finite > 0 {
				y0, y1 = min(y0, b.low), max(y1, b.high)
			}
		}
	}
	return x0, x1, y0, y1, y0 <= y1
}
