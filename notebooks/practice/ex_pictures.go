package practice

import (
	"fmt"
	"math"
)

type diversityFunc = func(pictures [][]float64) float64

// CheckDiversity checks the mean distance between the pictures of a sheet.
func CheckDiversity(answer func(pictures [][]float64) float64) Verdict {
	return exerciseDiversity.check(answer)
}

var exerciseDiversity = exercise[diversityFunc]{
	task: "return the mean distance between two different pictures of a sheet.",
	probes: func(f diversityFunc) (got []probe) {
		sheets := map[string][][]float64{
			"three pictures": {{0, 0}, {3, 4}, {0, 1}}, "two pictures": {{1, 1, 1, 1}, {0, 0, 0, 0}},
		}
		for _, name := range []string{"three pictures", "two pictures"} {
			got = append(got, probe{name, f(sheets[name])})
		}
		return append(got, probe{"three equal pictures (1 is added)", 1 + f([][]float64{{2, 3}, {2, 3}, {2, 3}})})
	},
	solution: Diversity,
	mistakes: []mistake[diversityFunc]{
		{func(p [][]float64) float64 { return Diversity(p) * float64(len(p)-1) / float64(len(p)) }, "A picture is compared with itself, too: n·n pairs, n of them at distance 0. Take only pairs of different pictures, n(n−1)/2."},
		{func(p [][]float64) float64 { return Diversity(p) * float64(len(p)*(len(p)-1)) / 2 }, "That is the sum over the pairs. Their mean does not depend on the size of the sheet."},
		{func(p [][]float64) float64 { return distances(p, squaredDistance) }, "The root is missing: that is the mean of the squared distances."},
		{func(p [][]float64) float64 {
			return distances(p, func(a, b []float64) float64 {
				sum := 0.0
				for i := range a {
					sum += math.Abs(a[i] - b[i])
				}
				return sum
			})
		}, "That adds absolute differences. The distance meant is Euclid's: the root of the sum of squares."},
		{func(p [][]float64) float64 {
			sum := 0.0
			for i := 1; i < len(p); i++ {
				sum += euclidean(p[i], p[i-1])
			}
			return sum / float64(len(p)-1)
		}, "Only neighbours are compared. A collapse to two pictures in turn would go unseen: take all pairs."},
	},
	right: "Watch it over the training: real pictures have some value, a healthy G comes near it, and a mode collapse shows as a fall towards 0.",
}

type walkFunc = func(z0, z1 []float64, t float64) []float64

func norm(v []float64) float64 { return math.Sqrt(squaredDistance(v, make([]float64, len(v)))) }

func combine(a float64, x []float64, b float64, y []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = a*x[i] + b*y[i]
	}
	return out
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// slerp is spherical interpolation with the angle given.
func slerp(z0, z1 []float64, t, angle float64) []float64 {
	if math.Sin(angle) < 1e-6 {
		return combine(1-t, z0, t, z1)
	}
	return combine(math.Sin((1-t)*angle)/math.Sin(angle), z0, math.Sin(t*angle)/math.Sin(angle), z1)
}

func angle(z0, z1 []float64) float64 {
	return math.Acos(min(1, max(-1, dot(z0, z1)/(norm(z0)*norm(z1)))))
}

// CheckSlerp checks spherical interpolation between two latents.
func CheckSlerp(answer func(z0, z1 []float64, t float64) []float64) Verdict {
	return exerciseSlerp.check(answer)
}

var exerciseSlerp = exercise[walkFunc]{
	task: "return the point at t between z0 and z1 on the way that keeps its length.",
	probes: func(f walkFunc) (got []probe) {
		z0, z1 := []float64{8, 6, 0}, []float64{0, 6, 8}
		for _, t := range []float64{0.5, 0.25, 0, 1} {
			z := f(z0, z1, t)
			if z != nil {
				got = append(got, probe{fmt.Sprintf("t = %v, length of z between two of length 10", t), norm(z)})
			}
			got = append(got, list(fmt.Sprintf("z0 %v, z1 %v, t = %v", z0, z1, t), z)...)
		}
		return append(got, list("z0 = z1 = [3 4 0], t = 0.5", f([]float64{3, 4, 0}, []float64{3, 4, 0}, 0.5))...)
	},
	solution: func(z0, z1 []float64, t float64) []float64 { return slerp(z0, z1, t, angle(z0, z1)) },
	mistakes: []mistake[walkFunc]{
		{func(z0, z1 []float64, t float64) []float64 { return combine(1-t, z0, t, z1) }, "That is the straight line. Half way it is shorter than both ends, where N(0, 1) in 100 dimensions has next to nothing and G has never been."},
		{func(z0, z1 []float64, t float64) []float64 {
			z := combine(1-t, z0, t, z1)
			return combine(norm(z0)/norm(z), z, 0, z)
		}, "The straight line, made longer: the length is right, the pace is not. It hurries in the middle; slerp turns by equal angles."},
		{func(z0, z1 []float64, t float64) []float64 { return slerp(z0, z1, 1-t, angle(z0, z1)) }, "The ends are exchanged: at t = 0 it must be z0."},
		{func(z0, z1 []float64, t float64) []float64 {
			a := angle(z0, z1)
			return combine(math.Sin((1-t)*a)/math.Sin(a), z0, math.Sin(t*a)/math.Sin(a), z1)
		}, "Right, but for two equal latents the angle is 0 and sin 0 divides by zero. Take the straight line there."},
		{func(z0, z1 []float64, t float64) []float64 {
			a := angle(z0, z1)
			return combine(math.Sin((1-t)*a), z0, math.Sin(t*a), z1)
		}, "The division by sin of the angle is missing."},
		{func(z0, z1 []float64, t float64) []float64 { return slerp(z0, z1, t, math.Acos(dot(z0, z1))) }, "The cosine of the angle is the scalar product divided by both lengths; without the lengths acos has no value."},
	},
	right: "The length stays 10 all the way: G sees nothing but latents of the kind it was trained on.",
}
