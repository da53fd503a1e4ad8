package practice

import (
	"fmt"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/eval"
)

type mappingFunc = func(x, y, fx, fy []float64, lambda float64) float64

// CheckMappingLoss checks A(x) = (1−λ)·R + λ·D in means.
func CheckMappingLoss(answer func(x, y, fx, fy []float64, lambda float64) float64) Verdict {
	return exerciseMapping.check(answer)
}

// total adds up a function of the differences of two lists.
func total(a, b []float64, of func(float64) float64) float64 {
	sum := 0.0
	for i := range a {
		sum += of(a[i] - b[i])
	}
	return sum
}

func meanDifference(a, b []float64) float64 { return total(a, b, math.Abs) / float64(len(a)) }

func square(d float64) float64 { return d * d }

var exerciseMapping = exercise[mappingFunc]{
	task: "return (1−λ) times the mean difference of the pictures plus λ times that of their features.",
	probes: func(f mappingFunc) (got []probe) {
		x, y := []float64{-1, -1, 1, 0.5}, []float64{-1, -0.5, 0.8, 0.6}
		fx, fy := []float64{0.3, 2, -0.1, 0, 1, 0.4}, []float64{0.1, 1, 0.2, 0, 1.5, 0.4}
		for _, lambda := range []float64{0.7, 0.1, 0, 1} {
			got = append(got, probe{fmt.Sprintf("λ = %v", lambda), f(x, y, fx, fy, lambda)})
		}
		return got
	},
	solution: func(x, y, fx, fy []float64, lambda float64) float64 {
		return (1-lambda)*meanDifference(x, y) + lambda*meanDifference(fx, fy)
	},
	mistakes: []mistake[mappingFunc]{
		{func(x, y, fx, fy []float64, lambda float64) float64 {
			return lambda*meanDifference(x, y) + (1-lambda)*meanDifference(fx, fy)
		}, "λ belongs to the features: λ = 0 is the residual alone."},
		{func(x, y, fx, fy []float64, lambda float64) float64 {
			return (1-lambda)*total(x, y, math.Abs) + lambda*total(fx, fy, math.Abs)
		}, "Those are sums, as in the paper. In sums the features, four times as many as pixels, weigh four times as much (exercise 2)."},
		{func(x, y, fx, fy []float64, lambda float64) float64 {
			return (1-lambda)*total(x, y, square)/float64(len(x)) + lambda*total(fx, fy, square)/float64(len(fx))
		}, "That squares the differences. Absolute values forgive a few pixels that are far off more than squares do."},
		{func(x, y, fx, fy []float64, lambda float64) float64 {
			same := func(d float64) float64 { return d }
			return (1-lambda)*total(x, y, same)/float64(len(x)) + lambda*total(fx, fy, same)/float64(len(fx))
		}, "Without absolute values a pixel too bright makes up for one too dark."},
		{func(x, y, fx, fy []float64, lambda float64) float64 {
			return ((1-lambda)*total(x, y, math.Abs) + lambda*total(fx, fy, math.Abs)) / float64(len(x)+len(fx))
		}, "Each mean is over its own elements: as many as pixels for R, as many as features for D."},
	},
	right: "The same number is the loss of the search, whose gradient moves z, and, after the last step, the score.",
}

type lambdaFunc = func(sums float64, pixels, features int) float64

// CheckLambda checks the conversion of λ from sums to means.
func CheckLambda(answer func(sums float64, pixels, features int) float64) Verdict {
	return exerciseLambda.check(answer)
}

var exerciseLambda = exercise[lambdaFunc]{
	task: "return the λ of means that weighs as this λ does in sums.",
	probes: func(f lambdaFunc) (got []probe) {
		for _, c := range []struct {
			sums             float64
			pixels, features int
		}{{0.1, 784, 3136}, {0.368, 784, 3136}, {0.5, 4096, 8192}, {0.25, 100, 100}, {1, 784, 3136}} {
			got = append(got, probe{fmt.Sprintf("λ %v of sums, %d pixels, %d features", c.sums, c.pixels, c.features), f(c.sums, c.pixels, c.features)})
		}
		return got
	},
	solution: anogan.LambdaOfMeans,
	mistakes: []mistake[lambdaFunc]{
		{func(sums float64, _, _ int) float64 { return sums }, "That is the λ as it is. A sum over 3136 features is four times a sum over 784 pixels of the same mean."},
		{anogan.LambdaOfSums, "That is the way back, from means to sums."},
		{func(sums float64, pixels, features int) float64 { return sums * float64(features) / float64(pixels) }, "λ and 1−λ must still add up to 1: divide by the sum of both weights."},
	},
	right: "The paper's 0.1 in sums is 0.308 in means, the blog's 0.7 in means is 0.368 in sums: they are nearer than they look. `anogan.LambdaOfMeans` is this function.",
}

type areaFunc = func(normal, abnormal []float64) float64

// CheckAUROC checks the area under the ROC curve by pairs.
func CheckAUROC(answer func(normal, abnormal []float64) float64) Verdict {
	return exerciseAUROC.check(answer)
}

// pairs counts over all pairs of an abnormal and a normal score what each is worth.
func pairs(normal, abnormal []float64, worth func(abnormal, normal float64) float64) float64 {
	sum := 0.0
	for _, a := range abnormal {
		for _, n := range normal {
			sum += worth(a, n)
		}
	}
	return sum
}

// won is 1 for an abnormal score above a normal one, and so much for a tie.
func won(tie float64) func(a, n float64) float64 {
	return func(a, n float64) float64 {
		switch {
		case a > n:
			return 1
		case a == n:
			return tie
		}
		return 0
	}
}

func area(tie float64) areaFunc {
	return func(normal, abnormal []float64) float64 {
		return pairs(normal, abnormal, won(tie)) / float64(len(normal)*len(abnormal))
	}
}

var exerciseAUROC = exercise[areaFunc]{
	task: "return the share of pairs, an abnormal and a normal score, in which the abnormal one is higher.",
	probes: func(f areaFunc) []probe {
		return []probe{
			{"normal 1 2 3, abnormal 2.5 4", f([]float64{1, 2, 3}, []float64{2.5, 4})},
			{"all apart", f([]float64{1, 2}, []float64{3, 4, 5})},
			{"ties: normal 1 2 2 3, abnormal 2 3", f([]float64{1, 2, 2, 3}, []float64{2, 3})},
			{"all scores equal", f([]float64{5, 5, 5}, []float64{5, 5})},
		}
	},
	solution: area(0.5),
	mistakes: []mistake[areaFunc]{
		{area(0), "A tie counts half: by chance one of the two comes first. With nothing for a tie a detector that says 5 to everything would be worse than chance."},
		{area(1), "A tie counts half, not one: a detector that says 5 to everything would be perfect."},
		{func(normal, abnormal []float64) float64 { return area(0.5)(abnormal, normal) }, "The other way round: count the pairs in which the *abnormal* score is higher."},
		{func(normal, abnormal []float64) float64 { return pairs(normal, abnormal, won(0.5)) }, "That is the number of pairs won. Divide by the number of pairs."},
	},
	right: "0.5 is chance, whatever share of the pictures is abnormal, and no threshold was needed. `eval.Rank(…).AUROC()` sorts instead of comparing all pairs.",
}

type thresholdFunc = func(normal []float64, share float64) float64

// CheckThreshold checks a threshold that is chosen by normal scores alone.
func CheckThreshold(answer func(normal []float64, share float64) float64) Verdict {
	return exerciseThreshold.check(answer)
}

func flagged(scores []float64, threshold float64) (n float64) {
	for _, s := range scores {
		if s >= threshold {
			n++
		}
	}
	return n
}

var exerciseThreshold = exercise[thresholdFunc]{
	task: "return a threshold that lets this share of normal scores pass, and flags all above them.",
	probes: func(f thresholdFunc) (got []probe) {
		normal := []float64{7, 3, 19, 1, 12, 20, 5, 16, 9, 2, 14, 11, 6, 18, 4, 13, 8, 17, 10, 15} // 1 to 20
		for _, share := range []float64{0.9, 0.95, 0.5, 1} {
			t := f(slices.Clone(normal), share)
			at := fmt.Sprintf("normal scores 1 to 20, share %v, how many of ", share)
			got = append(got, probe{at + "them are flagged", flagged(normal, t)}, probe{at + "the scores 21 and 1000 are flagged", flagged([]float64{21, 1000}, t)})
		}
		return got
	},
	solution: func(normal []float64, share float64) float64 {
		t, err := eval.NormalQuantile(normal, share)
		if err != nil {
			return math.NaN()
		}
		return t
	},
	mistakes: []mistake[thresholdFunc]{
		{func(normal []float64, share float64) float64 {
			slices.Sort(normal)
			return normal[int(math.Ceil(share*float64(len(normal)))-1)]
		}, "A score *at* the threshold is flagged, so this normal score is, too. Go a little above it: math.Nextafter, or the middle of the gap."},
		{func(normal []float64, share float64) float64 {
			return normal[min(len(normal)-1, int(share*float64(len(normal))))]
		}, "The scores are in no order. Sort a copy first."},
		{func(normal []float64, share float64) float64 { return 100 * share }, "Look at the scores: the threshold is a score, not a share."},
	},
	right: "No abnormal picture was needed, and the promise can be kept: of new normal pictures about 1 − share will be flagged. How many abnormal ones are found is then another question. `eval.NormalQuantile` does it.",
}

type floorFunc = func(query []float64) float64

// CheckFloor checks the residual that remains when a query stays in [0, 1].
func CheckFloor(answer func(query []float64) float64) Verdict {
	return exerciseFloor.check(answer)
}

var exerciseFloor = exercise[floorFunc]{
	task: "return the mean difference between a picture in [−1, 1], which G draws without a fault, and the same picture as it is fed: (v+1)/2.",
	probes: func(f floorFunc) []probe {
		digit := slices.Concat(slices.Repeat([]float64{-1}, 80), slices.Repeat([]float64{1}, 15), slices.Repeat([]float64{0}, 5))
		return []probe{
			{"80 black pixels, 15 white, 5 grey", f(digit)},
			{"all black", f(slices.Repeat([]float64{-1}, 10))},
			{"black, dark, bright, white: −1, −0.5, 0.5, 1", f([]float64{-1, -0.5, 0.5, 1})},
			{"all white (1 is added)", 1 + f([]float64{1, 1, 1})},
		}
	},
	solution: func(query []float64) float64 { return total(query, halved(query), math.Abs) / float64(len(query)) },
	mistakes: []mistake[floorFunc]{
		{func(query []float64) float64 { return total(query, halved(query), math.Abs) }, "That is the sum. R is the mean over the pixels."},
		{func(query []float64) float64 {
			n := 0.0
			for _, v := range query {
				if v == -1 {
					n++
				}
			}
			return n / float64(len(query))
		}, "Black pixels are 1 apart, true; but grey ones are apart, too: by (1 − v)/2."},
		{func(query []float64) float64 {
			return total(query, slices.Repeat([]float64{1}, len(query)), math.Abs) / float64(len(query))
		}, "That is v against 2v − 1, the conversion done twice. Here it was not done: v against (v+1)/2."},
	},
	right: "With 80 % of background a perfect picture has a residual of 0.825, where a good match has about 0.03. And the floor is another for each picture: the less ink, the higher, normal or not.",
}

func halved(pixels []float64) []float64 {
	out := make([]float64, len(pixels))
	for i, v := range pixels {
		out[i] = (v + 1) / 2
	}
	return out
}

type stepFunc = func(gradient, m, v float64, made int) float64

// CheckKeptStep checks a step of Adam that begins with moments from elsewhere.
func CheckKeptStep(answer func(gradient, m, v float64, made int) float64) Verdict {
	return exerciseKeptStep.check(answer)
}

// searchAdam is the optimiser of the search.
var searchAdam = ganlib.Adam{LearningRate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, EpsilonHat: true}

// stepOf is how far z moves in the step after those made.
func stepOf(gradient, m, v float64, made int) float64 {
	rate, eps := searchAdam.Rates(int64(made+1), searchAdam.LearningRate)
	return -rate * (searchAdam.Beta1*m + (1-searchAdam.Beta1)*gradient) / (math.Sqrt(searchAdam.Beta2*v+(1-searchAdam.Beta2)*gradient*gradient) + eps)
}

var exerciseKeptStep = exercise[stepFunc]{
	task: "return how far z moves in Adam's next step, given its moments and how many steps it has made.",
	probes: func(f stepFunc) (got []probe) {
		for _, c := range []struct {
			name           string
			gradient, m, v float64
			made           int
		}{
			{"fresh Adam, gradient 0.02", 0.02, 0, 0, 0}, {"fresh Adam, gradient −3", -3, 0, 0, 0},
			{"kept Adam that has made 50 steps with m = −0.01, v = 0.0004, gradient 0.02", 0.02, -0.01, 0.0004, 50},
			{"kept Adam that has made 1 step, gradient 0", 0, 0.05, 0.001, 1},
		} {
			got = append(got, probe{c.name, f(c.gradient, c.m, c.v, c.made)})
		}
		return got
	},
	solution: stepOf,
	mistakes: []mistake[stepFunc]{
		{func(gradient, m, v float64, made int) float64 { return -stepOf(gradient, m, v, made) }, "The sign: z moves against the gradient."},
		{func(gradient, _, _ float64, _ int) float64 { return stepOf(gradient, 0, 0, 0) }, "That forgets m and v. It is what the search should do with a new query; here they are kept."},
		{func(gradient, m, v float64, _ int) float64 { return stepOf(gradient, m, v, 0) }, "The count goes on, too: the corrections are 1 − β₁ᵗ and 1 − β₂ᵗ with t = made + 1."},
		{func(gradient, m, v float64, made int) float64 {
			return -0.1 * (0.9*m + 0.1*gradient) / (math.Sqrt(0.999*v+0.001*gradient*gradient) + 1e-8)
		}, "The corrections are missing: m is divided by 1 − β₁ᵗ, v by 1 − β₂ᵗ."},
	},
	right:  "A fresh Adam moves every z by the whole rate, 0.1, whatever the gradient's size. The kept one moves the other way than this query's gradient asks: it still follows the query before.",
	within: 1e-4, // TensorFlow 1 adds ε before the correction, others behind it: 1.6e-5 at a gradient of 0.02
}
