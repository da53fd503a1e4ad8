// Package result shows the value of a notebook cell's last expression. Code that the kernel writes around a cell
// imports it; people call kernelext.Show.
package result

import (
	"encoding/gob"
	"fmt"
	"image"
	"reflect"
	"strings"
	"sync"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// MIME marks a display as the result of a cell; the kernel's proxy makes an execute_result of it and drops the mark.
const MIME = "application/vnd.ganbook.result"

// maxText is the length in bytes that a value's text is cut to.
const maxText = 20_000

// Display is what a notebook shows of a value: MIME types (text/html, image/png, …) with their content, text as a string
// and pictures as bytes, and what to know about them, as Jupyter's display messages have it.
type Display struct{ Data, Metadata map[string]any }

// Renderer makes a display of a value; ok is false for values that it does not know.
type Renderer func(value any) (d Display, ok bool, err error)

var (
	mu        sync.Mutex
	renderers []Renderer
)

func init() {
	gob.Register(map[string]any{}) // nested metadata break GoNB's pipe otherwise
}

// Register adds a renderer, which is asked before those registered earlier and before the built-in ways.
func Register(r Renderer) {
	mu.Lock()
	defer mu.Unlock()
	renderers = append([]Renderer{r}, renderers...)
}

// Show displays values as the result of a cell, one below the other. An error that is not nil fails the cell as the only
// or last value: Show panics with it. A plain nil as the last value is left out, so that the results of a call can be
// shown as they are. Outside of a notebook Show does nothing but panic with such an error.
func Show(values ...any) {
	list, err := displays(values)
	if err != nil {
		panic(err)
	}
	for i, d := range list {
		if i == len(list)-1 {
			d.Data[MIME] = "1"
		}
		send(d)
	}
}

// displays are what is shown of values: neighbours that are text become one.
func displays(values []any) (list []Display, err error) {
	last := len(values) - 1
	if last < 0 {
		return nil, nil
	}
	if err, ok := values[last].(error); ok && !isNil(err) {
		return nil, err
	}
	if values[last] == nil {
		values = values[:last]
	}
	before := "" // the text that the last display consists of
	for i, v := range values {
		d, err := render(v)
		if err != nil {
			return nil, fmt.Errorf("result: a %T cannot be shown: %w", v, err)
		}
		text, plain := d.Data["text/plain"].(string)
		switch plain = plain && len(d.Data) == 1; {
		case plain && i > 0 && before != "":
			before += "\n" + text
			list[len(list)-1].Data["text/plain"] = before
			continue
		case plain:
			before = text
		default:
			before = ""
		}
		list = append(list, d)
	}
	return list, nil
}

// send displays in the notebook, if there is one, and waits until it has arrived: a cell may end right after.
func send(d Display) {
	if !gonbui.IsNotebook {
		return
	}
	display := &protocol.DisplayData{Data: map[protocol.MIMEType]any{}, Metadata: d.Metadata}
	for mime, content := range d.Data {
		display.Data[protocol.MIMEType(mime)] = content
	}
	gonbui.SendData(display)
	gonbui.Sync()
}

// render is a value's display.
func render(value any) (Display, error) {
	mu.Lock()
	known := renderers
	mu.Unlock()
	for _, r := range known {
		if d, ok, err := r(value); err != nil || ok {
			return d, err
		}
	}
	if d, ok, err := drawing(value); err != nil || ok {
		return d, err
	}
	if picture, ok := value.(image.Image); ok && !isNil(value) {
		return encode(picture)
	}
	return Display{Data: map[string]any{"text/plain": text(value)}}, nil
}

// text is a value as %v prints it, structures with the names of their fields; a very long text is cut in its middle.
func text(value any) string {
	format := "%v"
	if _, own := value.(fmt.Stringer); !own {
		t := reflect.TypeOf(value)
		for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map) {
			t = t.Elem()
		}
		if t != nil && t.Kind() == reflect.Struct {
			format = "%+v"
		}
	}
	s := fmt.Sprintf(format, value)
	if len(s) <= maxText {
		return s
	}
	half := maxText / 2
	return strings.ToValidUTF8(s[:half], "") + fmt.Sprintf(" … %d bytes … ", len(s)-2*half) + strings.ToValidUTF8(s[len(s)-half:], "")
}

// isNil reports whether there is nothing behind a value.
func isNil(value any) bool {
	if value == nil {
		return true
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}
