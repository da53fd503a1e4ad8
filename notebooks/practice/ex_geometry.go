package practice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/nn"
)

// HandInput and HandKernel are the exercise of a transposed convolution by hand, along one axis: k3 s2 p1, 3 → 5.
// The digits of the result show which input it came from.
var (
	HandInput  = []float64{1, 2, 3}
	HandKernel = []float64{1, 10, 100}
)

// scatter is the transposed convolution along one axis, without cutting anything off.
func scatter(input, kernel []float64, stride int) []float64 {
	out := make([]float64, (len(input)-1)*stride+len(kernel))
	for i, v := range input {
		for u, w := range kernel {
			out[i*stride+u] += v * w
		}
	}
	return out
}

// CheckByHand checks the transposed convolution of HandInput with HandKernel.
func CheckByHand(answer []float64) Verdict { return exerciseByHand.check(answer) }

var exerciseByHand = exercise[[]float64]{
	task:     "write the five numbers of the transposed convolution of (1, 2, 3) with the kernel (1, 10, 100), stride 2, padding 1.",
	probes:   func(a []float64) []probe { return list("the result", a) },
	solution: scatter(HandInput, HandKernel, 2)[1:6],
	mistakes: []mistake[[]float64]{
		{scatter(HandInput, HandKernel, 2), "That is the whole result, for padding 0: (3−1)·2 + 3 = 7 numbers. Padding 1 of a transposed convolution cuts one off at each end."},
		{[]float64{10, 201, 20, 302, 30}, "The kernel is turned. In the scatter view it is laid down as it is; it is turned only in the zero-stuffing view."},
		{[]float64{10, 2, 20, 3, 30}, "Where two copies of the kernel meet, the later one has overwritten the earlier. They are added: 1·100 + 2·1 = 102."},
		{[]float64{10, 100, 20, 200, 30}, "Where two copies of the kernel meet, only the first one is left. They are added: 1·100 + 2·1 = 102."},
		{scatter(HandInput, HandKernel, 1), "The copies of the kernel stand one place apart. With stride 2 they stand two apart; then one number is cut off at each end."},
		{scatter(HandInput, HandKernel, 1)[1:4], "That is stride 1. With stride 2 the copies of the kernel stand two places apart."},
		{scatter(HandInput, HandKernel, 2)[:5], "The padding is cut off at both ends, one number each, not two at the end."},
		{scatter(HandInput, HandKernel, 2)[2:], "The padding is cut off at both ends, one number each, not two at the beginning."},
	},
	right: "Seven numbers, one cut off at each end: 5. Places 0, 2 and 4 got one contribution, 1 and 3 got two: that is the checkerboard of k3 s2.",
}

type countFunc = func(kernel, stride, inputs int) []int

// CheckContributions checks how many inputs reach each output of a transposed convolution without padding.
func CheckContributions(answer func(kernel, stride, inputs int) []int) Verdict {
	return exerciseContributions.check(answer)
}

// contributions counts by laying down a kernel of ones on inputs of ones.
func contributions(kernel, stride, inputs int) []int {
	out := make([]int, (inputs-1)*stride+kernel)
	for i := range inputs {
		for u := range kernel {
			out[i*stride+u]++
		}
	}
	return out
}

var exerciseContributions = exercise[countFunc]{
	task: "count how many inputs reach each of the (inputs − 1)·stride + kernel outputs.",
	probes: func(f countFunc) (got []probe) {
		for _, c := range [][3]int{{3, 2, 4}, {4, 2, 4}, {5, 2, 3}, {4, 1, 1}} {
			var values []float64
			for _, n := range f(c[0], c[1], c[2]) {
				values = append(values, float64(n))
			}
			got = append(got, list(fmt.Sprintf("k%d s%d, %d inputs", c[0], c[1], c[2]), values)...)
		}
		return got
	},
	solution: contributions,
	mistakes: []mistake[countFunc]{
		{func(k, s, n int) []int { return slices.Repeat([]int{(k + s - 1) / s}, (n-1)*s+k) }, "⌈k/s⌉ is the most that an output gets. Those near the border, and every other one when s does not divide k, get fewer."},
		{func(k, s, n int) []int { return slices.Repeat([]int{k}, (n-1)*s+k) }, "k is how many inputs a convolution's output sees. Here an input reaches k outputs; count from the side of the outputs."},
		{func(k, s, n int) []int { return contributions(k, 1, n) }, "The kernels stand one place apart. With stride s they stand s apart."},
		{func(k, s, n int) []int {
			out := contributions(k, s, n)
			return out[:n*s]
		}, "The end is missing: the last input stands at (inputs − 1)·stride and reaches kernel − 1 places further."},
		{func(k, s, n int) []int {
			out := make([]int, (n-1)*s+k)
			for i := range n {
				out[i*s]++
			}
			return out
		}, "That counts only where each input is put. It is multiplied by the whole kernel and reaches k outputs."},
	},
	right: "k3 s2 gives 1 2 1 2 …, a checkerboard in two dimensions (1, 2 and 4); k4 s2 gives 2 2 2 … inside, so DCGAN's layers start out even.",
}

// Block is one transposed convolution of a generator.
type Block struct{ Maps, Kernel, Stride, Pad, OutputPad int }

// layersTask is what CheckLayers asks for.
type layersTask struct {
	size, channels, start int
	first                 int // maps of the first block; 0: any
}

var layersTasks = []layersTask{{128, 3, 1, 1024}, {32, 3, 1, 256}, {28, 1, 7, 0}}

// CheckLayers checks generators for 128×128×3 and 32×32×3 pictures, which start at 1×1, and for 28×28×1, which starts at
// a 7×7 map that a dense layer made. Any blocks that fit are right.
func CheckLayers(answer func(size int) []Block) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v = stopped(r)
		}
	}()
	var empty, remarks []string
	for _, task := range layersTasks {
		blocks := answer(task.size)
		if len(blocks) == 0 {
			empty = append(empty, fmt.Sprint(task.size))
			continue
		}
		wrong, remark := task.check(blocks)
		if wrong != "" {
			return Verdict{Wrong, fmt.Sprintf("For %d: %s", task.size, wrong)}
		}
		if remark != "" {
			remarks = append(remarks, remark)
		}
	}
	if len(empty) > 0 {
		return Verdict{Open, "list the blocks of G for " + strings.Join(empty, ", ") + "."}
	}
	return Verdict{Right, strings.Join(append([]string{"G grows to the size asked for. D is its mirror: one strided convolution for every block."}, remarks...), " ")}
}

// check says what is wrong with blocks, "" when nothing is, and a remark on blocks that work.
func (task layersTask) check(blocks []Block) (wrong, remark string) {
	at := task.start
	var trail []string
	for i, b := range blocks {
		if b.Maps < 1 || b.Kernel < 1 || b.Stride < 1 || b.Pad < 0 || b.OutputPad < 0 || b.OutputPad >= b.Stride {
			return fmt.Sprintf("block %d, %+v: maps, kernel and stride must be at least 1, padding at least 0, and output padding smaller than the stride.", i+1, b), ""
		}
		out := nn.TransposedSize(at, b.Kernel, b.Stride, b.Pad, 1, b.OutputPad)
		trail = append(trail, fmt.Sprintf("(%d−1)·%d − 2·%d + %d + %d = %d", at, b.Stride, b.Pad, b.Kernel, b.OutputPad, out))
		if out < 1 {
			return fmt.Sprintf("block %d leaves nothing: %s.", i+1, trail[i]), ""
		}
		if b.Stride == 2 && out == 2*at-1 {
			return fmt.Sprintf("block %d makes %d of %d: %s. k%d s2 p%d doubles only with output padding 1; k4 s2 p1 doubles as it is.", i+1, out, at, trail[i], b.Kernel, b.Pad), ""
		}
		if b.Kernel%b.Stride != 0 {
			remark = fmt.Sprintf("(For %d, stride %d does not divide kernel %d: expect checkerboards.)", task.size, b.Stride, b.Kernel)
		}
		at = out
	}
	last := blocks[len(blocks)-1]
	switch {
	case at == 64:
		d := discriminated(task.size)
		return fmt.Sprintf("these blocks end at 64×64. Changing `image_size` alone does not change the networks: D, built for 64, would make %d×%d = %d numbers of a %d×%d picture, and BCE fails on the shape.", d, d, d*d, task.size, task.size), ""
	case at != task.size:
		return fmt.Sprintf("the blocks end at %d×%d: %s.", at, at, strings.Join(trail, "; ")), ""
	case last.Maps != task.channels:
		return fmt.Sprintf("the last block has %d maps; the picture has %d channels.", last.Maps, task.channels), ""
	case task.first != 0 && blocks[0].Maps != task.first:
		return fmt.Sprintf("the first block has %d maps. They halve from block to block and end at ngf = 64 before the picture, so it begins with %d.", blocks[0].Maps, task.first), ""
	}
	return "", remark
}

// discriminated is what the practice's D, four halvings and k4 s1 p0, makes of a picture of another size, along one axis.
func discriminated(size int) int {
	for range 4 {
		size = nn.ConvSize(size, 4, 2, 1, 1, 1)
	}
	return max(0, nn.ConvSize(size, 4, 1, 0, 0, 1))
}
