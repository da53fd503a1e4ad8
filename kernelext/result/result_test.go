package result

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

type point struct{ X, Y int }

type celsius float64

func (c celsius) String() string { return fmt.Sprintf("%.1f °C", float64(c)) }

type length float64

// sketch writes itself as gonum's plots do.
type sketch struct{ fails bool }

func (s *sketch) WriterTo(w, h length, format string) (io.WriterTo, error) {
	if s.fails {
		return nil, errors.New("no canvas")
	}
	return strings.NewReader(fmt.Sprintf("%s %gx%g", format, w, h)), nil
}

type failure struct{}

func (*failure) Error() string { return "failed" }

func TestText(t *testing.T) {
	var noPoint *point
	var noFailure *failure
	for _, c := range []struct {
		values []any
		want   string
	}{
		{[]any{42}, "42"},
		{[]any{0.1}, "0.1"},
		{[]any{"text"}, "text"},
		{[]any{true, 'a'}, "true\n97"},
		{[]any{point{1, 2}}, "{X:1 Y:2}"},
		{[]any{&point{1, 2}}, "&{X:1 Y:2}"},
		{[]any{[]point{{1, 2}}}, "[{X:1 Y:2}]"},
		{[]any{map[string]point{"a": {1, 2}}}, "map[a:{X:1 Y:2}]"},
		{[]any{celsius(21)}, "21.0 °C"},
		{[]any{[]float64{1, 2.5}}, "[1 2.5]"},
		{[]any{3, nil}, "3"},
		{[]any{nil, 3}, "<nil>\n3"},
		{[]any{noPoint}, "<nil>"},
		{[]any{noFailure}, "failed"}, // an error of its own kind that is nil says so itself
		{[]any{errors.New("not last"), 3}, "not last\n3"},
		{[]any{""}, ""},
		{[]any{[]int(nil)}, "[]"},
	} {
		list, err := displays(c.values)
		if err != nil || len(list) != 1 || list[0].Data["text/plain"] != c.want || len(list[0].Data) != 1 {
			t.Errorf("%v is shown as %v, %v; want %q", c.values, list, err, c.want)
		}
	}
	for _, values := range [][]any{nil, {nil}} {
		if list, err := displays(values); len(list) != 0 || err != nil {
			t.Errorf("%v is shown as %v, %v; want nothing", values, list, err)
		}
	}
}

func TestErrorsFailTheCell(t *testing.T) {
	want := errors.New("no such run")
	for _, values := range [][]any{{want}, {42, want}} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("Show(%v) panics with %v, want %v", values, got, want)
				}
			}()
			Show(values...)
		}()
	}
	if _, err := displays([]any{&sketch{fails: true}}); err == nil || err.Error() != "result: a *result.sketch cannot be shown: no canvas" {
		t.Errorf("a drawing that fails: %v", err)
	}
	if _, err := displays([]any{image.NewRGBA(image.Rectangle{})}); err == nil {
		t.Error("an empty picture is shown")
	}
}

func TestLongTextIsCutInItsMiddle(t *testing.T) {
	long := strings.Repeat("ä", maxText)
	got := text(long)
	if len(got) > maxText+100 || !strings.HasPrefix(got, "ääää") || !strings.HasSuffix(got, "ääää") || !strings.Contains(got, "20000 bytes") {
		t.Errorf("%d bytes became %d: %.40s…", len(long), len(got), got)
	}
}

func TestPictures(t *testing.T) {
	small := image.NewGray(image.Rect(0, 0, 3, 2))
	small.SetGray(1, 1, color.Gray{200})
	list, err := displays([]any{small, nil})
	if err != nil || len(list) != 1 || list[0].Data["text/plain"] != "*image.Gray, 3×2" {
		t.Fatalf("a small picture is shown as %v, %v", list, err)
	}
	back, err := png.Decode(bytes.NewReader(list[0].Data["image/png"].([]byte)))
	if err != nil || back.At(1, 1) != small.At(1, 1) {
		t.Errorf("the picture came back as %v, %v", back, err)
	}
	noise := image.NewRGBA(image.Rect(0, 0, 300, 300))
	for i := range noise.Pix {
		noise.Pix[i] = byte(rand.Uint32())
	}
	if list, err = displays([]any{noise}); err != nil || list[0].Data["image/jpeg"] == nil || list[0].Data["image/png"] != nil {
		t.Errorf("a large picture is shown as %v, %v; want a JPEG", list, err)
	}
	list, err = displays([]any{"a", "b", &sketch{}, 1, 2})
	if err != nil || len(list) != 3 {
		t.Fatalf("texts around a drawing: %v, %v", list, err)
	}
	if list[0].Data["text/plain"] != "a\nb" || string(list[1].Data["image/png"].([]byte)) != "png 480x300" || list[2].Data["text/plain"] != "1\n2" {
		t.Errorf("texts around a drawing: %v", list)
	}
}

func TestRegister(t *testing.T) {
	before := renderers
	t.Cleanup(func() { renderers = before })
	Register(func(v any) (Display, bool, error) {
		p, ok := v.(point)
		return Display{Data: map[string]any{"text/html": fmt.Sprint("<b>", p.X, "</b>")}}, ok, nil
	})
	for value, want := range map[any]map[string]any{point{7, 8}: {"text/html": "<b>7</b>"}, 3: {"text/plain": "3"}} {
		list, err := displays([]any{value})
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0].Data, want) {
			t.Errorf("%v is shown as %v, %v; want %v", value, list, err, want)
		}
	}
}
