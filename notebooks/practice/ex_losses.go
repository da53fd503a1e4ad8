package practice

import (
	"fmt"
	"math"
)

type bceFunc = func(logit, label float64) float64

// CheckBCE checks binary cross-entropy on logits, also where a probability rounds to 0 or 1.
func CheckBCE(answer func(logit, label float64) float64) Verdict { return exerciseBCE.check(answer) }

var exerciseBCE = exercise[bceFunc]{
	task: "return the binary cross-entropy of a logit, −[y·log σ(t) + (1−y)·log(1−σ(t))], so that it also holds at t = ±200.",
	probes: func(f bceFunc) (got []probe) {
		for _, label := range []float64{1, 0, 0.9} {
			for _, t := range []float64{0.5, -2, 3, 200, -200, 1000, -1000} {
				got = append(got, probe{fmt.Sprintf("logit %v, label %v", t, label), f(t, label)})
			}
		}
		return got
	},
	solution: bce,
	mistakes: []mistake[bceFunc]{
		{func(t, y float64) float64 {
			p := Sigmoid(t)
			return -(y*math.Log(p) + (1-y)*math.Log(1-p))
		}, "The formula is right, the arithmetic is not: σ(200) rounds to 1, so log(1 − σ) is log 0. Put σ into the logarithm first: log(1 − σ(t)) = −log(1 + eᵗ)."},
		{func(t, y float64) float64 { return math.Log(1+math.Exp(t)) - y*t },
			"Good to ±200; e^1000 overflows. Write log(1 + eᵗ) as max(t, 0) + log(1 + e^−|t|)."},
		{func(t, y float64) float64 {
			p := Sigmoid(t)
			return -(y*max(math.Log(p), -100) + (1-y)*max(math.Log(1-p), -100))
		}, "This is what PyTorch does with probabilities: it stops each logarithm at −100, so the loss stops at 100 and the gradient is gone. On logits the loss goes on linearly."},
		{func(t, y float64) float64 {
			p := Sigmoid(t)
			return -(y*math.Log(p+1e-8) + (1-y)*math.Log(1-p+1e-8))
		}, "A small number inside the logarithm hides the infinity but changes the loss: log(1e-8) is −18.4. Work with the logit instead."},
		{func(t, y float64) float64 { return -bce(t, y) }, "The sign: cross-entropy is minus the logarithm, a loss is not negative."},
		{func(t, y float64) float64 { return bce(t, 1-y) }, "The labels are swapped: with y = 1 only −log σ(t) must stay."},
		{func(t, y float64) float64 { return -(y*math.Log(t) + (1-y)*math.Log(1-t)) },
			"You took the logit for a probability: −log t. The network gives t; the probability is σ(t)."},
		{func(t, y float64) float64 { return y * softplus(-t) }, "Only the first term is there. With y = 0 it is the other one that stays, −log(1 − σ(t))."},
		{func(t, y float64) float64 { return bce(t, y) / math.Ln2 }, "That is in bits: the losses here use the natural logarithm."},
	},
	right: "This is what the library does, `loss.BCEWithLogits`; the network therefore ends without its sigmoid.",
}

type slopesFunc = func(logit float64) (minimax, nonSaturating float64)

// CheckSlopes checks the gradients of G's two losses in D's logit.
func CheckSlopes(answer func(logit float64) (minimax, nonSaturating float64)) Verdict {
	return exerciseSlopes.check(answer)
}

var exerciseSlopes = exercise[slopesFunc]{
	task: "return the slopes in t of log(1 − σ(t)) and of −log σ(t).",
	probes: func(f slopesFunc) (got []probe) {
		for _, t := range []float64{-8, -1, 0.5, 4} {
			minimax, nonSaturating := f(t)
			got = append(got, probe{fmt.Sprintf("logit %v, log(1 − σ(t))", t), minimax}, probe{fmt.Sprintf("logit %v, −log σ(t)", t), nonSaturating})
		}
		return got
	},
	solution: func(t float64) (float64, float64) { return -Sigmoid(t), -Sigmoid(-t) },
	mistakes: []mistake[slopesFunc]{
		{func(t float64) (float64, float64) { return -Sigmoid(-t), -Sigmoid(t) }, "The two are exchanged: the one that G fails with, log(1 − D), is the flat one at t = −8."},
		{func(t float64) (float64, float64) { return -Sigmoid(t), Sigmoid(-t) }, "1 − σ(t) is the slope of log σ(t), which G makes large. The loss is minus that."},
		{func(t float64) (float64, float64) { return Sigmoid(t), Sigmoid(-t) }, "These are the sizes of the slopes. Both losses fall as t grows: the slopes are negative, and G goes the same way with either."},
		{func(t float64) (float64, float64) { return -1 / (1 - Sigmoid(t)), -1 / Sigmoid(t) }, "These are the slopes in D. The chain rule is missing: D = σ(t), and dσ/dt = σ(1 − σ)."},
		{func(t float64) (float64, float64) { return math.Log1p(-Sigmoid(t)), -math.Log(Sigmoid(t)) }, "These are the losses, not their slopes."},
	},
	right: "At t = −8, an obvious fake, the one slope is −0.0003 and the other −0.9997: the same direction, three thousand times as steep.",
}

type batchLossFunc = func(real, fake []float64) float64

func mean(values []float64, f func(float64) float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += f(v)
	}
	return sum / float64(len(values))
}

func toReal(t float64) float64 { return bce(t, 1) }
func toFake(t float64) float64 { return bce(t, 0) }

// CheckDiscriminatorLoss checks D's loss of a batch of logits: the sum of two means.
func CheckDiscriminatorLoss(answer func(real, fake []float64) float64) Verdict {
	return exerciseDLoss.check(answer)
}

var exerciseDLoss = exercise[batchLossFunc]{
	task: "return D's loss from its logits on a real and on a fake batch.",
	probes: func(f batchLossFunc) (got []probe) {
		for _, batch := range [][2][]float64{{{2, 1, -0.5}, {-1, 0.5, -3}}, {{3}, {1, -2}}, {{0}, {0}}} {
			got = append(got, probe{fmt.Sprintf("real %v, fake %v", batch[0], batch[1]), f(batch[0], batch[1])})
		}
		return got
	},
	solution: func(real, fake []float64) float64 { return mean(real, toReal) + mean(fake, toFake) },
	mistakes: []mistake[batchLossFunc]{
		{func(real, fake []float64) float64 { return (mean(real, toReal) + mean(fake, toFake)) / 2 },
			"D's loss is the sum of the two means, not their average: an undecided D stands at 2·log 2 = 1.386, not at 0.693."},
		{func(real, fake []float64) float64 {
			n, m := float64(len(real)), float64(len(fake))
			return (n*mean(real, toReal) + m*mean(fake, toFake)) / (n + m)
		}, "One mean over all pictures is half of D's loss and, when the batches differ in size, weighs them differently. Take the mean of each batch, then add."},
		{func(real, fake []float64) float64 {
			return float64(len(real))*mean(real, toReal) + float64(len(fake))*mean(fake, toFake)
		}, "You add over the batch. BCE takes the mean over it; otherwise the learning rate would depend on the batch size."},
		{func(real, fake []float64) float64 { return mean(real, toFake) + mean(fake, toReal) },
			"The labels are swapped: real pictures have label 1 in D's step, fakes 0."},
		{func(real, fake []float64) float64 { return mean(real, toReal) + mean(fake, toReal) },
			"The fakes have label 1: that is G's loss. In D's step their label is 0."},
		{func(real, fake []float64) float64 { return mean(real, toReal) }, "The fakes are missing: D must learn to say no as well."},
		{func(real, fake []float64) float64 { return -mean(real, toReal) - mean(fake, toFake) },
			"That is V, which D makes as large as it can. The loss that Adam makes small is −V."},
	},
	right: "Two batches, two means, one sum. At 0 everywhere, an undecided D, it is 2·log 2 = 1.386.",
}
