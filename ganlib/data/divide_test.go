package data

import (
	"slices"
	"strings"
	"testing"
)

// lopsided is a set of n images, each of its own value, of which every fifth is of class 7 and the others of class 2.
func lopsided(t *testing.T, n int) *Source {
	t.Helper()
	s := counted(t, n, 1)
	s.labels = make([]uint8, n)
	for i := range s.labels {
		if s.labels[i] = 2; i%5 == 0 {
			s.labels[i] = 7
		}
	}
	return s
}

func TestDivideKeepsEveryClassItsShare(t *testing.T) {
	s := lopsided(t, 200) // 40 of class 7, 160 of class 2
	first, second, err := s.Divide(0.8, 7)
	if err != nil {
		t.Fatal(err)
	}
	a, b := firstPixels(first), firstPixels(second)
	if len(a) != 160 || len(b) != 40 || !slices.IsSorted(a) || !slices.IsSorted(b) {
		t.Fatalf("parts of %d and %d", len(a), len(b))
	}
	if both := slices.Sorted(slices.Values(slices.Concat(a, b))); !slices.Equal(both, makeRange(0, 200)) {
		t.Errorf("together they are %v", both)
	}
	for part, want := range map[*Source][2]int{first: {32, 128}, second: {8, 32}} {
		var got [2]int
		for k, v := range firstPixels(part) {
			class := 1
			if v%5 == 0 {
				class = 0
			}
			got[class]++
			if part.Labels()[k] != s.Labels()[v] {
				t.Errorf("image %d lost its label", v)
			}
		}
		if got != want {
			t.Errorf("%s has %v of the classes, want %v", part.Name(), got, want)
		}
	}
	for _, word := range []string{"80/20", "seed 7", "first part"} {
		if !strings.Contains(first.Note(), word) {
			t.Errorf("note %q lacks %q", first.Note(), word)
		}
	}
	if first.Name() == second.Name() || first.Name() == s.Name() || first.Hash() == second.Hash() || first.Hash() == s.Hash() {
		t.Errorf("names %q and %q, hashes %.8s, %.8s of %.8s", first.Name(), second.Name(), first.Hash(), second.Hash(), s.Hash())
	}
}

// The parts follow from the seed, and those of a class from nothing else.
func TestDivideFollowsFromTheSeed(t *testing.T) {
	s := lopsided(t, 200)
	first, second, _ := s.Divide(0.5, 1)
	again, _, _ := s.Divide(0.5, 1)
	other, _, _ := s.Divide(0.5, 2)
	if first.Hash() != again.Hash() || !slices.Equal(firstPixels(first), firstPixels(again)) {
		t.Error("the same seed gave another split")
	}
	if first.Hash() == other.Hash() || slices.Equal(firstPixels(first), firstPixels(other)) {
		t.Error("another seed gave the same split")
	}
	seven := func(class int) bool { return class == 7 }
	alone, err := s.Of("class 7", seven)
	if err != nil {
		t.Fatal(err)
	}
	_, secondAlone, err := alone.Divide(0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	inSecond, err := second.Of("class 7", seven)
	if err != nil || !slices.Equal(firstPixels(secondAlone), firstPixels(inSecond)) {
		t.Errorf("class 7 alone: %v, in the set: %v, %v", firstPixels(secondAlone), firstPixels(inSecond), err)
	}
}

func TestDivideWithoutLabels(t *testing.T) {
	s := lopsided(t, 100).Unlabelled()
	first, second, err := s.Divide(0.25, 3)
	if err != nil || first.Len() != 25 || second.Len() != 75 || first.Labels() != nil {
		t.Fatalf("%v", err)
	}
	if both := slices.Sorted(slices.Values(append(firstPixels(first), firstPixels(second)...))); !slices.Equal(both, makeRange(0, 100)) {
		t.Errorf("together they are %v", both)
	}
}

func TestDivideRefusesEmptyParts(t *testing.T) {
	s := lopsided(t, 10)
	for _, fraction := range []float64{0, 1, -0.5, 1.5, 0.01, 0.99} {
		if _, _, err := s.Divide(fraction, 1); err == nil || !strings.Contains(err.Error(), "dividing counted") {
			t.Errorf("fraction %g: %v", fraction, err)
		}
	}
}
