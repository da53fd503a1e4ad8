package result

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"reflect"
)

// largePNG is the size in bytes from which a picture is shown as JPEG, as kernelext.Show does: a saved notebook should
// stay small.
const largePNG = 150_000

// encode makes a PNG of a picture, or a JPEG where that would be large.
func encode(picture image.Image) (Display, error) {
	size := picture.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 {
		return Display{}, fmt.Errorf("the picture is %d×%d pixels", size.X, size.Y)
	}
	mime, b := "image/png", bytes.Buffer{}
	if err := png.Encode(&b, picture); err != nil {
		return Display{}, err
	}
	if b.Len() > largePNG {
		mime = "image/jpeg"
		b.Reset()
		if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90}); err != nil {
			return Display{}, err
		}
	}
	return Display{Data: map[string]any{mime: b.Bytes(), "text/plain": fmt.Sprintf("%T, %d×%d", picture, size.X, size.Y)}}, nil
}

// Plots are 480 by 300 points, 640 by 400 CSS pixels, as kernelext.Show shows them.
const plotWidth, plotHeight = 480, 300

// drawing shows what can write itself as a PNG of a size in points, as plots of gonum do. The method is looked up by
// name: importing gonum would make every cell link it.
func drawing(value any) (d Display, ok bool, err error) {
	if isNil(value) {
		return d, false, nil
	}
	method := reflect.ValueOf(value).MethodByName("WriterTo")
	if !method.IsValid() {
		return d, false, nil
	}
	t := method.Type()
	if t.NumIn() != 3 || t.In(0).Kind() != reflect.Float64 || t.In(1) != t.In(0) || t.In(2).Kind() != reflect.String ||
		t.NumOut() != 2 || t.Out(0) != reflect.TypeFor[io.WriterTo]() || t.Out(1) != reflect.TypeFor[error]() {
		return d, false, nil
	}
	length := func(points float64) reflect.Value { return reflect.ValueOf(points).Convert(t.In(0)) }
	out := method.Call([]reflect.Value{length(plotWidth), length(plotHeight), reflect.ValueOf("png").Convert(t.In(2))})
	if err, _ := out[1].Interface().(error); err != nil {
		return d, false, err
	}
	writer, _ := out[0].Interface().(io.WriterTo)
	if writer == nil {
		return d, false, errors.New("it writes nothing")
	}
	var b bytes.Buffer
	if _, err := writer.WriteTo(&b); err != nil {
		return d, false, err
	}
	return Display{Data: map[string]any{"image/png": b.Bytes(), "text/plain": fmt.Sprintf("%T", value)}}, true, nil
}
