package data

import (
	"fmt"
	"slices"
)

// What the bytes of a file mean. Nearly all files use the whole byte. Some hold 0 and 1: pictures that were scaled to
// [0, 1] and rounded, or made black and white. Taken for bytes they would all be black.
const (
	ValuesByte = "0-255"
	ValuesUnit = "0-1"
)

// unfit is a picture that can be read and is not what was asked for.
type unfit struct{ what string }

func (u *unfit) Error() string { return u.what }

// asBytes brings pixels to 0 … 255 and returns the largest as it was. What is multiplied is a copy.
func (o Options) asBytes(pixels []byte) (scaled []byte, top byte, err error) {
	if len(pixels) == 0 {
		return pixels, 0, nil
	}
	top = slices.Max(pixels)
	if o.Values != ValuesUnit {
		return pixels, top, nil
	}
	if top > 1 {
		return nil, top, &unfit{fmt.Sprintf("a value of %d where values were said to be %s: leave that out", top, ValuesUnit)}
	}
	scaled = make([]byte, len(pixels))
	for i, v := range pixels {
		scaled[i] = 255 * v
	}
	return scaled, top, nil
}

// checkRange refuses images whose largest value is 1, unless it was said what that means.
func (o Options) checkRange(place string, images int, top byte) error {
	if top != 1 || o.Values != "" {
		return nil
	}
	return fmt.Errorf("data: %s: no value of its %s images is above 1: they were scaled to 0 … 1 or made black and white, and are black as bytes; "+
		"say values=%s (run: --set, score: --values) to have them multiplied by 255, or values=%s if they are meant to be so dark",
		place, thousands(images), ValuesUnit, ValuesByte)
}

// checkShape refuses a picture that would have to be resized, cut or given other channels, where that is not wanted.
func (o Options) checkShape(h, w, c int) error {
	if !o.Exact || (o.Size == 0 || h == o.Size && w == o.Size) && (o.Channels == 0 || c == o.Channels) {
		return nil
	}
	size, channels := "", ""
	if o.Size > 0 {
		size = fmt.Sprintf(" of %d×%[1]d", o.Size)
	}
	if o.Channels > 0 {
		channels = " in " + colours(o.Channels)
	}
	return &unfit{fmt.Sprintf("%d×%d pixels in %s, wanted are pictures%s%s: convert them, or have it done (score: --fit)", w, h, colours(c), size, channels)}
}

func colours(channels int) string {
	if channels == 1 {
		return "grey"
	}
	return "colour"
}
