package runlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	stateFormat  = 1
	maxStateSize = 64 << 20
)

// snapshotState is the part of state.json that its check covers.
type snapshotState struct {
	Format  int             `json:"format"`
	Run     string          `json:"run"` // ID, so that a snapshot of another run is recognised
	Images  int64           `json:"images"`
	Score   number64        `json:"score"`
	Saved   time.Time       `json:"saved"`
	Bytes   int64           `json:"weights_bytes"`
	Weights string          `json:"weights_sha256"`
	State   json.RawMessage `json:"state"`
}

// stateDocument is state.json: the SHA-256 of the exact bytes of "snapshot", then those bytes.
type stateDocument struct {
	Check    string          `json:"check_sha256"`
	Snapshot json.RawMessage `json:"snapshot"`
}

// encode returns the text of state.json.
func (s snapshotState) encode() ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"check_sha256\": %q,\n\"snapshot\": %s\n}\n", hashParts([][]byte{body}), body)
	return b.Bytes(), nil
}

// parseState reads state.json and checks it against itself.
func parseState(b []byte) (snapshotState, error) {
	var d stateDocument
	var s snapshotState
	if err := json.Unmarshal(b, &d); err != nil {
		return s, err
	}
	if is := hashParts([][]byte{d.Snapshot}); is != d.Check {
		return s, fmt.Errorf("its content has SHA-256 %.12s…, not %.12s… as it says", is, d.Check)
	}
	if err := json.Unmarshal(d.Snapshot, &s); err != nil {
		return s, err
	}
	if s.Format != stateFormat {
		return s, fmt.Errorf("format %d is not %d, the one this program reads", s.Format, stateFormat)
	}
	return s, nil
}

func readState(dir string) (snapshotState, error) {
	f, err := os.Open(filepath.Join(dir, stateFile))
	if err != nil {
		return snapshotState{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxStateSize))
	if err != nil {
		return snapshotState{}, err
	}
	s, err := parseState(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", stateFile, err)
	}
	return s, nil
}
