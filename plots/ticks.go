package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// ticks puts labels at multiples of 1, 2 or 5 times a power of ten, with commas between thousands.
type ticks struct{}

const wantedTicks = 7

// Ticks implements plot.Ticker.
func (ticks) Ticks(low, high float64) []plot.Tick {
	step := niceStep((high - low) / wantedTicks)
	if !(step > 0) || math.IsInf(step, 0) {
		return []plot.Tick{{Value: low, Label: label(low, 1)}}
	}
	var marks []plot.Tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+step*1e-9; k++ {
		value := k * step
		marks = append(marks, plot.Tick{Value: value, Label: label(value, step)})
	}
	return marks
}

func niceStep(rough float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= rough {
			return m * power
		}
	}
	return 10 * power
}

// label writes a value with the decimals its step needs and a true minus sign.
func label(value, step float64) string {
	if value == 0 {
		return "0"
	}
	if a := math.Abs(value); a >= 1e7 || step < 1e-4 {
		return strings.Replace(strconv.FormatFloat(value, 'g', 4, 64), "-", "−", 1)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	s := strconv.FormatFloat(math.Abs(value), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	s = thousands(whole)
	if fraction != "" {
		s += "." + fraction
	}
	if value < 0 {
		s = "−" + s
	}
	return s
}

// thousands puts a comma before every third digit from the right.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
