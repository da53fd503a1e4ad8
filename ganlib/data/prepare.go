package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// preparedVersion changes whenever the same files would be prepared to other pixels, described in other words or hashed otherwise.
const preparedVersion = 3

// CacheDir is where prepared files are kept: "prepared" in $GANBOOK_CACHE, or in "ganbook" of the user's cache directory.
// Every file in it can be deleted; it is made again when needed.
func CacheDir() (string, error) {
	base, err := cacheFolder()
	if err != nil {
		return "", fmt.Errorf("data: no folder for prepared images: %w: set GANBOOK_CACHE", err)
	}
	return filepath.Join(base, "prepared"), nil
}

// cacheFolder is $GANBOOK_CACHE, or "ganbook" in the user's cache directory.
func cacheFolder() (string, error) {
	if dir := os.Getenv("GANBOOK_CACHE"); dir != "" {
		return dir, nil
	}
	base, err := os.UserCacheDir()
	return filepath.Join(base, "ganbook"), err
}

// input is a recognised set before it is decoded.
type input struct {
	kind  string // for the cache's file name
	name  string
	place string // for messages
	found string
	files []stamp // what the images come from
	// write decodes everything into w, whose shape it sets before the first image.
	write func(ctx context.Context, w *preparedWriter) error
}

// stamp identifies the state of a file without reading it.
type stamp struct {
	path string
	size int64
	time int64
}

func stampOf(path string, info os.FileInfo) stamp {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return stamp{path, info.Size(), info.ModTime().UnixNano()}
}

// key names the prepared file: it changes with any of the files, with what is asked of them, and with this program.
func (in *input) key(o Options) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %q %d %d %q\n", preparedVersion, in.kind, in.name, o.Size, o.Channels, o.Split)
	if o.Values != "" || o.Exact {
		fmt.Fprintf(h, "values %q exact %v\n", o.Values, o.Exact)
	}
	for _, f := range in.files {
		fmt.Fprintf(h, "%q %d %d\n", f.path, f.size, f.time)
	}
	return fmt.Sprintf("%s-%d-%s", in.kind, o.Size, hex.EncodeToString(h.Sum(nil))[:24])
}

// open uses the prepared file of an input, or makes it. Without a folder to write to, the set stays in memory.
func (in *input) open(ctx context.Context, o Options) (*Source, error) {
	dir, err := CacheDir()
	path := filepath.Join(dir, in.key(o))
	if err == nil {
		if s, err := openPrepared(path); err == nil {
			return s, nil
		}
	}
	w, err := in.writer(path, err)
	if err != nil {
		return nil, err
	}
	defer w.discard()
	if err := in.write(ctx, w); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if err := o.checkRange(in.place, w.Images, w.top); err != nil {
		return nil, err
	}
	if w.path == "" {
		if dir == "" {
			dir = "the user's cache directory"
		}
		w.Found += fmt.Sprintf("; kept in memory, because %s cannot be written (set GANBOOK_CACHE)", dir)
	}
	s, err := w.finish()
	if err != nil {
		return nil, fmt.Errorf("data: preparing %s in %s: %w: free some space or set GANBOOK_CACHE to another folder", in.name, dir, err)
	}
	return s, nil
}

// writer writes to the prepared file, or to memory where noFolder says that there is none or it cannot be written.
func (in *input) writer(path string, noFolder error) (*preparedWriter, error) {
	d := description{Name: in.name, Found: in.found}
	if noFolder == nil {
		removeInterrupted(filepath.Dir(path))
		if w, err := newPreparedWriter(path, d); err == nil {
			return w, nil
		}
	}
	return newPreparedWriter("", d)
}

// removeInterrupted removes files that killed processes left half prepared. None takes a day to prepare.
func removeInterrupted(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), preparing) && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// inParallel runs f for 0 … n-1 on all cores until ctx ends.
func inParallel(ctx context.Context, n int, f func(i int)) error {
	var group sync.WaitGroup
	var taken atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(taken.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// addAll converts stacked images [n, h, w, c] to the wanted size and channels and adds them.
func (w *preparedWriter) addAll(ctx context.Context, pixels []byte, h, wide, c int, labels []uint8, o Options) error {
	if w.Images == 0 {
		w.Height, w.Width, w.Channels = h, wide, c
		if o.Size > 0 {
			w.Height, w.Width = o.Size, o.Size
		}
		if o.Channels > 0 {
			w.Channels = o.Channels
		}
	}
	if err := o.checkShape(h, wide, c); err != nil {
		return err
	}
	pixels, top, err := o.asBytes(pixels)
	if err != nil {
		return err
	}
	w.top = max(w.top, top)
	in, out := h*wide*c, w.Height*w.Width*w.Channels
	if h == w.Height && wide == w.Width && c == w.Channels {
		return w.add(pixels, labels)
	}
	n := len(pixels) / in
	for start := 0; start < n; start += chunkImages {
		end := min(n, start+chunkImages)
		converted := make([]byte, (end-start)*out)
		err := inParallel(ctx, end-start, func(k int) {
			i := start + k
			p := picture{pix: pixels[i*in : (i+1)*in], h: h, w: wide, c: c}.withChannels(w.Channels)
			copy(converted[k*out:], p.fit(w.Height).pix)
		})
		if err != nil {
			return err
		}
		var some []uint8
		if labels != nil {
			some = labels[start:end]
		}
		if err := w.add(converted, some); err != nil {
			return err
		}
	}
	return nil
}

// chunkImages are decoded at once, which bounds the memory of preparing a large set.
const chunkImages = 1024
