package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The practice: 202,599 images, batch 128, 5 epochs of ⌈202599/128⌉ = 1583 batches.
func TestIterations(t *testing.T) {
	for _, tc := range []struct {
		images int64
		batch  int
		length int
		want   int64
	}{
		{5 * 202599, 128, 202599, 7915}, {160, 8, 160, 20}, {16, 8, 160, 2}, {17, 8, 160, 3}, {250, 100, 100, 3}, {10, 3, 4, 5}, {10, 3, 0, 0},
	} {
		if got := iterations(experiments.Settings{Images: tc.images, BatchSize: tc.batch}, tc.length); got != tc.want {
			t.Errorf("%+v: %d iterations", tc, got)
		}
	}
}

// A constant pace shows as that pace, and as the time it leaves; the first batch, whose graph is built, does not count.
func TestProgressTellsPaceAndTimeLeft(t *testing.T) {
	v := &view{settings: experiments.Settings{Images: 10_000, Epochs: 10}}
	now := time.Unix(1000, 0)
	var p runlog.Point
	for i := range 20 {
		now = now.Add(2 * time.Second)
		if i == 0 {
			now = now.Add(time.Minute)
		}
		p = runlog.Point{Images: int64(i+1) * 100, Epoch: int64(i / 10)}
		v.count(p, now)
	}
	if got, want := v.progress(p), "epoch 2/10, 2,000 of 10,000 images, 50.0 images/s, 2 min 40 s left"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if v.perSecond() != 50 || v.spent() != 38*time.Second {
		t.Errorf("%v a second in %v", v.perSecond(), v.spent())
	}
}

// On a terminal the progress line gives way to other lines and comes back; in a log it is a line every ten seconds.
func TestConsole(t *testing.T) {
	var out bytes.Buffer
	c := &console{w: &out, terminal: true}
	now := time.Unix(0, 0)
	c.Due(now)
	c.Progress(now, "half")
	fmt.Fprint(c, "warn")
	fmt.Fprint(c, "ing\nnext\n")
	c.Progress(now, "more")
	c.Clear()
	if got, want := out.String(), "half\r    \rwarning\nnext\nmore\r    \r"; got != want {
		t.Errorf("terminal: %q, want %q", got, want)
	}
	out.Reset()
	c = &console{w: &out}
	for range 25 {
		if now = now.Add(time.Second); c.Due(now) {
			c.Progress(now, "at work")
		}
	}
	if got := strings.Count(out.String(), "at work\n"); got != 2 {
		t.Errorf("%d lines in 25 seconds, want 2: %q", got, out.String())
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		grouped(0): "0", grouped(999): "999", grouped(3576704): "3,576,704", grouped(int64(-1000)): "-1,000",
		roughly(59400 * time.Millisecond): "59 s", roughly(65 * time.Second): "1 min 5 s", roughly(20 * time.Minute): "20 min",
		roughly(90 * time.Minute): "1 h 30 min", plural(1, "run"): "1 run", plural(2000, "run"): "2,000 runs",
		bytesOf(1500): "2 kB", bytesOf(25_300_000): "25.3 MB", bytesOf(3 << 30): "3.2 GB",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
