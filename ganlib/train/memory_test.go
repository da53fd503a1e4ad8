package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/gantest"
	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/compute"
)

// memoryVariable tells this program, started by a test, to train and to print its peak: batch:width.
const memoryVariable = "GANBOOK_TRAIN_MEMORY"

// practice is the practice's game at a width.
func practice(batch, width int) (*ganlib.GAN, Options, error) {
	c := dcgan.Practice2023()
	c.BatchSize, c.GenMaps, c.DiscMaps = batch, width, width
	gan, err := dcgan.New(c)
	return gan, Options{Images: 1 << 40, BatchSize: batch, Seed: 1}, err
}

// printPeak is the child: some iterations, then the most memory it has held, in bytes.
func printPeak(work string) error {
	var batch, width int
	if _, err := fmt.Sscanf(work, "%d:%d", &batch, &width); err != nil {
		return err
	}
	gan, opt, err := practice(batch, width)
	if err != nil {
		return err
	}
	b, err := backend.New(backend.Default())
	if err != nil {
		return err
	}
	trainer, err := New(b, gan, opt)
	if err != nil {
		return err
	}
	stream := data.Faces(2*batch, 64, 1).Stream(1, data.Position{})
	defer stream.Close()
	for range settled + 1 {
		if _, err := trainer.Iterate(context.Background(), stream); err != nil {
			return err
		}
	}
	fmt.Println(peakMemory())
	return nil
}

// memoryTolerance is how far an estimate may lie from the measured peak, as a share of it.
const memoryTolerance = 0.25

// The peak of a process that trains is what was estimated, for a large batch of narrow networks and for a small one of
// wide ones, by every kind of lowering.
func TestMemoryIsAsEstimated(t *testing.T) {
	b := estimating(t)
	if raceDetector {
		t.Skip("the race detector multiplies memory; without it the test runs")
	}
	for _, policy := range []string{"direct", "fast"} {
		t.Setenv(nn.PolicyVariable, policy)
		for _, work := range [][2]int{{32, 16}, {128, 16}, {16, 64}} {
			gan, opt, err := practice(work[0], work[1])
			if err != nil {
				t.Fatal(err)
			}
			need, err := Memory(b, gan, opt)
			if err != nil {
				t.Fatal(err)
			}
			peak := measuredPeak(t, work)
			t.Logf("%s, batch %d, width %d: estimated %d MB, measured %d MB", policy, work[0], work[1], need>>20, peak>>20)
			if off := math.Abs(float64(need-peak)) / float64(peak); off > memoryTolerance {
				t.Errorf("%s, batch %d, width %d: estimated %d MB, measured %d MB, off by %.0f %%",
					policy, work[0], work[1], need>>20, peak>>20, 100*off)
			}
		}
	}
}

// measuredPeak is that of a process that only trains.
func measuredPeak(t *testing.T, work [2]int) int64 {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%d", memoryVariable, work[0], work[1]))
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	peak, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || peak <= 0 {
		t.Fatalf("the child says %q: %v", out, err)
	}
	return peak
}

// estimating is the Go backend: it says what its graphs need, and must.
func estimating(t *testing.T) compute.Backend {
	t.Helper()
	if !gantest.OnGo(t) {
		t.Skip("XLA does not say what its graphs need")
	}
	return gantest.Backend(t)
}

// The largest batch that fits fits, and one more does not.
func TestLargestBatch(t *testing.T) {
	gan, opt, err := practice(64, 8)
	if err != nil {
		t.Fatal(err)
	}
	b := estimating(t)
	need := func(batch int) int64 {
		opt := opt
		opt.BatchSize = batch
		bytes, err := Memory(b, gan, opt)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	room := (need(20) + need(21)) / 2
	if got, err := LargestBatch(b, gan, opt, room); err != nil || got != 20 {
		t.Errorf("between the needs of 20 and 21 fits a batch of %d, %v", got, err)
	}
	if got, err := LargestBatch(b, gan, opt, programBytes); err != nil || got != 0 {
		t.Errorf("in less than the program fits a batch of %d, %v", got, err)
	}
}

// A schedule's largest phase counts, wherever it is.
func TestMemoryOfPhases(t *testing.T) {
	gan := tinyGAN()
	opt := Options{Images: 10_000, BatchSize: 8}
	b := estimating(t)
	small, err := Memory(b, gan, opt)
	if err != nil || small <= 0 {
		t.Fatalf("a batch of 8 needs %d, %v", small, err)
	}
	opt.BatchSize = 4096
	large, err := Memory(b, gan, opt)
	if err != nil || large <= small {
		t.Fatalf("a batch of 4096 needs %d, one of 8 %d, %v", large, small, err)
	}
	opt.BatchSize, gan.Schedule = 8, swelling{}
	if got, err := Memory(b, gan, opt); err != nil || got != large {
		t.Errorf("the schedule's largest phase needs %d, found %d, %v", large, got, err)
	}
}

// swelling has a short phase of a large batch.
type swelling struct{}

func (swelling) At(images int64) ganlib.Phase {
	if images >= 5000 && images < 5050 {
		return ganlib.Phase{Alpha: 1, BatchSize: 4096}
	}
	return ganlib.Phase{Alpha: 1}
}
