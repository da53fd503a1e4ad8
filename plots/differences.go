package plots

import (
	"image"
	"image/color"
	"image/gif"
)

// partTime is how long the parts of a change that come first are shown alone, in hundredths of a second: the shortest
// time that browsers keep to, too short to be seen.
const partTime = 2

// differences makes an animation of drawings in which a frame holds only what changed since the one before: on one
// palette of flat colours, region by region, cut to the changed part, the rest of it transparent. delays are hundredths
// of a second.
func differences(frames []*image.RGBA, delays []int, flat color.Palette, regions []image.Rectangle) *gif.GIF {
	size := frames[0].Rect
	palette := append(flat[:len(flat):len(flat)], color.RGBA{})
	clear := uint8(len(palette) - 1)
	animation := &gif.GIF{Config: image.Config{Width: size.Dx(), Height: size.Dy(), ColorModel: palette}}
	var before *image.Paletted
	for i, frame := range frames {
		now := mapped(frame, palette[:clear])
		now.Palette = palette
		parts := []*image.Paletted{now}
		if before != nil {
			parts = changed(before, now, clear, regions)
		}
		for k, part := range parts {
			delay := partTime
			if k == len(parts)-1 {
				delay = delays[i] - partTime*k
			}
			animation.Image = append(animation.Image, part)
			animation.Delay = append(animation.Delay, delay)
			animation.Disposal = append(animation.Disposal, gif.DisposalNone)
		}
		before = now
	}
	return animation
}

// changed returns, for every region with a change, the smallest part of now that covers it; pixels without change are
// clear. Equal frames give one clear pixel, since a frame must have one.
func changed(before, now *image.Paletted, clear uint8, regions []image.Rectangle) (parts []*image.Paletted) {
	for _, region := range regions {
		box := changedBox(before, now, region)
		if box.Empty() {
			continue
		}
		part := image.NewPaletted(box, now.Palette)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				index := clear
				if i := now.PixOffset(x, y); now.Pix[i] != before.Pix[i] {
					index = now.Pix[i]
				}
				part.SetColorIndex(x, y, index)
			}
		}
		parts = append(parts, part)
	}
	if parts == nil {
		still := image.NewPaletted(image.Rect(0, 0, 1, 1), now.Palette)
		still.Pix[0] = clear
		parts = append(parts, still)
	}
	return parts
}

// changedBox covers the pixels of a region that differ.
func changedBox(before, now *image.Paletted, region image.Rectangle) (box image.Rectangle) {
	for y := region.Min.Y; y < region.Max.Y; y++ {
		for x := region.Min.X; x < region.Max.X; x++ {
			if i := now.PixOffset(x, y); now.Pix[i] != before.Pix[i] {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}
