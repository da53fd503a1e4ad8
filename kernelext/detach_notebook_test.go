package kernelext_test

import (
	"strings"
	"testing"
)

// detachedCells train in a program of their own, with a body that is declared in a cell.
var detachedCells = []string{
	`import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext"
)

type Choice struct{ Points int64 }

// Train makes a run with as many points as were chosen.
func Train(ctx context.Context) error {
	goal := kernelext.Config[Choice]().Points
	run, err := runlog.Create("runs", runlog.Info{Experiment: "demo", Config: map[string]int64{"images": 64 * goal}})
	if err != nil {
		return err
	}
	defer run.Close()
	runlog.Observe(ctx, run.Dir())
	if err := run.Image("", 0, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		return err
	}
	for i := int64(1); i <= goal; i++ {
		if err := run.Point(runlog.Point{Iteration: i, Images: 64 * i, Seconds: float64(i) / 100, Values: runlog.Values{"D/loss": 1}}); err != nil {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return run.Finish("stopped", nil)
		}
	}
	return run.Finish("done", nil)
}`,
	`%%
kernelext.Config(Choice{Points: 300})
kernelext.Knobs[Choice]()`,
	`%%
kernelext.Detach("demo", Train)`,
	`%%
kernelext.Detach("demo", Train)
kernelext.Attach("demo")`,
	`%%
kernelext.Config(Choice{Points: 1_000_000})
kernelext.Detach("demo", Train)
kernelext.Stop("demo")
kernelext.Attach("")`,
	`%%
kernelext.Source(kernelext.Attach)
fmt.Println("end")`,
}

func TestDetachInTheRealKernel(t *testing.T) {
	var outputs []string
	for _, cell := range run(t, detachedCells) {
		text := ""
		for _, o := range cell {
			text += o.text()
		}
		outputs = append(outputs, text)
	}
	for i, wants := range [][]string{
		nil,
		{"| Points | **300** | 0 |"},
		{"demo runs in a process of its own now", `kernelext.Attach("demo")`},
		{"demo is running already", "data:image/png;base64,", "iteration 300, 19,200 of 19,200 images", "00001-demo is done."},
		{"demo has ended (stopped); it has no snapshot", "00002-demo was stopped"},
		{"```go", "func Attach(name string, series ...string) {", "end"},
	} {
		for _, want := range wants {
			if !strings.Contains(outputs[i], want) {
				t.Errorf("cell %d lacks %q:\n%.2000s", i+1, want, outputs[i])
			}
		}
	}
}
