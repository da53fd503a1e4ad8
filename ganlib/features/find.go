package features

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
)

// Find compiles the net that a user names: a file, or a data set whose net comes with the package. Without a wish it is
// the one for the data set that the images are of.
func Find(b compute.Backend, wish, set string) (Net, error) {
	if wish == "" {
		wish = set
		if !slices.Contains(ShippedSets(), set) {
			return nil, fmt.Errorf("features: no net for images of %q comes with ganbook, only for %s; train one with: ganbook features train SET, and name its file",
				set, strings.Join(ShippedSets(), ", "))
		}
	}
	file, err := os.ReadFile(wish)
	absent := errors.Is(err, fs.ErrNotExist)
	switch {
	case absent && slices.Contains(ShippedSets(), wish):
		return Shipped(b, wish)
	case absent && strings.EqualFold(wish, "inception"):
		return nil, errNoInception
	case absent:
		return nil, fmt.Errorf("features: there is no file %s; train a net with: ganbook features train SET, or name one of %s, which come with ganbook",
			wish, strings.Join(ShippedSets(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return openFile(b, wish, file)
}

// openFile goes by what a file holds.
func openFile(b compute.Backend, path string, file []byte) (Net, error) {
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		return nil, fmt.Errorf("features: %s is a file of PyTorch (or a zip archive), which may hold programs; for Inception %s", path, inceptionSource)
	}
	entries, err := runlog.DecodeTensors(file)
	if err != nil {
		return nil, fmt.Errorf("features: %s is no safetensors file: %w", path, err)
	}
	if isInception(entries) {
		return newInception(b, path, file, entries)
	}
	return Open(b, path)
}
