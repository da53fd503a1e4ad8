package vector

import (
	"math"
	"testing"
)

// The lower halves, in which Go keeps its numbers, stay as they are; it may be called on every processor.
func TestClearUpperKeepsNumbers(t *testing.T) {
	sum, want := 0.0, 0.0
	for i := range 100 {
		x := math.Exp(-float64(i))
		want += x
		ClearUpper()
		sum += x
	}
	if sum != want || !(sum > 1.58 && sum < 1.59) { // 1/(1 − 1/e)
		t.Errorf("%v, want %v", sum, want)
	}
}
