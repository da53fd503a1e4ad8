package work

import (
	"math"
	"math/rand/v2"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// toyFamily is Task 1 of OMASGAN on points in the plane (Dionelis et al. 2021): an f-GAN with Pearson's χ² and a
// zero-centred penalty, both networks moved by the gradients of one forward pass.
var toyFamily = family{
	name:    "toy",
	numbers: []number{{"batch", 1}},
	about:   "toy GAN in the plane, batch %d",
	count:   countToy,
	start: func(b compute.Backend, n []int) (Step, error) {
		gan := toy()
		source, err := noise(max(4096, 2*n[0]), gan.Image)
		if err != nil {
			return nil, err
		}
		return startGame(b, gan, source, n[0])
	},
}

const toyHidden = 64

// toy plays on points as images of 1×2 pixels.
func toy() *ganlib.GAN {
	gan := &ganlib.GAN{
		Name: "toy", Image: ganlib.Image{Height: 1, Width: 2, Channels: 1},
		Prior:    ganlib.Prior{Name: "U(0, 1)", Size: 2, Draw: func(rng *rand.Rand) float64 { return rng.Float64() }},
		Generate: func(in ganlib.Inputs) *Node { return Add(in.Z, toyNet(in.Scope(ganlib.ScopeGenerator), in.Z, 2)) },
		Discriminate: func(in ganlib.Inputs, x *Node) ganlib.Scores {
			return ganlib.Scores{Logits: toyNet(in.Scope(ganlib.ScopeDiscriminator), x, 1)}
		},
	}
	adam := ganlib.Adam{LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	fakes := func(in ganlib.Inputs) *Node { // E f*(T(v)) = E v²/4 + v, T = v
		return in.Once("f*", func() *Node {
			v := gan.Discriminate(in, gan.Generate(in)).Logits
			return ReduceAllMean(Add(MulScalar(Square(v), 0.25), v))
		})
	}
	gan.Steps = []ganlib.Step{
		{Name: "G", Scope: ganlib.ScopeGenerator, Adam: adam, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			return Neg(fakes(in)), nil
		}},
		{Name: "D", Scope: ganlib.ScopeDiscriminator, Adam: adam, Batch: ganlib.SameForward, Loss: func(in ganlib.Inputs) (*Node, []ganlib.Term) {
			real := gan.Discriminate(in, in.Real).Logits
			penalty := loss.R1(func(*Node) *Node { return real }, in.Real)
			return Add(Sub(fakes(in), ReduceAllMean(real)), penalty), nil
		}},
	}
	return gan
}

// toyNet has three hidden layers.
func toyNet(s *model.Scope, x *Node, out int) *Node {
	x = Reshape(x, x.Shape().Dimensions[0], 2)
	layer := func(name string, x *Node, out int) *Node {
		limit := 1 / math.Sqrt(float64(x.Shape().Dimensions[1])) // as PyTorch draws them
		return nn.Dense(s.At("%s", name), x, nn.DenseOptions{Out: out, Bias: true, Init: nn.Uniform(limit)})
	}
	for _, name := range []string{"dense1", "dense2", "dense3"} {
		x = nn.ReLU(layer(name, x, toyHidden))
	}
	return layer("dense4", x, out)
}

// countToy: the gradient of E f* is taken once for both networks.
func countToy([]int) int64 {
	g := layers{dense(2, toyHidden), dense(toyHidden, toyHidden), dense(toyHidden, toyHidden), dense(toyHidden, 2)}
	d := layers{dense(2, toyHidden), dense(toyHidden, toyHidden), dense(toyHidden, toyHidden), dense(toyHidden, 1)}
	return g.trained() + 3*d.sum() + d.trained() + d.penalised()
}
