package train

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/gantest"
)

// The sheet follows the training: same latents, other pictures; latents of a wrong length are an error.
func TestSheets(t *testing.T) {
	opt := matches[0].options()
	trainer := begin(t, tinyGAN(), opt)
	src := blobs(t, 22, 8, 8)
	s := src.Stream(7, trainer.State().Position)
	defer s.Close()
	var sheets [][]byte
	for range 3 {
		iterate(t, trainer, s, 1)
		before := contents(t, trainer.Store())
		sheet, _, err := trainer.sheet()
		if err != nil {
			t.Fatal(err)
		}
		unchanged(t, trainer.Store(), before, "drawing a sheet")
		buffer := &bytes.Buffer{}
		fmt.Fprint(buffer, sheet)
		sheets = append(sheets, buffer.Bytes())
	}
	if bytes.Equal(sheets[0], sheets[1]) || bytes.Equal(sheets[1], sheets[2]) {
		t.Error("the sheets show old weights")
	}
	// A stage that comes back draws with a sampler of its own.
	trainer.gan.Schedule = everyOther{}
	for range 3 {
		iterate(t, trainer, s, 1)
		if trainer.State().Iteration%2 == 0 {
			if _, _, err := trainer.sheet(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _, err := Generate(gantest.Backend(t), trainer.store, trainer.gan, trainer.phase, nil, make([]float32, 5))
	if err == nil || !strings.Contains(err.Error(), "5 numbers are no whole latents of length 4") {
		t.Errorf("%v", err)
	}
}

// everyOther changes its stage with every batch of the 22 images in batches of 5.
type everyOther struct{}

func (everyOther) At(images int64) ganlib.Phase {
	return ganlib.Phase{Alpha: 1, Stage: fmt.Sprint((images + 4) / 5 % 2)}
}
