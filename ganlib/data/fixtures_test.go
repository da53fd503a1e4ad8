package data

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/data/idx"
)

// sharedDir finds ../shared beside the repository, or what the environment names instead.
func sharedDir(t testing.TB, env, name string) string {
	t.Helper()
	if dir := os.Getenv(env); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil {
		if isFile(filepath.Join(dir, "go.mod")) {
			shared := filepath.Join(dir, "..", "shared", name)
			if _, err := os.Stat(shared); err == nil {
				return shared
			}
			if kept := filepath.Join(dir, "testdata", name); name == "golden" && isFile(filepath.Join(kept, "images.json")) {
				return kept
			}
			t.Skipf("no %s beside the repository: set %s", filepath.Join("shared", name), env)
		}
		if filepath.Dir(dir) == dir {
			t.Skip("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal(err)
	return ""
}

// withCache gives a test its own folder for prepared files.
func withCache(t testing.TB) string {
	dir := t.TempDir()
	t.Setenv("GANBOOK_CACHE", dir)
	return filepath.Join(dir, "prepared")
}

func write(t testing.TB, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func idxBytes(values []byte, dims ...int) []byte {
	return append(idx.Head(dims...), values...)
}

// pattern is a picture that changes slowly, so that JPEG keeps it.
func pattern(w, h, shift int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{byte(40 + 150*x/w), byte(60 + 120*y/h), byte(100 + shift), 255})
		}
	}
	return m
}

func pngBytes(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegBytes(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type member struct {
	name string
	body []byte
}

func zipBytes(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err == nil {
			_, err = f.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarBytes(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.body)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		w.Write(m.body)
	}
	w.Close()
	return b.Bytes()
}

// cifarBytes is a batch of n records with labels 0, 1, 2 …
func cifarBytes(n int) []byte {
	b := make([]byte, n*cifarRecord)
	for i := range n {
		record := b[i*cifarRecord:]
		record[0] = byte(i % cifarClasses)
		for k := range cifarPlane {
			record[1+k], record[1+cifarPlane+k], record[1+2*cifarPlane+k] = byte(i), byte(k), byte(k/32)
		}
	}
	return b
}

// refuses checks that opening fails with a message that holds every word, and starts as ours do.
func refuses(t *testing.T, dataset, path string, o Options, words ...string) {
	t.Helper()
	s, err := Open(t.Context(), dataset, path, o)
	if err == nil {
		t.Errorf("%s was accepted: %s", path, s.Found())
		return
	}
	for _, word := range append(words, "data: ") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: message %q lacks %q", filepath.Base(path), err, word)
		}
	}
}

func opened(t *testing.T, dataset, path string, o Options) *Source {
	t.Helper()
	s, err := Open(t.Context(), dataset, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// headerOf is the number of pixels that a picture's header claims.
func headerOf(raw []byte) (pixels int, err error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(raw))
	return config.Width * config.Height, err
}
