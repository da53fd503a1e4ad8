package download

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
)

// body is a file that is long enough to break in the middle.
var body = []byte(strings.Repeat("0123456789abcdef", 20_000))

// set is one file at the given mirrors, with its right checksums.
func set(mirrors ...string) data.Set {
	return data.Set{
		Name: "test", Page: "http://example.org/page", Terms: "Be kind.",
		Files: []data.File{{Name: "file.bin", Bytes: int64(len(body)), MD5: md5Of(body), SHA256: fmt.Sprintf("%x", sha256.Sum256(body)), Mirrors: mirrors}},
	}
}

func md5Of(b []byte) string { return fmt.Sprintf("%x", md5.Sum(b)) }

// mirror serves with h and counts the requests.
func mirror(t *testing.T, h http.HandlerFunc) (address string, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func whole(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "file.bin", time.Time{}, strings.NewReader(string(body)))
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func yes(string) bool { return true }

func filesIn(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != consentFile {
			list = append(list, e.Name())
		}
	}
	return list
}

func complete(t *testing.T, dir string) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(dir, "file.bin")); err != nil || string(got) != string(body) {
		t.Errorf("file.bin is not as published: %d bytes, %v", len(got), err)
	}
	if files := filesIn(t, dir); !slices.Equal(files, []string{"file.bin"}) {
		t.Errorf("folder holds %v", files)
	}
}

func TestDownloadReportsProgressAndKeepsWhatIsRight(t *testing.T) {
	address, requests := mirror(t, whole)
	dir := t.TempDir()
	var last int64
	progress := func(file string, done, total int64) {
		if file != "file.bin" || total != int64(len(body)) || done < last {
			t.Errorf("progress %s %d of %d after %d", file, done, total, last)
		}
		last = done
	}
	for range 2 {
		if err := get(t.Context(), set(address), dir, progress, yes); err != nil {
			t.Fatal(err)
		}
	}
	complete(t, dir)
	if requests.Load() != 1 || last != int64(len(body)) {
		t.Errorf("%d requests, %d bytes reported", requests.Load(), last)
	}
}

func TestDownloadContinuesAfterABreak(t *testing.T) {
	var ranges []string
	address, requests := mirror(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if len(ranges) == 1 { // breaks off in the middle
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			w.Write(body[:100_000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		whole(w, r)
	})
	dir := t.TempDir()
	if err := get(t.Context(), set(address), dir, nil, yes); err != nil {
		t.Fatal(err)
	}
	complete(t, dir)
	if requests.Load() != 2 || ranges[0] != "" || ranges[1] != "bytes=100000-" {
		t.Errorf("%d requests with ranges %q", requests.Load(), ranges)
	}
}

func TestDownloadContinuesAfterAStop(t *testing.T) {
	stopped := make(chan struct{})
	address, _ := mirror(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			whole(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body[:150_000])
		w.(http.Flusher).Flush()
		<-stopped
	})
	defer close(stopped)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	progress := func(_ string, done, _ int64) {
		if done == 150_000 {
			cancel()
		}
	}
	if err := get(ctx, set(address), dir, progress, yes); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run it again to continue") {
		t.Fatalf("error %v", err)
	}
	if files := filesIn(t, dir); !slices.Equal(files, []string{"file.bin.part"}) {
		t.Fatalf("folder holds %v after the stop", files)
	}
	if err := get(t.Context(), set(address), dir, nil, yes); err != nil {
		t.Fatal(err)
	}
	complete(t, dir)
}

func TestDownloadStartsAgainWhenTheRestIsOfAnotherFile(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"ranges":    whole,
		"no ranges": func(w http.ResponseWriter, r *http.Request) { w.Write(body) },
	} {
		for what, part := range map[string][]byte{"short": []byte("something else"), "as long": make([]byte, len(body)), "longer": make([]byte, len(body)+9)} {
			address, _ := mirror(t, h)
			dir := t.TempDir()
			write(t, filepath.Join(dir, "file.bin.part"), part)
			if err := get(t.Context(), set(address), dir, nil, yes); err != nil {
				t.Errorf("%s, %s part: %v", name, what, err)
			}
			complete(t, dir)
		}
	}
}

// bad mirrors, each with what the error must say about it.
var badMirrors = map[string]struct {
	h    http.HandlerFunc
	want string
}{
	"404": {http.NotFound, "404 Not Found"},
	"web page": {func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<html>Quota exceeded</html>"))
	}, "web page"},
	"web page in disguise": {func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte("  <!DOCTYPE html>"))
	}, "web page"},
	"another file": {func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, len(body))) }, "md5"},
	"too long":     {func(w http.ResponseWriter, r *http.Request) { w.Write(append(slices.Clone(body), 1)) }, "md5"},
	"too short": {func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Write(body[:10])
	}, "ends after 10 of 320000 bytes"},
}

func TestDownloadGoesToTheNextMirror(t *testing.T) {
	for name, bad := range badMirrors {
		first, asked := mirror(t, bad.h)
		second, _ := mirror(t, whole)
		dir := t.TempDir()
		if err := get(t.Context(), set(first, second), dir, nil, yes); err != nil || asked.Load() == 0 {
			t.Errorf("%s: error %v, %d requests", name, err, asked.Load())
		}
		complete(t, dir)
	}
}

func TestDownloadSaysWhyAndWhatToDoByHand(t *testing.T) {
	for name, bad := range badMirrors {
		address, _ := mirror(t, bad.h)
		dir := t.TempDir()
		err := get(t.Context(), set(address), dir, nil, yes)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, want := range []string{"data: test: file.bin", bad.want, address, "http://example.org/page", "--data", "320000 bytes", md5Of(body)} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: message %q lacks %q", name, err, want)
			}
		}
		if slices.Contains(filesIn(t, dir), "file.bin") {
			t.Errorf("%s: a broken file was left under its name", name)
		}
	}
}

func TestDownloadGivesUpOnAStalledMirror(t *testing.T) {
	defer func(d time.Duration) { stallLimit = d }(stallLimit)
	stallLimit = 30 * time.Millisecond
	release := make(chan struct{})
	slow, _ := mirror(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	defer close(release)
	fast, _ := mirror(t, whole)
	dir := t.TempDir()
	if err := get(t.Context(), set(slow, fast), dir, nil, yes); err != nil {
		t.Fatal(err)
	}
	complete(t, dir)
}

func TestDownloadKeepsWrongFilesAside(t *testing.T) {
	address, _ := mirror(t, whole)
	dir := t.TempDir()
	for _, mine := range []string{"one", "two", "three"} {
		write(t, filepath.Join(dir, "file.bin"), []byte(mine))
		if err := get(t.Context(), set(address), dir, nil, yes); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"file.bin": string(body), "file.bin.wrong": "one", "file.bin.wrong-2": "two", "file.bin.wrong-3": "three"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %.20q, %v; want %.20q", name, got, err, want)
		}
	}
}

func TestDownloadAsksForTheTermsOnce(t *testing.T) {
	address, requests := mirror(t, whole)
	dir, s, asked := t.TempDir(), set(address), 0
	no := func(terms string) bool { asked++; return false }
	for _, refuse := range []func(string) bool{no, nil} {
		if err := get(t.Context(), s, dir, nil, refuse); err == nil || !strings.Contains(err.Error(), "Be kind.") || requests.Load() != 0 {
			t.Fatalf("without consent: error %v, %d requests", err, requests.Load())
		}
	}
	if err := get(t.Context(), s, dir, nil, yes); err != nil {
		t.Fatal(err)
	}
	if err := get(t.Context(), s, dir, nil, no); err != nil || asked != 1 {
		t.Errorf("asked again: error %v, asked %d times", err, asked)
	}
	s.Terms = "Be kind and careful."
	if err := get(t.Context(), s, dir, nil, no); err == nil || asked != 2 {
		t.Errorf("other terms were not asked for")
	}
}

// Files that are there already, such as somebody's copy in a folder that cannot be written, need no consent.
func TestDownloadAsksNothingWhereAllIsThere(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file.bin"), body)
	refuse := func(string) bool { t.Error("the terms were asked"); return false }
	if err := get(t.Context(), set("http://127.0.0.1:1/"), dir, nil, refuse); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, consentFile)); err == nil {
		t.Error("a consent was written")
	}
}

func TestGetRefusesAnUnknownSet(t *testing.T) {
	if err := Get(t.Context(), "lsun", t.TempDir(), nil, yes); err == nil || !strings.Contains(err.Error(), "celeba") {
		t.Errorf("error %v", err)
	}
}
