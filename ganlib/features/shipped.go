package features

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"github.com/gomlx/compute"
)

// The nets that come with the package, trained with: ganbook features train SET.
//
//go:embed weights
var shipped embed.FS

// Shipped compiles the net that comes with the package for images of a data set, such as "mnist". It fails for a set that
// has none.
func Shipped(b compute.Backend, set string) (*Classifier, error) {
	name := path.Join("weights", NameFor(set))
	text, err := shipped.ReadFile(name + ".json")
	if err != nil {
		return nil, fmt.Errorf("features: no net for %s comes with ganbook, only for %s; train one with: ganbook features train SET",
			set, strings.Join(ShippedSets(), ", "))
	}
	r, err := parseRecord(name+".json", text)
	if err != nil {
		return nil, err
	}
	weights, err := shipped.ReadFile(name + weightsSuffix)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return newClassifier(b, r, weights)
}

// ShippedSets lists the data sets that a net comes with the package for.
func ShippedSets() (sets []string) {
	entries, _ := shipped.ReadDir("weights") // built in: it is always there
	for _, e := range entries {
		if set, ok := strings.CutSuffix(e.Name(), NameFor("")+".json"); ok {
			sets = append(sets, set)
		}
	}
	return sets
}
