package runlog

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// Point is the numbers of one iteration: one line of metrics.jsonl.
type Point struct {
	Iteration int64   `json:"iteration"` // iterations done, this one included
	Images    int64   `json:"images"`    // real images shown so far, this batch included
	Epoch     int64   `json:"epoch"`     // from 0
	Batch     int     `json:"batch"`     // index in the epoch, from 0
	Batches   int     `json:"batches"`   // batches in the epoch
	Values    Values  `json:"values"`    // "D/loss", "G/loss", "D(x)", "D(G(z))" …
	Seconds   float64 `json:"seconds"`   // training time so far, over all resumptions
}

// Values maps a series to its number. JSON has no NaN and no infinities: they are written as the strings
// "NaN", "+Inf" and "-Inf". Finite numbers are written with as many digits as bring back the same bits.
type Values map[string]float64

// MarshalJSON writes the values sorted by name.
func (v Values) MarshalJSON() ([]byte, error) {
	return v.append(nil), nil
}

func (v Values) append(b []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(v)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		b = appendNumber(b, v[name])
	}
	return append(b, '}')
}

// UnmarshalJSON reads what MarshalJSON wrote; null is NaN.
func (v *Values) UnmarshalJSON(b []byte) error {
	var raw map[string]number64
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*v = make(Values, len(raw))
	for name, x := range raw {
		(*v)[name] = float64(x)
	}
	return nil
}

// number64 is a float64 whose JSON knows NaN and the infinities.
type number64 float64

func (x number64) MarshalJSON() ([]byte, error) { return appendNumber(nil, float64(x)), nil }

func (x *number64) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`, `null`:
		*x = number64(math.NaN())
	case `"+Inf"`:
		*x = number64(math.Inf(1))
	case `"-Inf"`:
		*x = number64(math.Inf(-1))
	default:
		f, err := strconv.ParseFloat(string(b), 64)
		if err != nil {
			return fmt.Errorf("%s is not a number", b)
		}
		*x = number64(f)
	}
	return nil
}

func appendNumber(b []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(b, `"+Inf"`...)
	case math.IsInf(x, -1):
		return append(b, `"-Inf"`...)
	}
	return strconv.AppendFloat(b, x, 'g', -1, 64)
}

func appendString(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // a string always has a JSON form
	return append(b, q...)
}

// line is the point as one line of metrics.jsonl, in the order of the fields.
func (p Point) line() []byte {
	b := make([]byte, 0, 256)
	b = append(b, `{"iteration":`...)
	b = strconv.AppendInt(b, p.Iteration, 10)
	b = append(b, `,"images":`...)
	b = strconv.AppendInt(b, p.Images, 10)
	b = append(b, `,"epoch":`...)
	b = strconv.AppendInt(b, p.Epoch, 10)
	b = append(b, `,"batch":`...)
	b = strconv.AppendInt(b, int64(p.Batch), 10)
	b = append(b, `,"batches":`...)
	b = strconv.AppendInt(b, int64(p.Batches), 10)
	b = append(b, `,"values":`...)
	b = p.Values.append(b)
	b = append(b, `,"seconds":`...)
	b = appendNumber(b, p.Seconds)
	return append(b, '}', '\n')
}

func parsePoint(line []byte) (Point, error) {
	var wire struct {
		Point
		Iteration *int64   `json:"iteration"` // pointer: a line without it is not a point
		Seconds   number64 `json:"seconds"`
	}
	if err := json.Unmarshal(line, &wire); err != nil {
		return Point{}, err
	}
	if wire.Iteration == nil {
		return Point{}, fmt.Errorf("no iteration in it")
	}
	wire.Point.Iteration = *wire.Iteration
	wire.Point.Seconds = float64(wire.Seconds)
	return wire.Point, nil
}
