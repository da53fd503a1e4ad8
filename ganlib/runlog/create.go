package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	// runName matches a run folder and, with a dot before it, a number being reserved. Other files may lie beside
	// the runs: "000010.jpg", "00001.zip" and "00001_old" take no number.
	runName  = regexp.MustCompile(`^\.?([0-9]{5,})(-.*)?$`)
	unusable = regexp.MustCompile(`[^A-Za-z0-9._]+`)
)

// staleAfter is far longer than the milliseconds between reserving a number and naming the run.
const staleAfter = time.Hour

// Create makes the next run folder in root, "00001-dcgan" for the experiment "dcgan", and locks it for writing.
// Several processes may create runs in one root at once. ID, Started, Host, Modules and Commit are filled in where empty.
func Create(root string, info Info) (*Run, error) {
	name := strings.Trim(unusable.ReplaceAllString(info.Experiment, "-"), "-.")
	if name == "" {
		return nil, fmt.Errorf("runlog: experiment %q has no letter or digit to name a folder with", info.Experiment)
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, fmt.Errorf("runlog: cannot make the folder for runs: %w; choose another with --out", err)
	}
	if info.Started.IsZero() {
		info.Started = time.Now().UTC()
	}
	if info.Host.OS == "" {
		info.Host = Host()
	}
	if info.Modules == nil {
		info.Modules = Modules()
	}
	if info.Commit == "" {
		info.Commit = Commit()
	}
	removeStale(root)
	dir, rec, err := reserve(root, name, info)
	if err != nil {
		return nil, err
	}
	return openWriter(dir, rec)
}

// reserve takes the next free number. The folder is filled under the name ".00001" and renamed, so a run folder is
// never seen without its run.json, and the number is looked for once more after it is reserved: another process may
// have finished taking it between the first look and the reservation.
func reserve(root, name string, info Info) (string, record, error) {
	for {
		taken, err := runNumbers(root)
		if err != nil {
			return "", record{}, err
		}
		next := taken.last + 1
		temp := filepath.Join(root, fmt.Sprintf(".%05d", next))
		err = os.Mkdir(temp, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", record{}, fmt.Errorf("runlog: cannot make a run folder: %w; choose another place with --out", err)
		}
		if taken, err := runNumbers(root); err != nil || taken.named[next] {
			os.Remove(temp)
			continue
		}
		info.ID = fmt.Sprintf("%05d-%s", next, name)
		rec := record{Format: recordFormat, Info: info}
		dir := filepath.Join(root, info.ID)
		if err := rec.write(filepath.Join(temp, runFile)); err != nil {
			os.RemoveAll(temp)
			return "", record{}, err
		}
		if err := os.Rename(temp, dir); err != nil {
			os.RemoveAll(temp)
			return "", record{}, fmt.Errorf("runlog: %w", err)
		}
		syncDir(root)
		return dir, rec, nil
	}
}

// numbers are those in use in a folder of runs.
type numbers struct {
	last  int          // the highest, 0: none
	named map[int]bool // of runs that have their name; a reservation has not
}

func runNumbers(root string) (numbers, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return numbers{}, fmt.Errorf("runlog: %w", err)
	}
	taken := numbers{named: map[int]bool{}}
	for _, e := range entries {
		n := number(e.Name())
		taken.last = max(taken.last, n)
		if !strings.HasPrefix(e.Name(), ".") {
			taken.named[n] = true
		}
	}
	return taken, nil
}

// number is the number in a run's name, 0 where there is none.
func number(name string) int {
	m := runName.FindStringSubmatch(name)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil { // more digits than an int has
		return 0
	}
	return n
}

// removeStale removes what killed processes left in a folder of runs: reservations and runs being deleted. What cannot
// be removed stays; it takes a number at most.
func removeStale(root string) {
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		path := filepath.Join(root, e.Name())
		info, err := e.Info()
		switch {
		case err != nil || !e.IsDir() || !strings.HasPrefix(e.Name(), "."):
		case strings.HasPrefix(e.Name(), deleted):
			os.RemoveAll(path)
		case number(e.Name()) > 0 && time.Since(info.ModTime()) > staleAfter:
			removeTemporary(path)
			os.Remove(filepath.Join(path, runFile))
			os.Remove(path) // fails on a folder with anything else in it
		}
	}
}
