package data

import (
	"slices"
	"strings"
	"testing"
)

func firstPixels(s *Source) (list []int) {
	for i := range s.Len() {
		list = append(list, int(s.At(i)[0]))
	}
	return list
}

func TestSubsetKeepsOrderAndLabels(t *testing.T) {
	s := counted(t, 10, 2)
	sub, err := s.Subset([]int{7, 2, 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := firstPixels(sub); !slices.Equal(got, []int{7, 2, 2}) || !slices.Equal(sub.Labels(), []uint8{1, 2, 2}) {
		t.Errorf("images %v, labels %v", got, sub.Labels())
	}
	other, _ := s.Subset([]int{7, 2, 3})
	if sub.Hash() == s.Hash() || sub.Hash() == other.Hash() {
		t.Error("the hash does not tell subsets apart")
	}
	for _, bad := range [][]int{nil, {10}, {-1}} {
		if _, err := s.Subset(bad); err == nil {
			t.Errorf("subset %v was accepted", bad)
		}
	}
	b := next(t, sub.Stream(1, Position{}), 3, 0)
	if got := numbers(b); !slices.Equal(slices.Sorted(slices.Values(got)), []int{2, 2, 7}) {
		t.Errorf("stream of the subset shows %v", got)
	}
}

func TestLeaveOutSeparatesOneClass(t *testing.T) {
	s := counted(t, 10, 2) // labels 0 1 2 0 1 2 …
	normal, abnormal, err := s.LeaveOut(1)
	if err != nil {
		t.Fatal(err)
	}
	if got := firstPixels(abnormal); !slices.Equal(got, []int{1, 4, 7}) {
		t.Errorf("abnormal %v", got)
	}
	if got := firstPixels(normal); !slices.Equal(got, []int{0, 2, 3, 5, 6, 8, 9}) || slices.Contains(normal.Labels(), 1) {
		t.Errorf("normal %v, labels %v", got, normal.Labels())
	}
	if normal.Name() == s.Name() || normal.Name() == abnormal.Name() {
		t.Errorf("names %q and %q", normal.Name(), abnormal.Name())
	}
	if _, _, err := s.LeaveOut(9); err == nil || !strings.Contains(err.Error(), "class 9") {
		t.Errorf("class 9: %v", err)
	}
	s.labels = nil
	if _, _, err := s.LeaveOut(1); err == nil || !strings.Contains(err.Error(), "no labels") {
		t.Errorf("without labels: %v", err)
	}
}

func TestContaminateReplacesAFraction(t *testing.T) {
	s, with := counted(t, 100, 2), counted(t, 200, 2)
	other, err := with.Subset(makeRange(100, 200))
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := s.Contaminate(other, 0.07, 3)
	if err != nil {
		t.Fatal(err)
	}
	foreign := 0
	for i, v := range firstPixels(mixed) {
		if v >= 100 {
			foreign++
			if int(mixed.Labels()[i]) != v%3 {
				t.Errorf("image %d came without its label", v)
			}
		} else if v != i {
			t.Errorf("image %d is in place %d", v, i)
		}
	}
	if foreign != 7 || mixed.Len() != 100 {
		t.Errorf("%d of %d images are foreign, want 7 of 100", foreign, mixed.Len())
	}
	again, _ := s.Contaminate(other, 0.07, 3)
	elsewhere, _ := s.Contaminate(other, 0.07, 4)
	if again.Hash() != mixed.Hash() || elsewhere.Hash() == mixed.Hash() || slices.Equal(firstPixels(elsewhere), firstPixels(mixed)) {
		t.Error("the mixture does not follow from the seed")
	}
	if clean, err := s.Contaminate(other, 0, 3); err != nil || !slices.Equal(firstPixels(clean), firstPixels(s)) {
		t.Errorf("fraction 0 changed the set: %v", err)
	}
	for _, fraction := range []float64{-0.1, 1.1} {
		if _, err := s.Contaminate(other, fraction, 3); err == nil {
			t.Errorf("fraction %g was accepted", fraction)
		}
	}
	if _, err := s.Contaminate(counted(t, 5, 4), 0.1, 3); err == nil || !strings.Contains(err.Error(), "shapes differ") {
		t.Errorf("other shapes: %v", err)
	}
	if _, err := s.Contaminate(counted(t, 5, 2), 0.1, 3); err == nil || !strings.Contains(err.Error(), "has 5") {
		t.Errorf("too few: %v", err)
	}
}

func makeRange(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}
