package main

import (
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

// The lines of --json: a start, points, samples and findings as they come, an end.
type (
	startLine struct {
		Event      string               `json:"event"` // "start"
		Run        string               `json:"run"`   // folder
		Info       runlog.Info          `json:"info"`
		Settings   experiments.Settings `json:"settings"`
		Iterations int64                `json:"iterations"`
	}
	pointLine struct {
		Event string `json:"event"` // "point"
		runlog.Point
	}
	sampleLine struct {
		Event  string `json:"event"` // "sample"
		Name   string `json:"name,omitempty"`
		Images int64  `json:"images"`
		Path   string `json:"path"`
	}
	findingLine struct {
		Event   string         `json:"event"` // "finding"
		Finding runlog.Finding `json:"finding"`
	}
	endLine struct {
		Event   string   `json:"event"`  // "done", "stopped" or "failed"
		Run     string   `json:"run"`    // folder
		Resume  string   `json:"resume"` // command that goes on with it, "" when that is of no use
		Figures []string `json:"figures"`
		Error   string   `json:"error,omitempty"`
	}
)

func startEvent(run *runlog.Run, s experiments.Settings) startLine {
	info := run.Info()
	info.Config = nil // it is the settings
	return startLine{Event: "start", Run: run.Dir(), Info: info, Settings: s, Iterations: iterations(s, info.Data.Images)}
}

func pointEvent(p runlog.Point) pointLine { return pointLine{Event: "point", Point: p} }

func findingEvent(f runlog.Finding) findingLine { return findingLine{Event: "finding", Finding: f} }

func sampleEvent(run *runlog.Run, name string, images int64) sampleLine {
	e := sampleLine{Event: "sample", Name: name, Images: images}
	for _, s := range run.Samples() {
		if s.Name == name && s.Images == images {
			e.Path = s.Path
		}
	}
	return e
}

func endEvent(run *runlog.Run, err error) endLine {
	e := endLine{Event: "done", Run: run.Dir(), Figures: figureFiles(run)}
	if err == nil {
		return e
	}
	if e.Event = "stopped"; !experiments.Stopped(err) {
		e.Event, e.Error = "failed", err.Error()
	}
	if resumable(run, err) {
		e.Resume = program + " resume " + run.Dir()
	}
	return e
}
