package train

import (
	"fmt"
	"image"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/seed"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// sampler runs a game's generator on given latents without moving anything.
type sampler struct {
	exec       *model.Exec
	resolution int
	stage      string
}

// BatchStatistics samples as papers of the DCGAN family do: batch norm sees the sheet as one batch, its running
// averages stay where they are.
func BatchStatistics(in ganlib.Inputs) ganlib.Inputs { return in.WithMode(nn.BatchStatistics) }

// RunningAverages samples in inference mode: a latent gives the same picture in every batch.
func RunningAverages(in ganlib.Inputs) ganlib.Inputs { return in.WithMode(nn.Inference) }

// Averaged samples from the averaged generator, in inference mode.
func Averaged(in ganlib.Inputs) ganlib.Inputs {
	return in.WithMode(nn.Inference).Redirect(ganlib.ScopeGenerator, ganlib.ScopeGeneratorEMA)
}

func newSampler(b compute.Backend, store *model.Store, gan *ganlib.GAN, p ganlib.Phase, mode func(ganlib.Inputs) ganlib.Inputs) (*sampler, error) {
	if mode == nil {
		mode = BatchStatistics
	}
	exec, err := model.NewExec(b, store, func(s *model.Scope, alpha, z *Node) *Node {
		in := ganlib.NewInputs(s.Store(), nil)
		in.Stage, in.Resolution, in.Alpha, in.Z = p.Stage, p.Resolution, alpha, z
		return gan.Generate(mode(in))
	})
	if err != nil {
		return nil, fmt.Errorf("train: %s: sample: %w", gan.Name, err)
	}
	return &sampler{exec: exec.WithName(gan.Name + "/sample"), resolution: p.Resolution, stage: p.Stage}, nil
}

func (s *sampler) release() { s.exec.Finalize() }

// Generate runs the generator on latents z [n, Z] and returns the images [n, h, w, c] in [−1, 1]. Nothing is trained.
func Generate(b compute.Backend, store *model.Store, gan *ganlib.GAN, p ganlib.Phase, mode func(ganlib.Inputs) ganlib.Inputs, z []float32) (pixels []float32, dims []int, err error) {
	s, err := newSampler(b, store, gan, p, mode)
	if err != nil {
		return nil, nil, err
	}
	defer s.release()
	return s.generate(gan, p.Alpha, z)
}

func (s *sampler) generate(gan *ganlib.GAN, alpha float64, z []float32) ([]float32, []int, error) {
	size := gan.Prior.Size
	if len(z) == 0 || len(z)%size != 0 {
		return nil, nil, fmt.Errorf("train: %s: %d numbers are no whole latents of length %d", gan.Name, len(z), size)
	}
	out, err := s.exec.Call1(float32(alpha), tensors.FromFlatDataAndDimensions(z, len(z)/size, size))
	if err != nil {
		return nil, nil, fmt.Errorf("train: %s: sample: %w", gan.Name, err)
	}
	defer out.FinalizeAll()
	pixels, err := tensors.CopyFlatData[float32](out)
	return pixels, out.Shape().Dimensions, err
}

// FixedLatents are the latents of a run's sample sheets: drawn once, from the seed.
func FixedLatents(gan *ganlib.GAN, master int64, n int) []float32 {
	return gan.Prior.Sample(seed.Rand(master, "fixed z"), n)
}

// sheetDue says whether a sample sheet belongs to the iteration just done: every so many, and the last.
func (t *Trainer) sheetDue() bool {
	if t.opt.SampleEvery <= 0 || t.opt.Sheet == nil {
		return false
	}
	return (t.state.Iteration-1)%t.opt.SampleEvery == 0 || t.state.Images >= t.opt.Images
}

// addSheet draws the sample sheet where one is due, nil elsewhere, and adds to what the iteration reports how far the
// pictures are apart.
func (t *Trainer) addSheet(values runlog.Values) (image.Image, error) {
	if !t.sheetDue() {
		return nil, nil
	}
	sheet, distance, err := t.sheet()
	if err != nil {
		return nil, err
	}
	values[health.SheetDistance] = distance
	if t.state.Iteration == 1 {
		values[health.RealDistance] = t.real
	}
	return sheet, nil
}

// sheet draws the sample sheet of this moment and says how far its pictures are apart.
func (t *Trainer) sheet() (img image.Image, distance float64, err error) {
	if t.sampler == nil || t.sampler.resolution != t.phase.Resolution || t.sampler.stage != t.phase.Stage {
		s, err := newSampler(t.backend, t.store, t.gan, t.phase, t.opt.SampleMode)
		if err != nil {
			return nil, 0, err
		}
		t.sampler = s
	}
	pixels, d, err := t.sampler.generate(t.gan, t.phase.Alpha, FixedLatents(t.gan, t.opt.Seed, t.opt.SampleCount))
	if err != nil {
		return nil, 0, err
	}
	img, err = t.opt.Sheet(pixels, d[0], d[1], d[2], d[3])
	return img, health.Distance(pixels, d[0]), err
}
