package protocol

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// contentHash is the SHA-256 of the content without the hash itself; white space does not count, nor
// does the order of fields, but for those of the settings, which are kept as they are.
func (e Evaluation) contentHash() (string, error) {
	e.Hash = ""
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("protocol: evaluation %s: %w", e.Name, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Seal closes a draft: from here on its hash is right, and any change makes it wrong.
func (e *Evaluation) Seal() error {
	if err := e.Validate(); err != nil {
		return err
	}
	var err error
	e.Hash, err = e.contentHash()
	return err
}

// parse reads a file strictly: what the program does not know must not decide anything.
func parse(text []byte) (*Evaluation, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	e := &Evaluation{}
	if err := d.Decode(e); err != nil {
		return nil, err
	}
	return e, nil
}

// ReadDraft reads an evaluation that is not sealed yet, or is; the hash is not looked at.
func ReadDraft(path string) (*Evaluation, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	e, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("protocol: %s is no evaluation: %w", path, err)
	}
	return e, nil
}

// Edited is the error of an evaluation that is not what it was when it was fixed.
type Edited struct {
	Path         string
	Fixed        string // the hash it says
	Is           string // the hash it has
	Cell         string // file of a cell that was made under another hash than the file's content has, "" when there is none
	CellProtocol string // and its hash
}

func (e *Edited) Error() string {
	text := fmt.Sprintf("protocol: %s was edited after it was fixed: it says sha256 %.12s…, its content has %.12s…", e.Path, e.Fixed, e.Is)
	if e.Fixed == e.Is {
		text = fmt.Sprintf("protocol: %s (sha256 %.12s…) is not the evaluation that its cells were made under", e.Path, e.Is)
	}
	if e.Cell != "" {
		text += fmt.Sprintf("; %s was made under %.12s…", e.Cell, e.CellProtocol)
	}
	return text + "; put the file back as it was, or give the changed evaluation a name of its own"
}

// Read reads a fixed evaluation with its cells, if there are any, beside it. One that was edited after it was fixed, with
// or without a new hash, is an *[Edited].
func Read(path string) (*Evaluation, error) {
	e, err := ReadDraft(path)
	if err != nil {
		return nil, err
	}
	is, err := e.contentHash()
	if err != nil {
		return nil, err
	}
	cell, of := strangeCell(filepath.Dir(path), is)
	if e.Hash != is || cell != "" {
		return nil, &Edited{Path: path, Fixed: e.Hash, Is: is, Cell: cell, CellProtocol: of}
	}
	return e, e.Validate()
}

// strangeCell finds a cell that was made under another evaluation.
func strangeCell(dir, hash string) (file, protocol string) {
	files, _ := filepath.Glob(filepath.Join(escapeGlob(dir), cellPattern))
	for _, f := range files {
		var c struct{ Protocol string }
		if text, err := os.ReadFile(f); err == nil && json.Unmarshal(text, &c) == nil && c.Protocol != hash {
			return filepath.Base(f), c.Protocol
		}
	}
	return "", ""
}

// Fix seals a draft and writes it, unless the folder has an evaluation already, which then holds.
func Fix(ctx context.Context, path string, draft *Evaluation) (*Evaluation, error) {
	if e, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		return e, err
	}
	if err := draft.Seal(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	l, err := waitForLock(ctx, filepath.Join(filepath.Dir(path), "fix.lock"))
	if err != nil {
		return nil, err
	}
	defer l.Release()
	if e, err := Read(path); !errors.Is(err, fs.ErrNotExist) { // another process was faster
		return e, err
	}
	text, err := draft.text()
	if err != nil {
		return nil, err
	}
	return draft, runlog.WriteFile(path, text)
}

// text is the file.
func (e *Evaluation) text() ([]byte, error) {
	text, err := json.MarshalIndent(e, "", "  ")
	return append(text, '\n'), err
}

// WriteDraft writes an evaluation without its hash, to be edited.
func (e Evaluation) WriteDraft(path string) error {
	e.Hash = ""
	text, err := e.text()
	if err != nil {
		return err
	}
	return runlog.WriteFile(path, text)
}

// Differs names what a draft has otherwise, but for the files, which [Evaluation.CheckData] compares.
func (e *Evaluation) Differs(draft *Evaluation) (fields []string) {
	for _, f := range []struct {
		name     string
		was, now any
	}{
		{"split", e.Split, draft.Split}, {"classes", e.Classes, draft.Classes}, {"seeds", e.Seeds, draft.Seeds},
		{"training", e.Training, draft.Training}, {"search", e.Search, draft.Search}, {"selection", e.Selection, draft.Selection},
		{"metric", []any{e.Metric, e.Scores, e.Deciding, e.Threshold, e.Bootstrap}, []any{draft.Metric, draft.Scores, draft.Deciding, draft.Threshold, draft.Bootstrap}},
		{"baselines", e.Baselines, draft.Baselines},
	} {
		was, errWas := json.Marshal(f.was)
		now, errNow := json.Marshal(f.now)
		if errWas != nil || errNow != nil || !bytes.Equal(was, now) {
			fields = append(fields, f.name)
		}
	}
	return fields
}
