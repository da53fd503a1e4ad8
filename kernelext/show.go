package kernelext

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // a format that DecodeConfig knows
	"image/jpeg"
	"image/png"
	"os"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Plots are shown 640 pixels wide and drawn twice as fine, for screens that can show it.
const (
	plotWidth, plotHeight = 640, 400 // CSS pixels, 96 an inch
	plotFineness          = 2
)

// largePNG is the size in bytes from which an image.Image is shown as JPEG, about a sixth of it for sheets of
// photographs: a saved notebook may take 1.5 MB in all. Pass the bytes of a PNG to have it shown as it is.
const largePNG = 150_000

// Show displays a picture in the notebook: a *plot.Plot, an image.Image, the bytes of a PNG, GIF or JPEG file, or the
// name of such a file (or of an SVG). It takes the results of a function as they are:
//
//	kernelext.Show(plots.Losses(run))
//
// An error among them, or a picture that cannot be drawn, fails the cell: Show panics with it.
func Show(picture any, err ...error) { send(display(picture, err)) }

// display is the message that shows a picture. It panics with what is wrong.
func display(picture any, err []error) *protocol.DisplayData {
	mime, content, width, failure := render(picture)
	if failure = errors.Join(append(err, failure)...); failure != nil {
		panic(fmt.Errorf("kernelext: show: %w", failure))
	}
	data := &protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMEType(mime): content}, Metadata: map[string]any{}}
	if mime == "image/svg+xml" {
		data.Data[protocol.MIMEImageSVG] = string(content)
	}
	if width > 0 {
		data.Metadata[mime] = map[string]any{"width": width}
	}
	return data
}

// Markdown displays formatted text, such as a table, in the notebook; an error beside it fails the cell as in Show.
func Markdown(text string, err ...error) {
	if failure := errors.Join(err...); failure != nil {
		panic(fmt.Errorf("kernelext: markdown: %w", failure))
	}
	send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextMarkdown: text}, Metadata: map[string]any{}})
}

// clearType is what our kernel takes for the wish to clear; a stock GoNB shows nothing for it.
const clearType protocol.MIMEType = "application/vnd.ganbook.clear"

// Clear removes the outputs of the cell once the next one comes, so that a cell can show one picture in place of the
// one before without flicker. For a training use Live.
func Clear() {
	send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{clearType: ""}, Metadata: map[string]any{}})
}

// leftType is what our kernel takes for the word that the stop button has ended what it was to end, and nothing else: the
// cell is then no failure.
const leftType protocol.MIMEType = "application/vnd.ganbook.left"

// leave says so. A stock GoNB shows nothing for it.
func leave() {
	send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{leftType: ""}, Metadata: map[string]any{}})
}

// send displays in the notebook, if there is one, and waits until it has arrived: a cell may end right after.
func send(data *protocol.DisplayData) {
	if gonbui.IsNotebook {
		gonbui.SendData(data)
		gonbui.Sync()
	}
}

// render returns the file of a picture, its type, and the width to show it at in CSS pixels (0: its own).
func render(picture any) (mime string, content []byte, width int, err error) {
	var b bytes.Buffer
	switch p := picture.(type) {
	case *plot.Plot:
		if p == nil {
			return "", nil, 0, errors.New("there is no plot (nil)")
		}
		canvas := vgimg.NewWith(vgimg.UseWH(vg.Inch*plotWidth/96, vg.Inch*plotHeight/96), vgimg.UseDPI(96*plotFineness))
		p.Draw(draw.New(canvas))
		err = png.Encode(&b, canvas.Image())
		return "image/png", b.Bytes(), plotWidth, err
	case image.Image:
		mime, content, err = encode(p)
		return mime, content, 0, err
	case []byte:
		_, format, err := image.DecodeConfig(bytes.NewReader(p))
		if err != nil {
			return "", nil, 0, fmt.Errorf("these %d bytes are no PNG, GIF or JPEG file: %w", len(p), err)
		}
		return "image/" + format, p, 0, nil
	case string:
		text, err := os.ReadFile(p)
		if err != nil {
			return "", nil, 0, err
		}
		if strings.HasSuffix(p, ".svg") {
			return "image/svg+xml", text, 0, nil
		}
		mime, content, width, err = render(text)
		if err != nil {
			err = fmt.Errorf("%s: %w", p, err)
		}
		return mime, content, width, err
	}
	return "", nil, 0, fmt.Errorf("a %T is no picture: want a *plot.Plot, an image.Image, the bytes of a picture or a file's name", picture)
}

// encode makes a PNG of a picture, or a JPEG where that would be large.
func encode(picture image.Image) (mime string, content []byte, err error) {
	var b bytes.Buffer
	if err = png.Encode(&b, picture); err != nil || b.Len() <= largePNG {
		return "image/png", b.Bytes(), err
	}
	b.Reset()
	err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90})
	return "image/jpeg", b.Bytes(), err
}
