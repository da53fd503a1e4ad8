package features

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
)

// Record is what is known of a trained classifier. It lies as JSON beside the file of its weights.
type Record struct {
	Name         string       `json:"name"` // "mnist-classifier"
	File         string       `json:"file"` // of the weights, without its folder
	SHA256       string       `json:"sha256"`
	Architecture Architecture `json:"architecture"`
	Training     Training     `json:"training"`
	Test         Test         `json:"test"`
}

// Training is how a classifier was trained. The schedule is fixed: nothing is chosen by how well it does.
type Training struct {
	Set      string  `json:"set"`  // name of the data set
	Data     string  `json:"data"` // hash of the images and classes trained on
	Note     string  `json:"note,omitempty"`
	Images   int     `json:"images"`
	Seed     int64   `json:"seed"`
	Epochs   int     `json:"epochs"`
	Batch    int     `json:"batch"`
	Rate     float64 `json:"rate"` // of Adam in its first step; it falls to 0 in equal steps
	LastLoss float64 `json:"last_loss"`
}

// Test is how well a trained classifier names images that it was not trained on.
type Test struct {
	Data     string  `json:"data"`
	Note     string  `json:"note,omitempty"`
	Images   int     `json:"images"`
	Right    int     `json:"right"`
	Accuracy float64 `json:"accuracy"`
}

// hashOf is the SHA-256 of a file's content.
func hashOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// check compares a record with the file that it is of.
func (r Record) check(file []byte) error {
	if got := hashOf(file); got != r.SHA256 {
		return fmt.Errorf("features: %s has the SHA-256 %s, its record says %s: one of them was changed; train the net again", r.File, short(got), short(r.SHA256))
	}
	return r.Architecture.validate()
}

// short is as much of a hash as a line has room for.
func short(hash string) string { return hash[:min(12, len(hash))] }

const weightsSuffix = ".safetensors"

// recordBeside is the file of the record that belongs to a file of weights.
func recordBeside(weights string) string { return strings.TrimSuffix(weights, weightsSuffix) + ".json" }

// Save writes weights and record into a folder, which is made, and returns the path of the weights. An older net of that
// name is replaced.
func (r Record) Save(dir string, weights []byte) (string, error) {
	if err := r.check(weights); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("features: the record of %s: %w", r.Name, err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("features: %w", err)
	}
	path := filepath.Join(dir, r.File)
	if err := runlog.WriteFile(path, weights); err != nil {
		return "", err
	}
	return path, runlog.WriteFile(recordBeside(path), append(text, '\n'))
}

// parseRecord reads a record.
func parseRecord(path string, text []byte) (r Record, err error) {
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("features: %s is no record of a classifier: %w", path, err)
	}
	return r, nil
}

// Open compiles the classifier of a file, with its record beside it.
func Open(b compute.Backend, path string) (*Classifier, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	text, err := os.ReadFile(recordBeside(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("features: %s has no record %s beside it; keep the two together, or train again with: ganbook features train SET", path, recordBeside(path))
	}
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	r, err := parseRecord(recordBeside(path), text)
	if err != nil {
		return nil, err
	}
	r.File = path
	return newClassifier(b, r, file)
}
