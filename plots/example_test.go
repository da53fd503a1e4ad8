package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"

	"gonum.org/v1/plot"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/plots/sheet"
)

// trainedRun records a run as a training does: losses of the size that DCGANs have, and five sample sheets.
func trainedRun(iterations int) (run *runlog.Run, remove func()) {
	root, err := os.MkdirTemp("", "plots")
	check(err)
	run, err = runlog.Create(root, runlog.Info{Experiment: "dcgan"})
	check(err)
	rng := rand.New(rand.NewPCG(999, 0))
	for i := 1; i <= iterations; i++ {
		t := float64(i) / float64(iterations)
		g := 2 + 3*math.Exp(-4*t) + rng.ExpFloat64() + 25*math.Exp(-math.Abs(float64(i)-0.02*float64(iterations)))
		d := (1.1 - 0.4*t) * math.Exp(0.4*rng.NormFloat64())
		w := -8*math.Exp(-3*t) + 0.6*rng.NormFloat64() // a critic's loss is negative
		if t > 0.45 && t < 0.5 {
			w = math.NaN()
		}
		check(run.Point(runlog.Point{Iteration: int64(i), Images: int64(128 * i), Values: runlog.Values{"G/loss": g, "D/loss": d, "critic": w}}))
	}
	for k := range 5 {
		drawn, err := sheet.Draw(faces(16, float64(k)/4), sheet.Samples)
		check(err)
		check(run.Image("", int64(k*iterations*32), drawn))
	}
	return run, func() { run.Close(); os.RemoveAll(root) }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// faces draws simple faces of 32 by 32 pixels, which noise hides where clarity is below 1.
func faces(n int, clarity float64) sheet.Batch {
	b := sheet.Batch{N: n, Height: 32, Width: 32, Channels: 3}
	for i := range n {
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		ground := [3]float64{0.3 + 0.6*rng.Float64(), 0.3 + 0.6*rng.Float64(), 0.4 + 0.6*rng.Float64()}
		tone, smile, turn := 0.45+0.5*rng.Float64(), 4*rng.Float64(), 4*rng.Float64()-2
		for y := range 32 {
			for x := range 32 {
				dx, dy := float64(x)-15.5, float64(y)-16
				c := ground
				if dx*dx/90+dy*dy/150 < 1 {
					c = [3]float64{tone, tone * 0.78, tone * 0.62}
				}
				if math.Hypot(dx-turn-4, dy+3) < 1.6 || math.Hypot(dx-turn+4, dy+3) < 1.6 {
					c = [3]float64{0.1, 0.1, 0.2}
				}
				if m := dy - 6 + smile*((dx-turn)*(dx-turn)/25-0.5); math.Abs(dx-turn) < 5 && math.Abs(m) < 0.9 {
					c = [3]float64{0.7, 0.2, 0.2}
				}
				for _, v := range c {
					b.Pixels = append(b.Pixels, float32(clarity*(2*v-1)+(1-clarity)*0.4*rng.NormFloat64()))
				}
			}
		}
	}
	return b
}

func rendered(p *plot.Plot, err error) (image.Image, error) {
	if err != nil {
		return nil, err
	}
	return Render(p), nil
}

func ExampleLosses() {
	run, remove := trainedRun(5000)
	defer remove()
	img, err := rendered(Losses(run))
	golden("losses.png", img, err)
	// Output: losses.png: as expected
}

// Images on the x axis, negative values and a gap where the loss was NaN.
func ExampleCurves() {
	run, remove := trainedRun(300)
	defer remove()
	img, err := rendered(Curves(run, Images, "Critic Loss", "Loss", "critic"))
	golden("curves.png", img, err)
	// Output: curves.png: as expected
}

func ExampleGeneratorObjectives() {
	img, err := rendered(GeneratorObjectives())
	golden("objectives.png", img, err)
	// Output: objectives.png: as expected
}

func Example_sheet() {
	img, err := sheet.Draw(faces(21, 1), sheet.Samples)
	golden("sheet.png", img, err)
	// Output: sheet.png: as expected
}

func ExampleRealVsFake() {
	real, err := sheet.Draw(faces(64, 1), sheet.Reals)
	check(err)
	fake, err := sheet.Draw(faces(64, 0.7), sheet.Samples)
	check(err)
	img, err := RealVsFake(real, fake)
	golden("real-vs-fake.png", img, err)
	// Output: real-vs-fake.png: as expected
}

func ExampleStrip() {
	run, remove := trainedRun(100)
	defer remove()
	frames, err := Frames(run, "", 0)
	check(err)
	img, err := Strip(frames)
	golden("strip.png", img, err)
	// Output: strip.png: as expected
}

func ExampleProgression() {
	run, remove := trainedRun(100)
	defer remove()
	frames, err := Frames(run, "", 3)
	check(err)
	animation, err := Progression(frames)
	check(err)
	fmt.Println(frames[0].Caption(), frames[1].Caption(), frames[2].Caption(), animation.Delay)
	golden("progression-last.png", animation.Image[2], nil)
	// Output:
	// 0 images 6,400 images 12,800 images [100 100 200]
	// progression-last.png: as expected
}

func ExampleLatentWalk() {
	from, to := faces(1, 1), faces(2, 1)
	walk := sheet.Batch{N: 8, Height: 32, Width: 32, Channels: 3}
	for k := range walk.N {
		a := float32(k) / 7
		for i, v := range from.Pixels {
			walk.Pixels = append(walk.Pixels, (1-a)*v+a*to.Pixels[len(from.Pixels)+i])
		}
	}
	img, err := LatentWalk(walk)
	golden("walk.png", img, err)
	// Output: walk.png: as expected
}

func ExampleQuantise() {
	img := image.NewRGBA(image.Rect(0, 0, 256, 128))
	for y := range 128 {
		for x := range 256 {
			img.Set(x, y, color.RGBA{uint8(x), uint8(2 * y), uint8(255 - x), 255})
		}
	}
	few := Quantise(img)
	fmt.Println(len(few.Palette), "colours")
	golden("quantise.png", few, nil)
	// Output:
	// 256 colours
	// quantise.png: as expected
}
