package features

import (
	"fmt"
	"math"
	"slices"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/gomlx/ml/model"
)

// inceptionEpsilon is that of the net's batch norm.
const inceptionEpsilon = 1e-3

// inceptionMark is a tensor by whose name a file of Inception is known.
const inceptionMark = "Conv2d_1a_3x3.conv.weight"

// inceptionWeights lists the tensors that a file must have: of each convolution the kernel [out, in, kh, kw] and four
// vectors of batch norm.
func inceptionWeights() (list []weight) {
	inceptionTrunk().convolutions(3, func(c convolution, in int) {
		list = append(list, weight{c.name + ".conv.weight", []int{c.out, in, c.kh, c.kw}})
		for _, vector := range normVectors {
			list = append(list, weight{c.name + vector, []int{c.out}})
		}
	})
	return list
}

// normVectors are γ, β, the running mean and the running variance.
var normVectors = []string{".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"}

// checkInception says what a file lacks. Tensors that the features do not need, such as those of the classes, are none
// of its business, but for the number of classes, which tells the weights of the FID from others of the same names.
func checkInception(path string, byName map[string]runlog.Tensor) error {
	for _, w := range inceptionWeights() {
		t, ok := byName[w.name]
		if !ok {
			return fmt.Errorf("features: %s lacks the tensor %s %v of Inception v3 with the names of pytorch-fid", path, w.name, w.shape)
		}
		if !slices.Equal(t.Shape, w.shape) || t.DType != "F32" {
			return fmt.Errorf("features: %s: tensor %s is %s %v; Inception v3 with the names of pytorch-fid has F32 %v", path, w.name, t.DType, t.Shape, w.shape)
		}
	}
	if classes, ok := byName["fc.weight"]; ok && len(classes.Shape) > 0 && classes.Shape[0] != 1008 {
		return fmt.Errorf("features: %s has %d classes, the Inception of the FID 1008: these are other weights (torchvision's?), whose distances are no FID that was published; %s",
			path, classes.Shape[0], inceptionSource)
	}
	return nil
}

// fillInception makes the variables of the net, batch norm folded into them.
func fillInception(store *model.Store, path string, byName map[string]runlog.Tensor) (err error) {
	inceptionTrunk().convolutions(3, func(c convolution, in int) {
		if err != nil {
			return
		}
		var kernel []float32
		if kernel, err = byName[c.name+".conv.weight"].Float32s(); err != nil {
			return
		}
		var norm [4][]float32
		for i, vector := range normVectors {
			if norm[i], err = byName[c.name+vector].Float32s(); err != nil {
				return
			}
		}
		w, b := fold(kernel, in, c.kh, c.kw, norm)
		if err = finite(path, c.name, w, b); err != nil {
			return
		}
		if err = createVariable(store, weight{c.name + "/w", []int{c.out, c.kh, c.kw, in}}, w); err == nil {
			err = createVariable(store, weight{c.name + "/b", []int{c.out}}, b)
		}
	})
	return err
}

// fold turns a kernel [out, in, kh, kw] and γ, β, mean, variance into w [out, kh, kw, in] and b [out]:
//
//	γ·(conv − mean)/√(variance + ε) + β = conv·s + (β − mean·s),  s = γ/√(variance + ε)
func fold(kernel []float32, in, kh, kw int, norm [4][]float32) (w, b []float32) {
	w, b = make([]float32, len(kernel)), make([]float32, len(norm[0]))
	taps := kh * kw
	for o := range b {
		s := float64(norm[0][o]) / math.Sqrt(float64(norm[3][o])+inceptionEpsilon)
		b[o] = float32(float64(norm[1][o]) - float64(norm[2][o])*s)
		for i := range in {
			for tap := range taps {
				w[(o*taps+tap)*in+i] = float32(float64(kernel[(o*in+i)*taps+tap]) * s)
			}
		}
	}
	return w, b
}

func finite(path, name string, lists ...[]float32) error {
	for _, list := range lists {
		for _, v := range list {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("features: %s: the weights of %s hold %v, with their batch norm; get the file again", path, name, v)
			}
		}
	}
	return nil
}
