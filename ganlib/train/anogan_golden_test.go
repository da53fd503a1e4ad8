package train

import (
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/loss"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// anoGolden is the schema of anogan_small.json.
type anoGolden struct {
	Header struct {
		Config struct {
			Epsilon float64 `json:"bn_eps"`
			Keep    float64 `json:"bn_keep"`
			Leaky   float64
			Lambda  float64
			Adam    string
		}
	}
	Weights    map[string]gantest.Numbers
	Z          gantest.Numbers
	Query      gantest.Numbers
	GTrain     gantest.Numbers            `json:"G_train"`
	GInference gantest.Numbers            `json:"G_inference"`
	Moving     map[string]gantest.Numbers `json:"G_train_moving"`
	Rows       gantest.Numbers            `json:"G_inference_rows_of_first_image"`
	DFake      gantest.Numbers            `json:"D_logits_of_G_train"`
	DQuery     float64                    `json:"D_logit_of_query"`
	DLoss      float64                    `json:"d_loss_query3_fake3"`
	GLoss      float64                    `json:"g_loss"`
	AccHalf    float64                    `json:"d_acc_threshold_half_on_logits"`
	AccZero    float64                    `json:"d_acc_threshold_zero_on_logits"`
	Search     []struct {
		Step              int
		Before            gantest.Numbers `json:"z_before"`
		Residual          float64
		Discrimination    float64
		Mapping           float64
		ResidualSum       float64         `json:"residual_sum"`
		DiscriminationSum float64         `json:"discrimination_sum"`
		Grad              gantest.Numbers `json:"grad_z"`
		After             gantest.Numbers `json:"z_after"`
	} `json:"inversion_from_first_z"`
}

func readAnoGolden(t *testing.T) *anoGolden {
	t.Helper()
	f := &anoGolden{}
	gantest.Golden(t, "anogan_small", f)
	if c := f.Header.Config; c.Epsilon != 1e-3 || c.Keep != 0.99 {
		t.Fatalf("batch norm ε %v, keeps %v; TensorFlow 1 has 1e-3 and 0.99", c.Epsilon, c.Keep)
	}
	return f
}

// nets reads the widths off the weights.
func (f *anoGolden) nets(rule nn.NormRule) anoNets {
	width := func(name string) int { return f.Weights[name].Shape[0] }
	return anoNets{
		z: width("G.dense.weight"), base: width("G.bn1.gamma"), g1: width("G.bn2.gamma"), g2: width("G.bn3.gamma"),
		d1: width("D.conv1.bias"), d2: width("D.conv2.bias"), slope: f.Header.Config.Leaky, rule: rule,
	}
}

// fill puts the file's weights into a store, in our layout.
func (f *anoGolden) fill(t *testing.T, store *model.Store) {
	t.Helper()
	for name, n := range f.Weights {
		part := strings.Split(name, ".")
		scope := map[string]string{"G": ganlib.ScopeGenerator, "D": ganlib.ScopeDiscriminator}[part[0]]
		leaf := map[string]string{"weight": "w", "bias": "b"}[part[2]]
		if leaf == "" {
			leaf = part[2]
		}
		if _, err := store.CreateVariable(scope+"/"+part[1]+"/"+leaf, channelsLast(t, n)); err != nil {
			t.Fatal(err)
		}
	}
}

// channelsLast is a tensor of the file in our layout.
func channelsLast(t *testing.T, n gantest.Numbers) *tensors.Tensor {
	t.Helper()
	exec, err := NewExec(gantest.Backend(t), func(x *Node) *Node { return gantest.ToChannelsLast(x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(n.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func TestAnoGANForwardGolden(t *testing.T) {
	f := readAnoGolden(t)
	nets, store := f.nets(nn.TF1Fused), ganlib.NewStore(0)
	f.fill(t, store)
	out, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z, query *Node) []*Node {
		in := ganlib.NewInputs(store, nil).WithZ(z).WithMode(nn.BatchStatistics)
		train, query := nets.generate(in), gantest.ToChannelsLast(query)
		fake, real := nets.discriminate(in, train).Logits, nets.discriminate(in, query).Logits
		return []*Node{
			gantest.ToChannelsFirst(train), gantest.ToChannelsFirst(nets.generate(in.WithMode(nn.Inference))),
			fake, real, loss.Discriminator(real, fake), loss.NonSaturating(fake),
		}
	}, f.Z.Tensor(dtypes.Float32), f.Query.Tensor(dtypes.Float32))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	flat := func(i int) []float64 { return gantest.Flat(t, out[i]) }
	f.GTrain.Close(t, "G, batch statistics", flat(0), gantest.Tolerance)
	f.GInference.Close(t, "G, running averages", flat(1), gantest.Tolerance)
	f.Rows.Close(t, "rows 12 to 15 of the first image", flat(1)[12*28:16*28], gantest.Tolerance)
	f.DFake.Close(t, "logits of the fakes", flat(2), gantest.Tolerance)
	for i, want := range []float64{f.DQuery, f.DLoss, f.GLoss} {
		gantest.Close(t, []string{"logit of the query", "D's loss", "G's loss"}[i], flat(3+i), []float64{want}, gantest.Tolerance)
	}
	gantest.Close(t, "accuracies", []float64{accuracy(flat(3)[0], flat(2), 0.5), accuracy(flat(3)[0], flat(2), 0)}, []float64{f.AccHalf, f.AccZero}, 1e-8)
}

// accuracy counts the query once for each fake, as the seed's D accuracy does.
func accuracy(query float64, fakes []float64, threshold float64) float64 {
	right := 0.0
	for _, l := range fakes {
		if query > threshold {
			right++
		}
		if l <= threshold {
			right++
		}
	}
	return right / float64(2*len(fakes))
}

// One pass in training mode moves G's averages by either of TensorFlow's rules.
func TestAnoGANMovingAveragesGolden(t *testing.T) {
	f := readAnoGolden(t)
	for suffix, rule := range map[string]nn.NormRule{"_fused": nn.TF1Fused, "_unfused": nn.TF1Unfused} {
		nets, store := f.nets(rule), ganlib.NewStore(0)
		f.fill(t, store)
		_, err := model.CallOnceN(gantest.Backend(t), store, func(s *model.Scope, z *Node) []*Node {
			return []*Node{nets.generate(ganlib.NewInputs(store, nil).WithZ(z))}
		}, f.Z.Tensor(dtypes.Float32))
		if err != nil {
			t.Fatalf("%+v", err)
		}
		for name, n := range f.Moving {
			part := strings.Split(name, ".")
			kind, isThisRule := strings.CutSuffix(part[2], suffix)
			if isThisRule || kind == "moving_mean" {
				n.Close(t, name, variable(t, store, "/generator/"+part[1]+"/"+kind), gantest.Tolerance)
			}
		}
	}
}
