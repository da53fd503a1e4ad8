package experiments

import (
	"image"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/plots/sheet"
)

// RealSheet is a sheet of n training images, chosen by the seed.
func RealSheet(src *data.Source, master int64, n int) (image.Image, error) {
	pixels, n := train.RealSample(src, master, n)
	return drawSheet(pixels, n, src.Height(), src.Width(), src.Channels())
}

// drawSheet lays images in [−1, 1] out as the practice does: eight in a row, two pixels apart, black and white at the
// sheet's own minimum and maximum.
func drawSheet(pixels []float32, n, height, width, channels int) (image.Image, error) {
	return sheet.Draw(
		sheet.Batch{Pixels: pixels, N: n, Height: height, Width: width, Channels: channels},
		sheet.Samples)
}
