package data

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	s, err := New("set", []byte{10, 20, 30, 40, 50}, 1, 1, 1, []uint8{3, 1, 3, 7, 1})
	if err != nil {
		t.Fatal(err)
	}
	threes, err := s.Of("class 3", func(c int) bool { return c == 3 })
	if err != nil || threes.Len() != 2 || threes.At(0)[0] != 10 || threes.At(1)[0] != 30 || threes.Name() != "set class 3" {
		t.Errorf("%v, %v", threes, err)
	}
	bare := threes.Unlabelled()
	if bare.Labels() != nil || threes.Labels() == nil || bare.Len() != 2 || bare.At(1)[0] != 30 || bare.Hash() != threes.Hash() {
		t.Error("forgetting classes must leave the images and the original")
	}
	others, err := s.Of("all but 3", func(c int) bool { return c != 3 })
	if err != nil || others.Len() != 3 || others.Hash() == threes.Hash() {
		t.Errorf("%v, %v", others, err)
	}
	if _, err := s.Of("class 5", func(c int) bool { return c == 5 }); err == nil || !strings.Contains(err.Error(), "classes are [1 3 7]") {
		t.Errorf("an empty class: %v", err)
	}
	if _, err := bare.Of("class 3", func(c int) bool { return true }); err == nil || !strings.Contains(err.Error(), "no labels") {
		t.Errorf("without labels: %v", err)
	}
}
