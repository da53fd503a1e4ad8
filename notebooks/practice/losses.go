package practice

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/plot"

	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/plots"
)

// Sigmoid is 1/(1+e⁻ᵗ).
func Sigmoid(t float64) float64 { return 1 / (1 + math.Exp(-t)) }

// softplus is log(1+eᵗ) without overflow.
func softplus(t float64) float64 { return max(t, 0) + math.Log1p(math.Exp(-math.Abs(t))) }

func bce(logit, label float64) float64 { return softplus(logit) - label*logit }

// BCE is the library's binary cross-entropy of one logit and a label.
func BCE(logit, label float64) (float64, error) {
	out, err := Compute(func(x []*graph.Node) *graph.Node {
		return graph.Reshape(loss.BCEWithLogits(x[0], label), 1, 1, 1, 1)
	}, Matrix{{logit}})
	if err != nil {
		return 0, err
	}
	return out[0][0], nil
}

// BCEMarkdown puts a calculation by hand beside the library's, for D's answer p with label 1 and with label 0.
func BCEMarkdown(byHand func(p, label float64) float64, answers ...float64) (string, error) {
	var b strings.Builder
	b.WriteString("| D says p | logit | y = 1 by hand | library | y = 0 by hand | library |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, p := range answers {
		logit := math.Log(p / (1 - p))
		one, err := BCE(logit, 1)
		if err != nil {
			return "", err
		}
		zero, err := BCE(logit, 0)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %.2f | %.4f | %.4f | %.4f | %.4f | %.4f |\n", p, logit, byHand(p, 1), one, byHand(p, 0), zero)
	}
	return b.String(), nil
}

// bell is the density of N(mean, 1).
func bell(x, mean float64) float64 {
	return math.Exp(-(x-mean)*(x-mean)/2) / math.Sqrt(2*math.Pi)
}

// BestDiscriminator draws the best answer of D where the data are N(0, 1) and the fakes N(apart, 1):
// D*(x) = p_data/(p_data + p_g).
func BestDiscriminator(apart float64) (*plot.Plot, error) {
	return plots.Curve(fmt.Sprintf("The best D when fakes lie %g to the right", apart), "x", "density, D", -4, 4+apart,
		plots.Function{Label: "data", F: func(x float64) float64 { return bell(x, 0) }},
		plots.Function{Label: "fakes", F: func(x float64) float64 { return bell(x, apart) }},
		plots.Function{Label: "best D", F: func(x float64) float64 { return bell(x, 0) / (bell(x, 0) + bell(x, apart)) }})
}

// BestValue is V for that D: E log D*(x) + E log(1 − D*(G(z))), summed over a fine grid.
func BestValue(apart float64) float64 {
	const step = 1e-3
	sum := 0.0
	for x := -10.0; x < 10+apart; x += step {
		data, fakes := bell(x, 0), bell(x, apart)
		// log of data/(data+fakes) from the difference of the exponents, which does not underflow
		difference := (x*x - (x-apart)*(x-apart)) / 2 // log(fakes/data)
		sum -= (data*softplus(difference) + fakes*softplus(-difference)) * step
	}
	return sum
}
