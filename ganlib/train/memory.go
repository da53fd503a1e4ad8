package train

import (
	"fmt"
	"slices"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// What a process needs, by the sizes that can be known beforehand; the factors were read off measured peaks
// (TestMemoryIsAsEstimated), and hold to a quarter.
const (
	programBytes = 50 << 20 // the program, its runtime, batches ahead
	// variableCopies: values, those an update puts in their place, and the gradients on the way.
	variableCopies = 2
	// liveFactor: the backend says what is alive at once if it computes one operation after the other. It computes two
	// and more, and keeps what it has allocated in a pool for each size.
	liveFactor = 1.6
)

// Memory estimates, in bytes, the most that a process playing a game holds at once, images not counted. It builds the
// graphs of every phase, as training does, and computes nothing. It is 0 where the backend does not say what its graphs
// need, as XLA does not.
func Memory(b compute.Backend, gan *ganlib.GAN, opt Options) (int64, error) {
	if err := validate(gan, opt); err != nil {
		return 0, err
	}
	most := int64(0)
	for _, phase := range phasesOf(gan, opt.Images) {
		bytes, err := memoryOf(b, gan, opt, phase)
		if err != nil || bytes == 0 {
			return 0, err
		}
		most = max(most, bytes)
	}
	return most, nil
}

// LargestBatch is the largest batch below opt.BatchSize whose estimate is not above some bytes, 0 when not even one of
// two images is.
func LargestBatch(b compute.Backend, gan *ganlib.GAN, opt Options, bytes int64) (int, error) {
	fits, tooLarge := 0, opt.BatchSize
	for try := tooLarge / 2; try >= 2 && try > fits; try = (fits + tooLarge) / 2 {
		opt.BatchSize = try
		need, err := Memory(b, gan, opt)
		if err != nil {
			return 0, err
		}
		if need <= bytes {
			fits = try
		} else {
			tooLarge = try
		}
	}
	return fits, nil
}

// phasesOf lists the phases of a game that differ in their graphs. A schedule is asked at so many places that none of
// the documents' phases is missed.
func phasesOf(gan *ganlib.GAN, images int64) []ganlib.Phase {
	if gan.Schedule == nil {
		return []ganlib.Phase{ganlib.Constant{}.At(0)}
	}
	const places = 1000
	var phases []ganlib.Phase
	for i := range int64(places) {
		p := gan.Schedule.At(images / places * i)
		known := slices.ContainsFunc(phases, func(q ganlib.Phase) bool {
			return p.Stage == q.Stage && p.Resolution == q.Resolution && p.BatchSize == q.BatchSize
		})
		if !known {
			phases = append(phases, p)
		}
	}
	return phases
}

// memoryOf estimates one phase.
func memoryOf(b compute.Backend, gan *ganlib.GAN, opt Options, phase ganlib.Phase) (int64, error) {
	t := &Trainer{backend: b, gan: gan, opt: opt, phase: phase, store: ganlib.NewStore(opt.Seed), compiled: map[string]*compiled{}}
	nn.LeaveBlank(t.store)
	defer t.release()
	live := int64(0)
	for _, c := range planIteration(gan, phase.Stage) {
		if t.compiled[c.name] != nil {
			continue
		}
		k, err := t.compile(c, phase)
		if err != nil {
			return 0, err
		}
		t.compiled[c.name] = k
		g, err := k.exec.Compile(t.fedShapes(c)...)
		if err != nil {
			return 0, fmt.Errorf("train: %s: %w", c.name, err)
		}
		says, ok := g.Executable().(interface{ EstimatedTemporaryMemory() int64 })
		if !ok {
			return 0, nil
		}
		live = max(live, says.EstimatedTemporaryMemory())
	}
	return programBytes + variableCopies*bytesOf(t.store) + int64(liveFactor*float64(live)), nil
}

// fedShapes are those of what feed feeds to a call.
func (t *Trainer) fedShapes(c callPlan) []shapes.Shape {
	n, im := t.phase.BatchSize, t.gan.Image
	if n == 0 {
		n = t.opt.BatchSize
	}
	fed := []shapes.Shape{
		shapes.Make(dtypes.Float32, scalarSteps+2*len(c.steps())),
		shapes.Make(dtypes.Uint64, 3),
		shapes.Make(dtypes.Float32, n, t.gan.Prior.Size),
	}
	if c.needReal {
		h, w := im.Height, im.Width
		if r := t.phase.Resolution; r != 0 {
			h, w = r, r*im.Width/im.Height
		}
		fed = append(fed, shapes.Make(dtypes.Float32, n, h, w, im.Channels))
	}
	return fed
}

// bytesOf is the size of all variables of a store.
func bytesOf(store *model.Store) int64 {
	sum := int64(0)
	for v := range store.IterVariables() {
		sum += int64(v.Shape().ByteSize())
	}
	return sum
}
