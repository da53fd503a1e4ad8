package experiments

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/protocol"
)

// scoresFile lies in a run's folder: a head, then a line for each batch of pictures that was searched, appended. A kill
// tears the last line at worst, which is cut off.
const scoresFile = "scores.jsonl"

// scoreHead says which search the lines are of.
type scoreHead struct {
	Protocol string `json:"protocol"`
	Weights  string `json:"weights"`
}

// scoreLine is every score of the next pictures of a part, by the score's name.
type scoreLine struct {
	Part    string               `json:"part"`
	Scores  map[string][]float32 `json:"scores"`
	Seconds float64              `json:"seconds"`
	By      *protocol.Versions   `json:"by,omitempty"` // what computed this line and those after it, in the first of a sitting
}

// cellScores is what a search brought so far, in the order of the pictures.
type cellScores struct {
	file    *os.File
	parts   map[string]map[string][]float32 // part → score → values
	seconds float64
	by      []protocol.Versions // of all sittings that say it, each once
	now     *protocol.Versions  // of this one, until its first line
}

// openScores reads what there is of this search and opens the file for the rest. Scores of other weights are thrown away.
func openScores(path string, head scoreHead) (*cellScores, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("experiments: %w", err)
	}
	s := &cellScores{parts: map[string]map[string][]float32{}}
	good := s.parse(text, head)
	if s.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666); err == nil {
		if err = s.file.Truncate(int64(good)); err == nil {
			_, err = s.file.Seek(int64(good), 0)
		}
		if err == nil && good == 0 {
			err = s.write(head)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("experiments: scores cannot be kept in %s: %w", path, err)
	}
	return s, nil
}

// parse takes the whole lines and returns how many bytes they are; 0: they are of another search.
func (s *cellScores) parse(text []byte, head scoreHead) (good int) {
	for {
		end := bytes.IndexByte(text[good:], '\n')
		if end < 0 {
			return good
		}
		line := text[good : good+end]
		if good == 0 {
			var had scoreHead
			if json.Unmarshal(line, &had) != nil || had != head {
				return 0
			}
		} else {
			var l scoreLine
			if json.Unmarshal(line, &l) != nil || !l.whole() {
				return good
			}
			s.keep(l)
		}
		good += end + 1
	}
}

// whole says whether a line has every score of its pictures.
func (l scoreLine) whole() bool {
	n := len(l.Scores[anogan.ScoreNames[0]])
	for _, name := range anogan.ScoreNames {
		if len(l.Scores[name]) != n {
			return false
		}
	}
	return n > 0
}

func (s *cellScores) keep(l scoreLine) {
	if s.parts[l.Part] == nil {
		s.parts[l.Part] = map[string][]float32{}
	}
	for name, values := range l.Scores {
		s.parts[l.Part][name] = append(s.parts[l.Part][name], values...)
	}
	s.seconds += l.Seconds
	if l.By != nil && !slices.ContainsFunc(s.by, l.By.Same) {
		s.by = append(s.by, *l.By)
	}
}

// others are what computed a search, nil where nothing else did than what trained.
func (s *cellScores) others(training protocol.Versions) []protocol.Versions {
	if !slices.ContainsFunc(s.by, func(v protocol.Versions) bool { return !v.Same(training) }) {
		return nil
	}
	return s.by
}

// add keeps a batch, on the disk first.
func (s *cellScores) add(l scoreLine) error {
	l.By = s.now
	if err := s.write(l); err != nil {
		return fmt.Errorf("experiments: scores cannot be kept: %w", err)
	}
	s.now = nil
	s.keep(l)
	return nil
}

func (s *cellScores) write(line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = s.file.Write(append(text, '\n'))
	}
	return err
}

// done is how many pictures of a part have scores.
func (s *cellScores) done(part string) int { return len(s.parts[part][anogan.ScoreNames[0]]) }

func (s *cellScores) close() error { return s.file.Close() }
