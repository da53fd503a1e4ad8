package features

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

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
	_, err := os.Stat(wish)
	absent := errors.Is(err, fs.ErrNotExist)
	switch {
	case absent && slices.Contains(ShippedSets(), wish):
		return Shipped(b, wish)
	case absent:
		return nil, fmt.Errorf("features: there is no file %s; train a net with: ganbook features train SET, or name one of %s, which come with ganbook",
			wish, strings.Join(ShippedSets(), ", "))
	}
	return Open(b, wish)
}
