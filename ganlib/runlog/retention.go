package runlog

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const keepNewest = 2

var snapshotName = regexp.MustCompile(`^[0-9]{8,18}$`)

// publish renames a finished snapshot into place. One that is there already, saved before a resumption, is set aside
// for the moment in which neither has the name; recoverSnapshots brings it back if the process dies in it. One of
// another run is kept under the name ".foreign-NNNNNNNN-RUN".
func (r *Run) publish(temp, final string) error {
	aside := filepath.Join(filepath.Dir(final), setAside+filepath.Base(final))
	if s, err := readState(final); err == nil && r.isForeign(s) {
		if err := os.Rename(final, r.foreignName(s)); err != nil {
			os.RemoveAll(temp)
			return noRoom(final, err)
		}
	}
	if exists(final) {
		if err := os.Rename(final, aside); err != nil {
			os.RemoveAll(temp)
			return noRoom(final, err)
		}
	}
	if err := os.Rename(temp, final); err != nil {
		os.RemoveAll(temp)
		if exists(aside) {
			err = errors.Join(err, os.Rename(aside, final))
		}
		return noRoom(final, err)
	}
	if err := os.RemoveAll(aside); err != nil {
		return noRoom(aside, err)
	}
	return syncDir(filepath.Dir(final))
}

// setAside starts the name of a snapshot that is being replaced.
const setAside = ".old-"

// escapeGlob makes a path that contains *, ? or [ match itself.
var escapeGlob = strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace

// recoverSnapshots removes half written snapshots and finishes or undoes a replacement.
func (r *Run) recoverSnapshots() error {
	root := r.path(snapshotDir)
	asides, err := filepath.Glob(filepath.Join(escapeGlob(root), setAside+"*"))
	if err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	for _, aside := range asides {
		final := filepath.Join(root, filepath.Base(aside)[len(setAside):])
		if exists(final) {
			err = errors.Join(err, os.RemoveAll(aside))
		} else {
			err = errors.Join(err, os.Rename(aside, final))
		}
	}
	return errors.Join(err, removeTemporary(root))
}

// foreignName is a free name for a snapshot of another run that lies where ours belongs.
func (r *Run) foreignName(s snapshotState) string {
	name := r.path(snapshotDir, ".foreign-"+snapshotFolder(s.Images)+"-"+filepath.Base(s.Run))
	free := name
	for i := 2; exists(free); i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}

// isForeign tells a snapshot of another run, which is neither counted nor removed.
func (r *Run) isForeign(s snapshotState) bool { return s.Run != r.Info().ID }

// prune removes all but the newest two and the best. Snapshots that cannot be read or are of another run neither count
// nor are removed: Latest reports them. The one just saved always stays.
func (r *Run) prune(saved int64) error {
	type kept struct {
		images int64
		score  float64
	}
	var all []kept
	for _, images := range r.snapshotCounts() {
		if s, err := readState(r.path(snapshotDir, snapshotFolder(images))); err == nil && s.Images == images && !r.isForeign(s) {
			all = append(all, kept{images, float64(s.Score)})
		}
	}
	best := int64(-1)
	bestScore := math.Inf(-1)
	for _, k := range all { // newest first, so that of equals the newer stays
		if k.score > bestScore || k.score == bestScore && best < 0 {
			best, bestScore = k.images, k.score
		}
	}
	var failed error
	for i, k := range all {
		if i >= keepNewest && k.images != best && k.images != saved {
			failed = errors.Join(failed, r.removeSnapshot(k.images))
		}
	}
	return failed
}

// removeSnapshot takes the name away first, so that a reader finds the snapshot whole or not at all.
func (r *Run) removeSnapshot(images int64) error {
	dir := r.path(snapshotDir, snapshotFolder(images))
	gone := r.path(snapshotDir, temporary+"removed-"+snapshotFolder(images))
	if err := os.Rename(dir, gone); err != nil {
		return fmt.Errorf("runlog: cannot remove an old snapshot: %w", err)
	}
	if err := os.RemoveAll(gone); err != nil {
		return fmt.Errorf("runlog: cannot remove an old snapshot: %w", err)
	}
	return nil
}

// dropSnapshots removes the snapshots at or after a count of images: ours and the unreadable ones.
func (r *Run) dropSnapshots(images int64) error {
	r.snapshotMu.Lock()
	defer r.snapshotMu.Unlock()
	var failed error
	for _, n := range r.snapshotCounts() {
		s, err := readState(r.path(snapshotDir, snapshotFolder(n)))
		if n >= images && (err != nil || !r.isForeign(s)) {
			failed = errors.Join(failed, r.removeSnapshot(n))
		}
	}
	return failed
}

// snapshotCounts returns the counts of images in the names of the snapshot folders, newest first.
func (r *Run) snapshotCounts() []int64 {
	entries, _ := os.ReadDir(r.path(snapshotDir))
	var counts []int64
	for _, e := range entries {
		if n, ok := snapshotCount(e); ok {
			counts = append(counts, n)
		}
	}
	slices.SortFunc(counts, func(a, b int64) int { return compare(b, a) })
	return counts
}

// snapshotCount is the count of images that names a snapshot folder, or a link to one. Anything else in the folder of
// snapshots, such as notes.txt or a file named by a number, is none of ours.
func snapshotCount(e os.DirEntry) (images int64, ok bool) {
	if !snapshotName.MatchString(e.Name()) || !e.IsDir() && e.Type()&os.ModeSymlink == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(e.Name(), 10, 64)
	return n, err == nil && snapshotFolder(n) == e.Name()
}
