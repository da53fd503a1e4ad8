package nn

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

type runningAverages struct {
	Mean     gantest.Numbers `json:"running_mean"`
	Variance gantest.Numbers `json:"running_var"`
}

// normGolden is what the file has for one rule; some rules have the averages only.
type normGolden struct {
	Epsilon float64 `json:"eps"`
	Train   *struct {
		normGradients
		MeanAfter     gantest.Numbers `json:"running_mean_after"`
		VarianceAfter gantest.Numbers `json:"running_var_after"`
	} `json:"train_x1"`
	After2 *runningAverages  `json:"after_x1_x2"`
	After3 *runningAverages  `json:"after_x1_x2_x3"`
	Each   []runningAverages `json:"after_each"`
	Eval   *normGradients    `json:"eval_x1_with_those_stats"`
}

type normGradients struct {
	Output    gantest.Numbers
	GradInput gantest.Numbers `json:"grad_input"`
	GradGamma gantest.Numbers `json:"grad_gamma"`
	GradBeta  gantest.Numbers `json:"grad_beta"`
}

// rulesInFile maps the file's sections to our rules.
var rulesInFile = map[string]NormRule{
	"torch_defaults":                    TorchRule,
	"tf1_defaults_fused":                TF1Fused,
	"tf1_defaults_unfused":              TF1Unfused,
	"debiased_momentum_0.99_biased_var": Debiased,
}

// Batch norm while training and not, with gradients, and the running averages by every rule.
func TestGoldenBatchNorm(t *testing.T) {
	var file map[string]json.RawMessage
	gantest.Golden(t, "batchnorm", &file)
	var inputs struct {
		X1, X2, X3, Gamma, Beta gantest.Numbers
		GradOutput              gantest.Numbers `json:"grad_output"`
	}
	decode(t, file["inputs"], &inputs)
	for name, section := range file {
		if name == "header" || name == "inputs" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if name == "dense" {
				denseNorm(t, section)
				return
			}
			rule, known := rulesInFile[name]
			if !known {
				t.Fatalf("no rule for section %q", name)
			}
			var want normGolden
			decode(t, section, &want)
			layer := newNormLayer(t, BatchNormOptions{Rule: rule, Epsilon: want.Epsilon}, inputs.Gamma, inputs.Beta)
			averages := append([]runningAverages{}, want.Each...)
			if want.Train != nil {
				averages = []runningAverages{{want.Train.MeanAfter, want.Train.VarianceAfter}, *want.After2, *want.After3}
				if rule.Epsilon() != want.Epsilon {
					t.Errorf("epsilon %g, want %g", rule.Epsilon(), want.Epsilon)
				}
				layer.compare(t, "batch statistics", BatchStatistics, inputs.X1, inputs.GradOutput, want.Train.normGradients)
			}
			for i, x := range []gantest.Numbers{inputs.X1, inputs.X2, inputs.X3} {
				out := layer.call(t, Training, x, inputs.GradOutput)
				if i == 0 && want.Train != nil {
					want.Train.Output.Close(t, "training: output", gantest.Flat(t, out[0]), gantest.Tolerance)
				}
				averages[i].Mean.Close(t, fmt.Sprintf("mean after %d", i+1), layer.value(t, "moving_mean"), gantest.Tolerance)
				averages[i].Variance.Close(t, fmt.Sprintf("variance after %d", i+1), layer.value(t, "moving_variance"), gantest.Tolerance)
			}
			if want.Eval != nil {
				layer.compare(t, "inference", Inference, inputs.X1, inputs.GradOutput, *want.Eval)
			}
		})
	}
}

func denseNorm(t *testing.T, section json.RawMessage) {
	var want struct {
		normGradients
		Epsilon    float64 `json:"eps"`
		X          gantest.Numbers
		GradOutput gantest.Numbers `json:"grad_output"`
	}
	decode(t, section, &want)
	layer := newNormLayer(t, BatchNormOptions{Epsilon: want.Epsilon, NoAffine: true}, gantest.Numbers{}, gantest.Numbers{})
	layer.compare(t, "dense", BatchStatistics, want.X, want.GradOutput, want.normGradients)
}

// normLayer is one batch norm with given gamma and beta.
type normLayer struct {
	options BatchNormOptions
	store   *model.Store
}

func newNormLayer(t *testing.T, o BatchNormOptions, gamma, beta gantest.Numbers) *normLayer {
	layer := &normLayer{options: o, store: model.NewStore()}
	if !o.NoAffine {
		create(t, layer.store, "/bn/gamma", gamma.Tensor(dtypes.Float32))
		create(t, layer.store, "/bn/beta", beta.Tensor(dtypes.Float32))
	}
	return layer
}

// call returns the output, [N,C,H,W] as in the file, and the gradients of Σ output·v by input, gamma and beta.
func (l *normLayer) call(t *testing.T, mode Mode, x, v gantest.Numbers) []*tensors.Tensor {
	t.Helper()
	out, err := model.CallOnceN(gantest.Backend(t), l.store, func(s *model.Scope, x, v *graph.Node) []*graph.Node {
		s = s.In("bn")
		o := l.options
		o.Mode = mode
		y := gantest.ToChannelsFirst(BatchNorm(s, gantest.ToChannelsLast(x), o))
		by := []*graph.Node{x}
		for _, name := range []string{"gamma", "beta"} {
			if v := s.GetVariable(name); v != nil {
				by = append(by, v.NodeValue(x.Graph()))
			}
		}
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Mul(y, v)), by...)...)
	}, x.Tensor(dtypes.Float32), v.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (l *normLayer) compare(t *testing.T, what string, mode Mode, x, v gantest.Numbers, want normGradients) {
	t.Helper()
	for i, tensor := range l.call(t, mode, x, v) {
		part := []string{"output", "grad_input", "grad_gamma", "grad_beta"}[i]
		[]gantest.Numbers{want.Output, want.GradInput, want.GradGamma, want.GradBeta}[i].
			Close(t, what+": "+part, gantest.Flat(t, tensor), gantest.Tolerance)
	}
}

func (l *normLayer) value(t *testing.T, name string) []float64 {
	t.Helper()
	value, err := l.store.GetVariable("/bn/" + name).Value()
	if err != nil {
		t.Fatal(err)
	}
	return gantest.Flat(t, value)
}

func decode(t *testing.T, text json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
