package main

import (
	"encoding/json"
	"fmt"
	"image"
	"time"

	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/health"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// view shows a training as it goes: the document's log lines and a progress line for people, or JSON for programs.
type view struct {
	a       *app
	json    bool
	deaf    bool // nobody reads the JSON any more
	console *console

	run        *runlog.Run
	settings   experiments.Settings
	experiment experiments.Experiment

	began    time.Time // of this sitting
	first    int64     // images shown before this sitting
	images   int64
	last     time.Time
	batches  int     // of this sitting, the first left out
	perImage float64 // seconds, smoothed
}

// newView writes to the standard output, or beside it when that is for JSON alone.
func newView(a *app, asJSON bool) *view {
	w := a.out
	if asJSON {
		w = a.err
	}
	return &view{a: a, json: asJSON, console: newConsole(w)}
}

// watch is the Options.Watch of a training.
func (v *view) watch(run *runlog.Run, s experiments.Settings) []runlog.Sink {
	v.run, v.settings = run, s
	v.experiment, _ = experiments.Find(s.Experiment)
	v.began, v.last = time.Now(), time.Now()
	info := run.Info()
	if v.json {
		_ = v.emit(startEvent(run, s))
	} else {
		v.console.Line("%s", summary(info, s))
	}
	if why, remedy := slow(info.Host); why != "" {
		v.console.Line("warning: %s: training is 10 to 15 times slower; %s", why, remedy)
	}
	return []runlog.Sink{v}
}

// summary is the one line that says what is about to run.
func summary(i runlog.Info, s experiments.Settings) string {
	simd, note := "yes", ""
	if why, _ := slow(i.Host); why != "" {
		simd = "no"
	}
	if i.Data.Note != "" {
		note = " (" + i.Data.Note + ")"
	}
	return fmt.Sprintf("%s, scale %s: backend %s, SIMD %s; data %s%s, %s of %d×%d; %s of up to %d images, seed %d; run folder %s",
		s.Experiment, s.Scale, i.Backend, simd, i.Data.Name, note, plural(i.Data.Images, "image"), i.Data.Width, i.Data.Height,
		plural(int(iterations(s, i.Data.Images)), "iteration"), s.BatchSize, s.Seed, i.ID)
}

// iterations counts the batches of a run: the last one of an epoch is short, and the run ends with the batch that
// reaches its number of images.
func iterations(s experiments.Settings, n int) int64 {
	length, batch := int64(n), int64(s.BatchSize)
	if length == 0 || batch == 0 {
		return 0
	}
	return s.Images/length*ceil(length, batch) + ceil(s.Images%length, batch)
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }

// Point is a [runlog.Sink]'s: it prints the log lines that are due and renews the progress line.
func (v *view) Point(p runlog.Point) error {
	now := time.Now()
	v.count(p, now)
	if v.json {
		return v.emit(pointEvent(p))
	}
	if every := max(v.settings.LogEvery, 1); p.Batch%every == 0 && v.experiment.LogLine != nil {
		v.console.Line("%s", v.experiment.LogLine(p, v.settings.Epochs))
	}
	if v.console.Due(now) {
		v.console.Progress(now, v.progress(p))
	}
	return nil
}

// newest is the share of the newest batch in the smoothed time, once there are enough for a plain mean.
const newest = 0.05

// count keeps the smoothed time an image takes. The first batch of a sitting is left out: its graph is being built.
func (v *view) count(p runlog.Point, now time.Time) {
	shown := p.Images - v.images
	switch {
	case v.images == 0:
		v.images = p.Images
		v.first, v.began = p.Images, now
	case shown > 0:
		v.batches++
		each := now.Sub(v.last).Seconds() / float64(shown)
		v.perImage += max(newest, 1/float64(v.batches)) * (each - v.perImage)
		v.images = p.Images
	}
	v.last = now
}

func (v *view) progress(p runlog.Point) string {
	text := fmt.Sprintf("epoch %d/%d, %s of %s images", p.Epoch+1, v.settings.Epochs, grouped(p.Images), grouped(v.settings.Images))
	if v.perImage > 0 {
		left := time.Duration(float64(max(v.settings.Images-p.Images, 0)) * v.perImage * float64(time.Second))
		text += fmt.Sprintf(", %.1f images/s, %s left", 1/v.perImage, roughly(left))
	}
	return text
}

// spent and perSecond describe this sitting after its first batch.
func (v *view) spent() time.Duration { return v.last.Sub(v.began) }

func (v *view) perSecond() float64 {
	if v.spent() <= 0 {
		return 0
	}
	return float64(v.images-v.first) / v.spent().Seconds()
}

// Image reports a sample sheet; its file is already written.
func (v *view) Image(name string, images int64, _ image.Image) error {
	if !v.json {
		return nil
	}
	return v.emit(sampleEvent(v.run, name, images))
}

// Finding tells what goes wrong, and that it is over.
func (v *view) Finding(f runlog.Finding) error {
	switch {
	case v.json:
		return v.emit(findingEvent(f))
	case f.Resolved:
		v.console.Line("doctor: %s", health.Line(f))
	default:
		v.console.Line("doctor: %s: %s → %s", f.Severity, health.Line(f), f.Remedy)
	}
	return nil
}

// Close takes the progress line away.
func (v *view) Close() error {
	v.console.Clear()
	return nil
}

// emit writes one JSON object as a line of the standard output. When nobody reads it any more, it says so once and
// the training goes on in silence.
func (v *view) emit(event any) error {
	if v.deaf {
		return nil
	}
	err := json.NewEncoder(v.a.out).Encode(event)
	v.deaf = err != nil
	return err
}
