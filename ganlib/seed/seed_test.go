package seed_test

import (
	"testing"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// The first numbers of a stream are part of what makes a run reproducible: another derivation would change every run.
func TestRandIsPinned(t *testing.T) {
	if got, want := seed.Key(999, "z", 0), uint64(10133924158924390536); got != want {
		t.Errorf("Key(999, z, 0) = %d, want %d", got, want)
	}
	if got, want := seed.Key(999, "weights/generator/convT1/w"), uint64(10652604281876237201); got != want {
		t.Errorf("Key(999, weights) = %d, want %d", got, want)
	}
	if got, want := seed.Rand(999, "z", 0).NormFloat64(), -1.255434800026753; got != want {
		t.Errorf("first normal of z = %v, want %v", got, want)
	}
	a, b := seed.Rand(1, "z", 7), seed.Rand(1, "z", 7)
	for range 100 {
		if a.Uint64() != b.Uint64() {
			t.Fatal("two streams of the same purpose and counter differ")
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for name, k := range map[string]uint64{
		"z 0":      seed.Key(1, "z", 0),
		"z 1":      seed.Key(1, "z", 1),
		"z":        seed.Key(1, "z"),
		"data 0":   seed.Key(1, "data", 0),
		"seed 2":   seed.Key(2, "z", 0),
		"two":      seed.Key(1, "z", 0, 0),
		"negative": seed.Key(-1, "z", 0),
	} {
		if other, dup := seen[k]; dup {
			t.Errorf("%s and %s share a stream", name, other)
		}
		seen[k] = name
	}
}
