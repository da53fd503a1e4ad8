package runlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// oneTensor is a small content for snapshots, different for each n.
func oneTensor(n float32) []Tensor {
	return []Tensor{Float32s("/generator/w", []int{2, 3}, []float32{n, 1, 2, 3, 4, 5})}
}

// safetensors puts a header and data together as a file.
func safetensors(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// writeSafetensors makes the file that Save writes in parts.
func writeSafetensors(w io.Writer, tensors []Tensor) error {
	header, ordered, err := encodeHeader(tensors)
	if err != nil {
		return err
	}
	parts := [][]byte{header}
	for _, t := range ordered {
		parts = append(parts, t.Data)
	}
	_, err = w.Write(bytes.Join(parts, nil))
	return err
}

func TestSafetensorsRoundTrip(t *testing.T) {
	tensors := []Tensor{
		{Name: "mask", DType: "BOOL", Shape: []int{3}, Data: []byte{1, 0, 1}},
		Float32s("w \"λ\"", []int{1, 2}, []float32{1.5, -2}),
		{Name: "empty", DType: "F32", Shape: []int{0, 4}, Data: nil},
		{Name: "step", DType: "I64", Data: binary.LittleEndian.AppendUint64(nil, 7)},
	}
	var b bytes.Buffer
	must(t, writeSafetensors(&b, tensors))
	got, err := parseSafetensors(b.Bytes())
	must(t, err)
	var names []string
	for _, g := range got {
		names = append(names, g.Name)
		for _, w := range tensors {
			if w.Name == g.Name && (g.DType != w.DType || fmt.Sprint(g.Shape) != fmt.Sprint(append([]int{}, w.Shape...)) || !bytes.Equal(g.Data, w.Data)) {
				t.Errorf("%+v was read as %+v", w, g)
			}
		}
	}
	if want := []string{"step", "w \"λ\"", "empty", "mask"}; !reflect.DeepEqual(names, want) {
		t.Errorf("order %q, want %q", names, want)
	}
	values, err := got[1].Float32s()
	if err != nil || values[0] != 1.5 || values[1] != -2 {
		t.Errorf("values %v, %v", values, err)
	}
	if _, err := got[0].Float32s(); err == nil {
		t.Error("BOOL was read as float32")
	}
}

// TestSafetensorsBytes pins the file itself, so that writer and reader cannot be wrong together.
func TestSafetensorsBytes(t *testing.T) {
	var b bytes.Buffer
	must(t, writeSafetensors(&b, []Tensor{Float32s("w", []int{2}, []float32{1, -2})}))
	header := `{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   `
	want := fmt.Sprintf("%c\x00\x00\x00\x00\x00\x00\x00%s\x00\x00\x80\x3f\x00\x00\x00\xc0", len(header), header)
	if b.String() != want {
		t.Errorf("file\n%q, want\n%q", b.String(), want)
	}
}

func TestWriteSafetensorsRefuses(t *testing.T) {
	for want, tensors := range map[string][]Tensor{
		"twice":       {oneTensor(1)[0], oneTensor(2)[0]},
		"named":       {{Name: "__metadata__", DType: "F32", Shape: []int{0}}},
		"named \"\"":  {{DType: "F32", Shape: []int{0}}},
		"unknown":     {{Name: "a", DType: "C64", Shape: []int{0}}},
		"needs 8":     {{Name: "a", DType: "F32", Shape: []int{2}, Data: make([]byte, 4)}},
		"negative":    {{Name: "a", DType: "F32", Shape: []int{-1}}},
		"too large":   {{Name: "a", DType: "F32", Shape: []int{1 << 31, 1 << 31, 4}}},
		"is not UTF-": {{Name: "a\xff", DType: "F32", Shape: []int{0}}},
	} {
		if err := writeSafetensors(&bytes.Buffer{}, tensors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one with %q", err, want)
		}
	}
}

func TestParseSafetensorsRefuses(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	huge := safetensors("{}", 0)
	binary.LittleEndian.PutUint64(huge, 1<<63)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"short":            {[]byte{1, 2}, "too few"},
		"header too long":  {huge, "header of"},
		"no object":        {safetensors(`[]`, 0), "JSON object"},
		"leading space":    {safetensors(` {}`, 0), "JSON object"},
		"torn header":      {safetensors(`{`+a, 8), "header"},
		"after header":     {safetensors(`{`+a+`} {}`, 8), "follows"},
		"twice":            {safetensors(`{`+a+`,`+a+`}`, 8), "twice"},
		"overlap":          {safetensors(`{`+a+`,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, 8), "expected from 8"},
		"hole":             {safetensors(`{`+a+`,"b":{"dtype":"U8","shape":[4],"data_offsets":[12,16]}}`, 16), "expected from 8"},
		"same place":       {safetensors(`{`+a+`,`+strings.Replace(a, `"a"`, `"b"`, 1)+`}`, 8), "expected from 8"},
		"beyond the end":   {safetensors(`{`+a+`}`, 4), "within 4"},
		"data left":        {safetensors(`{`+a+`}`, 9), "1 bytes after"},
		"backwards":        {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,-8]}}`, 0), "no place"},
		"size":             {safetensors(`{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}`, 8), "needs 16"},
		"type":             {safetensors(`{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}`, 8), "unknown"},
		"no shape":         {safetensors(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8), "no shape"},
		"negative":         {safetensors(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8), "negative"},
		"overflow":         {safetensors(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "too large"},
		"metadata numbers": {safetensors(`{"__metadata__":{"a":1}}`, 0), "metadata"},
		"empty name":       {safetensors(`{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "named"},
	} {
		if _, err := parseSafetensors(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want one with %q", name, err, c.want)
		}
	}
	if tensors, err := parseSafetensors(safetensors(`{`+a+`}`, 8)); err != nil || len(tensors) != 1 {
		t.Errorf("the good one: %v, %v", tensors, err)
	}
}

func FuzzSafetensors(f *testing.F) {
	var b bytes.Buffer
	must(f, writeSafetensors(&b, append(oneTensor(1), Tensor{Name: "n", DType: "U8", Shape: []int{3}, Data: []byte{1, 2, 3}})))
	f.Add(b.Bytes())
	f.Add(safetensors(`{}`, 0))
	f.Add(safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, err := parseSafetensors(file)
		if err != nil {
			return
		}
		var b bytes.Buffer
		must(t, writeSafetensors(&b, tensors))
		again, err := parseSafetensors(b.Bytes())
		if err != nil || len(again) != len(tensors) {
			t.Fatalf("%d tensors were read back as %d: %v", len(tensors), len(again), err)
		}
	})
}
