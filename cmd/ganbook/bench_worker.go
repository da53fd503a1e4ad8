package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/train"
)

// serveBench does DCGAN training steps, a round for every line it reads: batch:width:steps.
func serveBench(work string, in io.Reader, out io.Writer) error {
	cut := strings.LastIndex(work, ":")
	steps, err := strconv.Atoi(work[cut+1:])
	if err != nil {
		return fmt.Errorf("bench: worker %q: %w", work, err)
	}
	batch, width, err := parseWork(work[:cut])
	if err != nil {
		return err
	}
	ctx := context.Background()
	trainer, stream, err := benchTrainer(batch, width)
	if err != nil {
		return err
	}
	defer stream.Close()
	answer := json.NewEncoder(out)
	for range 2 {
		if _, err := trainer.Iterate(ctx, stream); err != nil {
			return err
		}
	}
	if err := answer.Encode(map[string]bool{"ready": true}); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		r := benchRound{}
		cpu := processCPU()
		for range steps {
			begin := time.Now()
			if _, err := trainer.Iterate(ctx, stream); err != nil {
				return err
			}
			r.Wall = append(r.Wall, time.Since(begin).Seconds())
		}
		r.CPU = (processCPU() - cpu).Seconds() / float64(steps)
		r.PeakMB = processPeakMB()
		if err := answer.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// benchGAN is the practice's game at a batch and width.
func benchGAN(batch, width int) (*ganlib.GAN, error) {
	c := dcgan.Practice2023()
	c.BatchSize, c.GenMaps, c.DiscMaps = batch, width, width
	return dcgan.New(c)
}

// benchTrainer is the practice's game on a few synthetic faces, data pipeline included.
func benchTrainer(batch, width int) (*train.Trainer, *data.Stream, error) {
	gan, err := benchGAN(batch, width)
	if err != nil {
		return nil, nil, err
	}
	b, err := backend.New("")
	if err != nil {
		return nil, nil, err
	}
	trainer, err := train.New(b, gan, train.Options{Images: 1 << 40, BatchSize: batch, Seed: 999})
	if err != nil {
		return nil, nil, err
	}
	faces := data.Faces(2*batch, gan.Image.Width, 999)
	for i := range faces.Len() {
		faces.At(i) // drawn now, not during a measured step
	}
	return trainer, faces.Stream(999, data.Position{}), nil
}
