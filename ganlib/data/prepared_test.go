package data

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func preparedFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(dir, ".preparing*"))
	if len(hidden) > 0 {
		t.Errorf("left behind: %v", hidden)
	}
	return files
}

func TestPreparedFileIsUsedAgainAndFollowsTheFiles(t *testing.T) {
	cache, dir := withCache(t), t.TempDir()
	celeba(t, dir, 3)
	decoded := 0
	o := Options{Size: 16, Progress: func(done, _ int) { decoded = done }}
	first := opened(t, "", dir, o)
	if decoded != 3 || len(preparedFiles(t, cache)) != 1 {
		t.Fatalf("decoded %d, prepared files %v", decoded, preparedFiles(t, cache))
	}
	decoded = 0
	again := opened(t, "", dir, o)
	if decoded != 0 || again.Hash() != first.Hash() || again.Found() != first.Found() || !bytes.Equal(again.At(2), first.At(2)) {
		t.Errorf("decoded %d again, or another set came back", decoded)
	}
	if again.Hash() != again.contentHash() {
		t.Error("the recorded hash is not that of the contents")
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "000002.jpg"), later, later); err != nil {
		t.Fatal(err)
	}
	if opened(t, "", dir, o); decoded != 3 {
		t.Error("a changed file was not noticed")
	}
	decoded = 0
	if opened(t, "", dir, Options{Size: 8, Progress: o.Progress}); decoded != 3 {
		t.Error("another size used the same prepared file")
	}
}

func TestDamagedPreparedFileIsMadeAgain(t *testing.T) {
	cache, dir := withCache(t), t.TempDir()
	celeba(t, dir, 3)
	want := opened(t, "", dir, Options{Size: 16}).Hash()
	file := preparedFiles(t, cache)[0]
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{
		"truncated": good[:len(good)/2], "empty": nil, "no magic": good[:len(good)-1],
		"only a trailer": append(bytes.Repeat([]byte{255}, 8), preparedMagic...),
	}
	for name, at := range map[string]int{"pixel": 100, "description": len(good) - 40, "length": len(good) - 13} {
		damage[name] = bytes.Clone(good)
		damage[name][at] ^= 1
	}
	for name, b := range damage {
		if err := os.Remove(file); err != nil { // a new file: the old one is mapped
			t.Fatal(err)
		}
		write(t, file, b)
		if _, err := openPrepared(file); err == nil {
			t.Errorf("%s: damage not noticed", name)
		}
		if s := opened(t, "", dir, Options{Size: 16}); s.Hash() != want || s.contentHash() != want {
			t.Errorf("%s: other images came back", name)
		}
	}
}

func TestUnwritableCacheKeepsTheSetInMemory(t *testing.T) {
	dir := t.TempDir()
	celeba(t, dir, 2)
	t.Setenv("GANBOOK_CACHE", filepath.Join(write(t, filepath.Join(t.TempDir(), "file"), nil), "below"))
	s := opened(t, "", dir, Options{Size: 16})
	if s.Len() != 2 || !strings.Contains(s.Found(), "set GANBOOK_CACHE") || len(s.Hash()) != 64 {
		t.Errorf("%d images, found %q", s.Len(), s.Found())
	}
}

// Without a home there is no cache folder: the set stays in memory and nothing is written where the program runs.
func TestNoCacheFolderKeepsTheSetInMemory(t *testing.T) {
	dir := t.TempDir()
	celeba(t, dir, 2)
	here := t.TempDir()
	t.Chdir(here)
	for _, name := range []string{"GANBOOK_CACHE", "XDG_CACHE_HOME", "HOME"} {
		t.Setenv(name, "")
	}
	s := opened(t, "", dir, Options{Size: 16})
	if s.Len() != 2 || !strings.Contains(s.Found(), "the user's cache directory cannot be written (set GANBOOK_CACHE)") {
		t.Errorf("%d images, found %q", s.Len(), s.Found())
	}
	if left, err := os.ReadDir(here); len(left) != 0 || err != nil {
		t.Errorf("in the working folder: %v, %v", left, err)
	}
}

func TestHalfPreparedFilesAreRemovedAfterADay(t *testing.T) {
	cache, dir := withCache(t), t.TempDir()
	celeba(t, dir, 2)
	fresh := write(t, filepath.Join(cache, preparing+"1"), nil)
	stale := write(t, filepath.Join(cache, preparing+"2"), nil)
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(stale, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	opened(t, "", dir, Options{Size: 16})
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("another process may be at it: %v", err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("a stale one is still there: %v", err)
	}
}

func TestInterruptedPreparationLeavesNothing(t *testing.T) {
	cache, dir := withCache(t), t.TempDir()
	celeba(t, dir, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "", dir, Options{Size: 16}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if files := preparedFiles(t, cache); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestLargeSetsSpanManyBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "set")
	w, err := newPreparedWriter(path, description{Name: "big", Height: 64, Width: 64, Channels: 1, Labelled: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.discard()
	for i := range 700 { // 2.7 MiB: three blocks, the last one short
		if err := w.add(bytes.Repeat([]byte{byte(i)}, 64*64), []uint8{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := w.finish()
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 700 || s.At(699)[5] != 699%256 || s.Labels()[300] != 300%256 || s.Hash() != s.contentHash() {
		t.Errorf("%d images, hash %s", s.Len(), s.Hash())
	}
}

// The shared CelebA pictures, when they are there.
func TestSharedCelebA(t *testing.T) {
	shared := sharedDir(t, "GANBOOK_DATA", "data")
	for _, c := range []struct {
		path string
		n    int
		name string
	}{
		{filepath.Join("celeba", "img_align_celeba"), 1112, "celeba"},
		{filepath.Join("celeba", "celeba64.zip"), 20000, "celeba64"},
	} {
		path := filepath.Join(shared, c.path)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("no %s", path)
		}
		withCache(t)
		started := time.Now()
		s := opened(t, "celeba", path, Options{Size: 64})
		prepared := time.Since(started)
		started = time.Now()
		again := opened(t, "celeba", path, Options{Size: 64})
		t.Logf("%s: prepared in %v, opened again in %v", c.path, prepared, time.Since(started))
		if s.Len() != c.n || s.Name() != c.name || !strings.HasSuffix(s.Note(), "-image CelebA subset") || again.Hash() != s.Hash() {
			t.Errorf("%s: %d images, name %q, note %q", c.path, s.Len(), s.Name(), s.Note())
		}
	}
}

// celeba64.zip was prepared by Pillow from the same JPEGs and stored with quality 85: apart from that loss, and from
// Pillow's smoother chroma, our pictures are the same. A mean of 3 grey levels would already be a shift by a fraction
// of a pixel.
func TestSharedCelebAIsPreparedAsByPillow(t *testing.T) {
	shared := filepath.Join(sharedDir(t, "GANBOOK_DATA", "data"), "celeba")
	file := filepath.Join(shared, "celeba64.zip")
	if !isFile(file) {
		t.Skipf("no %s", file)
	}
	r, err := openZip(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := zipEntries(file, &r.Reader, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]entry{}
	for _, e := range theirs {
		byName[filepath.Base(e.name)] = e
	}
	ours, _, err := folderEntries(filepath.Join(shared, "img_align_celeba"))
	if err != nil {
		t.Fatal(err)
	}
	compared, sum := 0, 0.0
	for i := 0; i < len(ours); i += 20 {
		a, err := readPicture(ours[i], Options{Size: 64, Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		b, err := readPicture(byName[ours[i].name], Options{Size: 64, Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		for k := range a.pix {
			sum += math.Abs(float64(a.pix[k])-float64(b.pix[k])) / float64(len(a.pix))
		}
		compared++
	}
	if mean := sum / float64(compared); mean > 3 {
		t.Errorf("%d pictures differ from Pillow's by %.2f grey levels in the mean", compared, mean)
	} else {
		t.Logf("%d pictures differ from Pillow's by %.2f grey levels in the mean", compared, mean)
	}
}

// The shared idx and CIFAR-10 files are the official ones.
func TestSharedOfficialSets(t *testing.T) {
	shared := sharedDir(t, "GANBOOK_DATA", "data")
	withCache(t)
	for _, c := range []struct {
		set, split string
		n          int
		class0     int
		hash       string // as sealed evaluations have it
	}{
		{"mnist", "train", 60000, 5923, "6bfb007176d381bfb59871007fd081056983ede470083fe3f09f14c8daf7a95e"},
		{"mnist", "test", 10000, 980, "60d2d67987f4050adb9d57cca4264d99d69757eee38cb264e4596b50425d539f"},
		{"kmnist", "test", 10000, 1000, "f26d7219b49c53c4e04c135e42e1885c5c79971874b988ffbf73b5b0eafca04b"},
		{"cifar10", "test", 10000, 1000, "77a4016967e950cc146b04a43751c6d68dca9f412299f328d9d98c062f306048"},
	} {
		dir := filepath.Join(shared, c.set)
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("no %s", dir)
		}
		s := opened(t, c.set, dir, Options{Split: c.split})
		if s.Len() != c.n || s.Name() != c.set || !s.Official() || bytes.Count(s.Labels(), []byte{0}) != c.class0 {
			t.Errorf("%s %s: %d images, official %v, %d of class 0, note %q", c.set, c.split, s.Len(), s.Official(), bytes.Count(s.Labels(), []byte{0}), s.Note())
		}
		if s.Hash() != c.hash {
			t.Errorf("%s %s has the hash %s, not %s: evaluations of it would be refused", c.set, c.split, s.Hash(), c.hash)
		}
	}
}
