package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"sync"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Frame is a sample sheet and the number of images shown when it was drawn.
type Frame struct {
	Image  image.Image
	Images int64
}

// Caption is "12,800 images".
func (f Frame) Caption() string {
	if f.Images == 1 {
		return "1 image"
	}
	return thousands(fmt.Sprint(f.Images)) + " images"
}

// Frames loads the sample sheets of a run of one name ("" for the run's own), oldest first. When there are more than
// most, and most is above 1, it takes that many at equal distances with the first and the last.
func Frames(run *runlog.Run, name string, most int) ([]Frame, error) {
	var files []runlog.SampleFile
	for _, s := range run.Samples() {
		if s.Name == name {
			files = append(files, s)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("plots: run %s has no sample sheets yet", run.Info().ID)
	}
	var frames []Frame
	for _, i := range spread(len(files), most) {
		img, err := files[i].Load()
		if err != nil {
			return nil, fmt.Errorf("plots: %w", err)
		}
		frames = append(frames, Frame{img, files[i].Images})
	}
	return frames, nil
}

// spread returns at most so many indices below n at equal distances, the first and the last included.
func spread(n, most int) []int {
	if most < 2 || n < most {
		most = n
	}
	indices := make([]int, most)
	for i := range indices {
		indices[i] = i * (n - 1) / max(1, most-1)
	}
	return indices
}

// Strip sets the first, the middle and the last sheet side by side: the progression for a printed page.
func Strip(frames []Frame) (*image.RGBA, error) {
	if len(frames) == 0 {
		return nil, errors.New("plots: no sample sheets for a strip")
	}
	var panels []Panel
	for _, i := range spread(len(frames), 3) {
		panels = append(panels, Panel{frames[i].Caption(), frames[i].Image})
	}
	return Panels(panels...)
}

// Hundredths of a second, the unit of GIF.
const (
	frameTime = 100
	pauseTime = 100 // more for the last frame, before the animation repeats
)

// Progression is the lecture's animation: the sheets of the fixed latents one after the other, a second each, and a
// second's pause before it repeats. Every frame has its caption and a palette of its own.
func Progression(frames []Frame) (*gif.GIF, error) {
	if len(frames) == 0 {
		return nil, errors.New("plots: no sample sheets for an animation")
	}
	animation := &gif.GIF{Image: make([]*image.Paletted, len(frames)), Delay: make([]int, len(frames))}
	var size image.Point
	for i, f := range frames {
		if f.Image == nil || f.Image.Bounds().Empty() {
			return nil, fmt.Errorf("plots: sheet %d is empty", i)
		}
		b := f.Image.Bounds().Size()
		size = image.Pt(max(size.X, b.X), max(size.Y, b.Y))
		animation.Delay[i] = frameTime
	}
	animation.Delay[len(frames)-1] += pauseTime
	var wg sync.WaitGroup
	for i, f := range frames {
		wg.Go(func() { animation.Image[i] = Quantise(captioned(f, size)) })
	}
	wg.Wait()
	animation.Config = image.Config{Width: animation.Image[0].Rect.Dx(), Height: animation.Image[0].Rect.Dy(), ColorModel: color.Palette{}}
	return animation, nil
}

// captioned enlarges a small sheet to the common size and writes its caption below.
func captioned(f Frame, size image.Point) image.Image {
	b := f.Image.Bounds()
	small := Enlarge(f.Image, max(1, min(size.X/b.Dx(), size.Y/b.Dy())))
	factor := enlargement(size)
	size = size.Mul(factor)
	face := captionFace(size.X)
	foot := 2 * face.Metrics().Height.Ceil()
	img := image.NewRGBA(image.Rect(0, 0, size.X, size.Y+foot))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	sheet := Enlarge(small, factor)
	draw.Draw(img, sheet.Bounds().Add(size.Sub(sheet.Bounds().Size()).Div(2)), sheet, image.Point{}, draw.Over)
	centre(img, face, f.Caption(), size.X/2, size.Y+foot*2/3)
	return img
}
