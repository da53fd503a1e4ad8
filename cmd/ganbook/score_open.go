package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/experiments"
)

// named is a set of queries with a name for each.
type named struct {
	*data.Source
	name func(i int) string
}

// explain names the picture whose score is no number.
func (n named) explain(err error) error {
	var broken *anogan.NotFinite
	if errors.As(err, &broken) {
		return fmt.Errorf("%s: %w", n.name(broken.Query), err)
	}
	return err
}

// open opens everything that is to be scored, so that a missing file costs no search.
func (c *scoreCmd) open(a *app, run *experiments.Opened) (sets []named, err error) {
	for _, path := range c.Pictures {
		set, err := c.openPath(a, run, path)
		if err == nil && c.First > 0 && c.First < set.Len() {
			set.Source, err = set.Source.First(c.First)
		}
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// openPath opens a file, a folder or a set of pictures such as the run's images. Pictures keep their file's name, images
// of a set are numbered.
func (c *scoreCmd) openPath(a *app, run *experiments.Opened, path string) (named, error) {
	o := data.Options{Size: run.Settings.Data.Size, Channels: run.Settings.Data.Channels, Values: c.Values, Exact: !c.Fit}
	if files, err := data.PictureFiles(path); err == nil && len(files) > 0 {
		if c.Split != "" {
			return named{}, fmt.Errorf("%s: pictures have no parts: leave --split=%s out", path, c.Split)
		}
		src, err := data.OpenPictures(a.ctx, files, o)
		return named{src, func(i int) string { return files[i] }}, err
	}
	set, label := "", path
	if known, err := data.FindSet(path); err == nil {
		set, path = known.Name, ""
	}
	src, err := c.openPart(a, set, path, o)
	if err != nil {
		return named{}, err
	}
	if strings.Contains(c.Split, "/") { // numbers within a drawn part
		label = src.Name()
	}
	return named{src, func(i int) string { return fmt.Sprintf("%s#%d", label, i) }}, nil
}

// openPart opens the part that is wished for; without a wish the images for testing, where they are apart.
func (c *scoreCmd) openPart(a *app, set, path string, o data.Options) (*data.Source, error) {
	if c.Split != "" {
		return experiments.OpenPart(a.ctx, set, path, c.Split, o)
	}
	src, err := experiments.OpenPart(a.ctx, set, path, "test", o)
	if errors.Is(err, data.ErrNoSplit) {
		return experiments.OpenPart(a.ctx, set, path, "", o)
	}
	return src, err
}

// normals are pictures that nobody doubts: the user's, or images that the run was trained on.
func (s *scoring) normals(a *app) (src *data.Source, origin string, err error) {
	if s.run.Settings.Data.Set != "faces" || s.cmd.Normal == "" { // drawn images are not searched for equal ones
		s.trained, err = s.run.Trained(a.ctx)
	}
	if s.cmd.Normal == "" {
		if err != nil {
			err = fmt.Errorf("%w; or give normal pictures with --normal", err)
		}
		return s.trained, "trained on, so new ones may score a little higher", err
	}
	if err != nil {
		s.console.Line("note: whether pictures were trained on is not known: %v", err)
		s.trained = nil
	}
	set, err := s.cmd.openPath(a, s.run, s.cmd.Normal)
	if err != nil {
		return nil, "", err
	}
	src, err = s.run.Normal(set.Source)
	return src, s.cmd.Normal, err
}

// sayWhatIsScored names the sets that are a part of something, or not what their name makes one believe.
func (s *scoring) sayWhatIsScored(sets []named) {
	for _, set := range sets {
		if note := set.Note(); note != "" {
			s.console.Line("%s: %s (%s)", set.Name(), plural(set.Len(), "picture"), note)
		}
	}
}

// chosen is the normal pictures that the user named; nil: they are some that the run was trained on.
func (s *scoring) chosen() *data.Source {
	if s.cmd.Normal == "" {
		return nil
	}
	return s.compared
}

// sayWhatWasSeen warns of pictures whose scores say little about new ones: those that the run was trained on, and those
// that the threshold was chosen by.
func (s *scoring) sayWhatWasSeen(sets []named) {
	for _, seen := range []struct {
		by    *data.Source
		where string
	}{
		{s.trained, "that the run was trained on"},
		{s.chosen(), "normal ones that the threshold is compared with"},
	} {
		count, total := 0, 0
		for _, set := range sets {
			if total += set.Len(); seen.by != nil {
				count += set.Common(seen.by)
			}
		}
		if count > 0 {
			s.console.Line("warning: %s of %s to score are among those %s: their scores say little about new ones", grouped(count), plural(total, "picture"), seen.where)
		}
	}
}
