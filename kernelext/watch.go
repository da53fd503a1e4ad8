package kernelext

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// watchInterval is how often a run folder is looked at.
const watchInterval = liveInterval

// watch brings what a run folder says into a panel.
type watch struct {
	training *jobs.Training
	name     string // by which it can be attached again
	panel    *Panel

	run    *runlog.Run // nil: none yet
	status string      // of the run
	record os.FileInfo // run.json when it was last read
	points int         // in the panel
	wrong  int         // findings in the panel
	last   int64       // iteration of the last of them
	sheets map[string]sheetFile
}

// sheetFile is a sample sheet in the panel.
type sheetFile struct {
	path string
	at   time.Time
}

// follow renews the panel until the training or ctx ends.
func (w *watch) follow(ctx context.Context) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		if err := w.panel.lost(); err != nil { // the kernel is gone: nobody would ever stop the watching
			return err
		}
		running := w.training.Running() // asked first: what is written later is read in the next round
		if err := w.read(); err != nil {
			return errors.Join(err, w.panel.Close())
		}
		if !running {
			w.panel.setNote(w.ending())
			return errors.Join(w.panel.Close(), w.failure())
		}
		w.panel.setNote(w.hint())
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.panel.setNote(w.farewell())
			return w.panel.leave()
		}
	}
}

// read takes over what is new.
func (w *watch) read() error {
	if err := w.training.Refresh(); err != nil {
		return err
	}
	if dir := w.training.Dir; dir != "" && (w.run == nil || w.run.Dir() != dir) {
		run, err := runlog.Open(dir)
		if err != nil {
			return err
		}
		w.run, w.record, w.points, w.wrong = run, nil, 0, 0
		clear(w.sheets)
		w.panel.reset()
	}
	if w.run == nil {
		return nil
	}
	w.status = w.run.Status()
	w.readGoal()
	if err := w.readPoints(); err != nil {
		return err
	}
	if err := w.readFindings(); err != nil {
		return err
	}
	return w.readSheets()
}

// readGoal asks run.json how far the run is to go: a resumption may have changed it.
func (w *watch) readGoal() {
	info, err := os.Stat(filepath.Join(w.run.Dir(), "run.json"))
	if err != nil || w.record != nil && os.SameFile(info, w.record) && info.ModTime().Equal(w.record.ModTime()) {
		return
	}
	if run, err := runlog.Open(w.run.Dir()); err == nil {
		w.record = info
		w.panel.Goal(run.Info().Goal())
	}
}

// readPoints adds the new points; after a resumption that dropped some, all of them anew.
func (w *watch) readPoints() error {
	points, err := w.run.Points()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	if len(points) < w.points || w.points > 0 && points[w.points-1].Iteration != w.last {
		w.points, w.wrong = 0, 0
		clear(w.sheets)
		w.panel.reset()
	}
	for _, pt := range points[w.points:] {
		// The time of training, not that of reading: an hour of points may arrive at once.
		w.panel.add(pt, time.Unix(0, 0).Add(time.Duration(pt.Seconds*float64(time.Second))))
		w.last = pt.Iteration
	}
	w.points = len(points)
	return nil
}

// readFindings shows what has gone wrong; they are few.
func (w *watch) readFindings() error {
	findings, err := w.run.Findings()
	var damaged *runlog.DamagedLines
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	if len(findings) != w.wrong {
		w.wrong = len(findings)
		w.panel.setFindings(findings)
	}
	return nil
}

// readSheets shows the newest sheet of each name.
func (w *watch) readSheets() error {
	if !w.panel.visible() {
		return nil
	}
	newest := map[string]runlog.SampleFile{}
	for _, s := range w.run.Samples() { // by images within a name
		newest[s.Name] = s
	}
	for name, s := range newest {
		info, err := os.Stat(s.Path)
		if err != nil {
			continue // dropped by a resumption since
		}
		if f := (sheetFile{s.Path, info.ModTime()}); f != w.sheets[name] {
			img, err := s.Load()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = w.panel.Image(name, s.Images, img)
			}
			if err != nil {
				return err
			}
			w.sheets[name] = f
		}
	}
	return nil
}
