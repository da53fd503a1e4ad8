package sheet

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/gantest"
)

func TestGridRules(t *testing.T) {
	single, err := Grid(Batch{[]float32{2, 4}, 1, 1, 2, 1}, Layout{PerRow: 8, Padding: 2, Normalize: true})
	if err != nil || single.Height != 1 || single.Width != 2 || single.Channels != 3 || single.Pixels[0] != 0 || single.Pixels[5] != 1 {
		t.Errorf("one grey picture: %+v, %v", single, err)
	}
	flat, err := Draw(Batch{[]float32{7, 7}, 2, 1, 1, 1}, Samples)
	if err != nil || flat.Bounds().Dx() != 8 || flat.Bounds().Dy() != 5 {
		t.Errorf("two equal pixels: %v, %v", flat.Bounds(), err)
	}
	plain, err := Draw(Batch{[]float32{-1, 0, 1, 5, float32(math.NaN()), -9}, 2, 1, 1, 3}, Layout{PerRow: 2, Padding: 1})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[image.Point]color.RGBA{
		{1, 1}: {0, 128, 255, 255}, {3, 1}: {255, 0, 0, 255}, {0, 0}: {0, 0, 0, 255}, {2, 1}: {0, 0, 0, 255},
	} {
		if got := plain.RGBAAt(at.X, at.Y); got != want {
			t.Errorf("pixel %v: %v, want %v", at, got, want)
		}
	}
	for name, err := range map[string]error{
		"two channels": second(Grid(Batch{make([]float32, 2), 1, 1, 1, 2}, Samples)),
		"too few":      second(Grid(Batch{make([]float32, 5), 1, 1, 2, 3}, Samples)),
		"no picture":   second(Grid(Batch{Height: 1, Width: 1, Channels: 3}, Samples)),
		"no column":    second(Grid(Batch{make([]float32, 3), 1, 1, 1, 3}, Layout{})),
		"sheet":        second(Draw(Batch{}, Layout{PerRow: 1})),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sheet: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestGoldenContactSheets compares the layout of sheets, values and gaps, with every case of images.json.
func TestGoldenContactSheets(t *testing.T) {
	var file struct {
		Contact struct {
			Batch  gantest.Numbers
			Sheets []struct {
				PerRow    int `json:"nrow"`
				Padding   int
				Normalize bool
				Grid      gantest.Numbers `json:"grid_chw"`
			}
		} `json:"contact_sheets"`
	}
	gantest.Golden(t, "images", &file)
	batch := channelsLast(file.Contact.Batch)
	if len(file.Contact.Sheets) == 0 {
		t.Fatal("images.json has no contact sheets")
	}
	for i, s := range file.Contact.Sheets {
		t.Run(fmt.Sprintf("%d_per_row_%d_padding_%d_normalize_%v", i, s.PerRow, s.Padding, s.Normalize), func(t *testing.T) {
			got, err := Grid(batch, Layout{s.PerRow, s.Padding, s.Normalize})
			if err != nil {
				t.Fatal(err)
			}
			want := channelsLast(gantest.Numbers{Shape: append([]int{1}, s.Grid.Shape...), Scale: s.Grid.Scale, Q: s.Grid.Q, V: s.Grid.V})
			if got.Height != want.Height || got.Width != want.Width || got.Channels != want.Channels {
				t.Fatalf("shape %d×%d×%d, want %d×%d×%d", got.Height, got.Width, got.Channels, want.Height, want.Width, want.Channels)
			}
			low, high := extremes(want.Pixels)
			tolerance := 2e-5 * max(1, -low, high)
			for k, w := range want.Pixels {
				if d := got.Pixels[k] - w; !(d <= tolerance && d >= -tolerance) {
					t.Fatalf("value %d: %v, want %v", k, got.Pixels[k], w)
				}
			}
		})
	}
}

// channelsLast turns [N, C, H, W] into a Batch.
func channelsLast(n gantest.Numbers) Batch {
	v, b := n.Values(), Batch{N: n.Shape[0], Channels: n.Shape[1], Height: n.Shape[2], Width: n.Shape[3]}
	for i := range b.N {
		for y := range b.Height {
			for x := range b.Width {
				for c := range b.Channels {
					b.Pixels = append(b.Pixels, float32(v[((i*b.Channels+c)*b.Height+y)*b.Width+x]))
				}
			}
		}
	}
	return b
}
