package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/data/download"
	"github.com/ganbook/ganbook/ganlib/experiments"
)

// dataCmd looks after sets of images.
type dataCmd struct {
	List     dataListCmd     `cmd:"" help:"List the sets there are, and which are on this machine."`
	Download dataDownloadCmd `cmd:"" help:"Download a set, once its terms are accepted."`
	Verify   dataVerifyCmd   `cmd:"" help:"Compare a set's files with their published checksums."`
	Prepare  dataPrepareCmd  `cmd:"" help:"Decode a set into the cache, so that a run begins at once."`
}

type dataListCmd struct{}

func (*dataListCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SET\tWHAT\tDOWNLOAD\tHERE")
	fmt.Fprintln(w, "faces\tsynthetic faces, drawn when needed\t–\tbuilt in")
	for _, s := range data.Sets() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Title, downloadSize(s), here(s))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "files of your own: %s run dcgan --data PATH, a folder or an archive of images\n", program)
	return nil
}

// downloadSize is "" when a file's length is not published.
func downloadSize(s data.Set) string {
	var total uint64
	for _, f := range s.Needed() {
		if f.Bytes == 0 {
			return "–"
		}
		total += uint64(f.Bytes)
	}
	return bytesOf(total)
}

// here says where the set lies and whether it is all there.
func here(s data.Set) string {
	dir, err := data.DownloadDir(s.Name)
	if err != nil {
		return err.Error()
	}
	found := 0
	for _, f := range s.Needed() {
		if _, err := os.Stat(filepath.Join(dir, f.Name)); err == nil {
			found++
		}
	}
	switch found {
	case 0:
		return "no"
	case len(s.Needed()):
		return dir
	}
	return fmt.Sprintf("%d of %d files in %s", found, len(s.Needed()), dir)
}

// nearestSet is the set whose name comes closest, "" when none does.
func nearestSet(name string) string {
	names := []string{"faces"}
	for _, known := range data.Sets() {
		names = append(names, known.Name)
	}
	return experiments.Nearest(name, names)
}

// checkDataFlag refuses images that are neither a path nor a set when they look like a mistyped set.
func checkDataFlag(wish string) error {
	if _, err := os.Stat(wish); wish == "" || err == nil {
		return nil
	}
	if near := nearestSet(wish); near != "" && near != wish {
		return fmt.Errorf("--data %s: there is no such file or folder, and no such set; did you mean %s?", wish, near)
	}
	return nil
}

// setArg names a set, and where it lies when that is not the usual place.
type setArg struct {
	Set string `arg:"" help:"Name of a set (see: data list)."`
	Dir string `help:"Folder of its files; default: where downloads go." placeholder:"DIR"`
}

// resolve checks the name and completes the folder.
func (s *setArg) resolve() error {
	if _, err := data.FindSet(s.Set); err != nil {
		if near := nearestSet(s.Set); near != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, near)
		}
		return usage(err)
	}
	if s.Dir != "" {
		return nil
	}
	dir, err := data.DownloadDir(s.Set)
	s.Dir = dir
	return err
}

type dataDownloadCmd struct {
	setArg
	Yes bool `help:"Accept the set's terms without being asked."`
}

func (c *dataDownloadCmd) Run(a *app) error {
	if err := c.resolve(); err != nil {
		return err
	}
	line := newConsole(a.err)
	consent := terms{a: a, yes: c.Yes}
	err := download.Get(a.ctx, c.Set, c.Dir, downloading(line), consent.accept)
	line.Clear()
	if err != nil {
		return consent.explain(err)
	}
	fmt.Fprintf(a.out, "%s is in %s; use it with --data %s\n", c.Set, c.Dir, c.Set)
	return nil
}

type dataVerifyCmd struct {
	setArg
}

func (c *dataVerifyCmd) Run(a *app) error {
	if err := c.resolve(); err != nil {
		return err
	}
	checks, err := data.Verify(c.Set, c.Dir)
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range checks {
		path := filepath.Join(c.Dir, f.File)
		switch {
		case f.Err == nil:
			fmt.Fprintf(a.out, "ok       %s\n", path)
			continue
		case errors.Is(f.Err, fs.ErrNotExist):
			fmt.Fprintf(a.out, "missing  %s\n", path)
		default:
			fmt.Fprintf(a.out, "wrong    %s\n         %v\n", path, f.Err)
		}
		bad++
	}
	if bad > 0 {
		return fmt.Errorf("data: %s: %d of %d files are missing or wrong; get them with: %s data download %[1]s, or say where they lie with --dir",
			c.Set, bad, len(checks), program)
	}
	return nil
}

type dataPrepareCmd struct {
	Data     string `arg:"" help:"Folder, archive or file of images, or the name of a set."`
	Size     int    `help:"Side of the square images: 32, 64, 128." default:"64" placeholder:"N"`
	Channels int    `help:"1 for grey, 3 for colour." default:"3" placeholder:"N"`
}

func (c *dataPrepareCmd) Run(a *app) error {
	set, path := "", c.Data
	if _, err := os.Stat(c.Data); err != nil {
		if _, err := data.FindSet(c.Data); err == nil {
			set, path = c.Data, ""
		}
	}
	v := newConsole(a.err)
	began := time.Now()
	src, err := data.Open(a.ctx, set, path, data.Options{Size: c.Size, Channels: c.Channels, Progress: preparing(v)})
	v.Clear()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s of %d×%d×%d, ready in %.1f s\n", src.Name(), plural(src.Len(), "image"),
		src.Height(), src.Width(), src.Channels(), time.Since(began).Seconds())
	for _, line := range []string{src.Found(), src.Note()} {
		if line != "" {
			fmt.Fprintln(a.out, line)
		}
	}
	return nil
}

// preparing shows how far the decoding of images is.
func preparing(c *console) func(done, total int) {
	return func(done, total int) {
		if now := time.Now(); c.Due(now) {
			c.Progress(now, fmt.Sprintf("preparing %s of %s", grouped(done), plural(total, "image")))
		}
	}
}

// downloading shows how much of a file is here; a total below 1 is not known.
func downloading(c *console) func(file string, done, total int64) {
	return func(file string, done, total int64) {
		now := time.Now()
		if !c.Due(now) {
			return
		}
		text := fmt.Sprintf("downloading %s: %s", file, bytesOf(uint64(done)))
		if total > 0 {
			text += " of " + bytesOf(uint64(total))
		}
		c.Progress(now, text)
	}
}
