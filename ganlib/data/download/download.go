// Package download fetches the published files of data sets, from one mirror after the other, and checks them. It is apart
// from package data because only it speaks HTTP, which a cell that opens a run need not link.
package download

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
)

// Get fetches the files of a set into dir ("": data.DownloadDir) and checks them. Files that are there and right are
// kept; where somebody else put all of them, nothing is asked or written. Accept is shown the terms once; its consent is remembered in dir. Progress may be nil.
//
// A file appears under its name only when its checksum is right; until then it is NAME.part, from which a broken
// download continues. When a mirror fails or serves something else, the next one is tried.
func Get(ctx context.Context, set, dir string, progress func(file string, done, total int64), accept func(terms string) bool) error {
	s, err := data.FindSet(set)
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = data.DownloadDir(set); err != nil {
			return err
		}
	}
	return get(ctx, s, dir, progress, accept)
}

const (
	consentFile = "terms-accepted.txt"
	attempts    = 3 // at one mirror, each continuing where the one before broke off
)

// stallLimit ends a connection that brings nothing for so long.
var stallLimit = 60 * time.Second

func get(ctx context.Context, s data.Set, dir string, progress func(string, int64, int64), accept func(string) bool) error {
	if putThere(s, dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("data: %s: %w: choose a folder that can be written", s.Name, err)
	}
	if err := consent(s, dir, accept); err != nil {
		return err
	}
	for _, f := range s.Needed() {
		if err := fetch(ctx, f, dir, progress); err != nil {
			return fmt.Errorf("data: %s: %w\n%s", s.Name, err, byHand(s, f))
		}
	}
	return nil
}

// putThere says whether a folder has every file of a set as published, and not by us.
func putThere(s data.Set, dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, consentFile)); err == nil {
		return false
	}
	return !slices.ContainsFunc(s.Needed(), func(f data.File) bool { return f.Verify(filepath.Join(dir, f.Name)) != nil })
}

// consent asks for the terms unless exactly these were accepted before.
func consent(s data.Set, dir string, accept func(string) bool) error {
	path := filepath.Join(dir, consentFile)
	if before, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(before), s.Terms+"\n") {
		return nil
	}
	if accept == nil || !accept(s.Terms) {
		return fmt.Errorf("data: %s: not downloaded, because its terms were not accepted: %s", s.Name, s.Terms)
	}
	text := fmt.Sprintf("%s\naccepted %s\n", s.Terms, time.Now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("data: %s: remembering the consent: %w", s.Name, err)
	}
	return nil
}

// byHand says how to do without us.
func byHand(s data.Set, f data.File) string {
	size := ""
	if f.Bytes > 0 {
		size = fmt.Sprintf("%d bytes, ", f.Bytes)
	}
	return fmt.Sprintf("by hand: download %s (%smd5 %s) from %s and give its path with --data", f.Name, size, f.MD5, s.Page)
}

func fetch(ctx context.Context, f data.File, dir string, progress func(string, int64, int64)) error {
	path := filepath.Join(dir, f.Name)
	if _, err := os.Stat(path); err == nil {
		if f.Verify(path) == nil {
			return nil
		}
		if err := os.Rename(path, wrongName(path)); err != nil { // it may be the user's: keep it, elsewhere
			return err
		}
	}
	var failed []error
	for _, mirror := range f.Mirrors {
		err := fromMirror(ctx, f, mirror, path, progress)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: stopped, run it again to continue: %w", f.Name, context.Cause(ctx))
		}
		failed = append(failed, fmt.Errorf("%s: %w", mirror, err))
	}
	return fmt.Errorf("%s: no mirror has it:\n%w", f.Name, errors.Join(failed...))
}

// wrongName is a free name for a file that is not the published one: NAME.wrong, NAME.wrong-2 and so on.
func wrongName(path string) string {
	name := path + ".wrong"
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s.wrong-%d", path, i)
	}
}

// fromMirror downloads path.part, checks it and renames it.
func fromMirror(ctx context.Context, f data.File, mirror, path string, progress func(string, int64, int64)) error {
	part := path + ".part"
	for attempt := 1; ; attempt++ {
		start := sizeOf(part)
		err := transfer(ctx, f, mirror, part, start, progress)
		if err == nil {
			if err = f.Verify(part); err == nil {
				return os.Rename(part, path)
			}
			os.Remove(part)
			if start == 0 {
				return err
			}
			continue // what was continued may have been another file: once more from the beginning
		}
		var final permanent
		if errors.As(err, &final) || attempt == attempts || ctx.Err() != nil {
			return err
		}
	}
}

// permanent is a failure that trying again would repeat.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

func sizeOf(path string) int64 {
	if info, err := os.Stat(path); err == nil {
		return info.Size()
	}
	return 0
}

// transfer appends to part from byte start on, or begins again when the server does not continue.
func transfer(ctx context.Context, f data.File, mirror, part string, start int64, progress func(string, int64, int64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(stallLimit, func() { cancel(fmt.Errorf("nothing received for %v", stallLimit)) })
	defer stalled.Stop()
	response, err := request(ctx, mirror, start)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	mode := os.O_APPEND
	switch response.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		return nil // nothing is missing, or the part is another file: the checksum tells
	case http.StatusOK:
		mode, start = os.O_TRUNC, 0
	}
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|mode, 0o644)
	if err != nil {
		return permanent{err}
	}
	defer out.Close()
	total := f.Bytes
	if response.ContentLength > 0 {
		total = start + response.ContentLength
	}
	body := &meter{r: response.Body, done: start, report: func(done int64) {
		stalled.Reset(stallLimit)
		if progress != nil {
			progress(f.Name, done, total)
		}
	}}
	if err := store(f, out, body, start); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return out.Sync()
}

// request asks a mirror for a file from byte start on. The answer has the whole file (200), the rest (206), or says
// that there is no rest (416).
func request(ctx context.Context, mirror string, start int64) (*http.Response, error) {
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, mirror, nil)
	if err != nil {
		return nil, permanent{err}
	}
	if start > 0 {
		asked.Header.Set("Range", fmt.Sprintf("bytes=%d-", start))
	}
	response, err := http.DefaultClient.Do(asked)
	if err != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	if err := usable(response, start); err != nil {
		response.Body.Close()
		return nil, permanent{err}
	}
	return response, nil
}

// usable refuses an answer that has neither the file nor its rest from byte start on.
func usable(response *http.Response, start int64) error {
	switch have := response.Header.Get("Content-Range"); response.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		return nil
	case http.StatusOK:
	case http.StatusPartialContent:
		if !strings.HasPrefix(have, fmt.Sprintf("bytes %d-", start)) {
			return fmt.Errorf("asked to continue at byte %d, got %q", start, have)
		}
	default:
		return fmt.Errorf("status %s", response.Status)
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		return errors.New("serves a web page instead of the file")
	}
	return nil
}

// store writes the body, unless it begins as a web page or is longer than the file.
func store(f data.File, out io.Writer, body io.Reader, start int64) error {
	r := bufio.NewReaderSize(body, 1<<16)
	if head, _ := r.Peek(512); start == 0 && data.LooksLikeHTML(head) {
		return permanent{errors.New("serves a web page instead of the file")}
	}
	limit := int64(1) << 40
	if f.Bytes > 0 {
		limit = max(0, f.Bytes+1-start)
	}
	n, err := io.Copy(out, io.LimitReader(r, limit))
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return permanent{fmt.Errorf("%w: free some space and run it again to continue", err)}
	}
	if err == nil && start+n < f.Bytes {
		return fmt.Errorf("ends after %d of %d bytes", start+n, f.Bytes)
	}
	return err
}

// meter reports how many bytes have been read.
type meter struct {
	r      io.Reader
	done   int64
	report func(done int64)
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.done += int64(n)
	m.report(m.done)
	return n, err
}
