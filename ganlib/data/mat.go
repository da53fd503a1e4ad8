package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Elements and array classes of MAT-files, level 5 (MathWorks: MAT-File Format). Arrays are read as a stream, because
// those of SVHN unfold to gigabytes; libraries at hand hold them in memory and refuse more than 100 MB.
const (
	miUint8      = 2
	miMatrix     = 14
	miCompressed = 15

	matNumeric = 6 // classes from double, 6, to uint64, 15
	matHeader  = 128
	maxMATDims = 16
)

// matWidths are the bytes of a number by its element type.
var matWidths = map[uint32]int{1: 1, miUint8: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}

// matArray is a numeric array whose values, column by column, are yet to be read.
type matArray struct {
	name   string
	dims   []int
	kind   uint32 // element type of the values
	count  int
	values io.Reader
	order  binary.ByteOrder
}

// readMAT shows the numeric arrays of a MAT-file, packed or not, in their order. What visit does not read is skipped.
// Other variables are named to visit without values.
func readMAT(r io.Reader, visit func(a matArray) error) error {
	order, err := readMATHeader(r)
	if err != nil {
		return err
	}
	for {
		e, err := nextElement(r, order)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e.kind {
		case miMatrix:
			err = e.array(order, visit)
		case miCompressed:
			err = e.unpacked(order, visit)
		}
		if err != nil {
			return err
		}
		if err := e.skip(); err != nil {
			return err
		}
	}
}

func readMATHeader(r io.Reader) (binary.ByteOrder, error) {
	head := make([]byte, matHeader)
	if n, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%d bytes are too few for a MAT-file", n)
	}
	if isHDF5(head) {
		return nil, errors.New("a MAT-file of version 7.3 (HDF5), the official files have version 5: save it with -v7")
	}
	switch string(head[126:]) {
	case "IM":
		return binary.LittleEndian, nil
	case "MI":
		return binary.BigEndian, nil
	}
	return nil, fmt.Errorf("no MAT-file of version 5: its header ends with % x", head[124:])
}

// isHDF5 says whether a file begins as HDF5 does, by itself or behind the text that MATLAB puts before it.
func isHDF5(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x89HDF\r\n\x1a\n")) || bytes.HasPrefix(head, []byte("MATLAB 7.3"))
}

// element is one data element: its type and its bytes, which are read at most once.
type element struct {
	kind    uint32
	size    int64
	body    io.Reader
	rest    *io.LimitedReader // of the bytes in the stream; nil where they are in the tag itself
	padding int64             // behind them
	stream  io.Reader
}

// nextElement reads a tag: type and size, or both in four bytes with as many of data.
func nextElement(r io.Reader, order binary.ByteOrder) (element, error) {
	var tag [8]byte
	if n, err := io.ReadFull(r, tag[:]); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return element{}, io.EOF
		}
		return element{}, fmt.Errorf("ends within the tag of an element: %w", err)
	}
	word := order.Uint32(tag[:])
	if small := word >> 16; small > 0 {
		if small > 4 {
			return element{}, fmt.Errorf("a small element of %d bytes, at most 4 fit", small)
		}
		return element{kind: word & 0xffff, size: int64(small), body: bytes.NewReader(tag[4 : 4+small])}, nil
	}
	e := element{kind: word, size: int64(order.Uint32(tag[4:])), stream: r}
	e.rest = &io.LimitedReader{R: r, N: e.size}
	if e.body = e.rest; e.kind != miCompressed {
		e.padding = -e.size & 7
	}
	return e, nil
}

// skip goes to the end of an element. The padding of the last one may be missing.
func (e element) skip() error {
	if e.rest == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, e.rest); err != nil {
		return err
	}
	if e.rest.N > 0 {
		return fmt.Errorf("ends %d bytes before the end of an element of %d", e.rest.N, e.size)
	}
	_, err := io.CopyN(io.Discard, e.stream, e.padding)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// small reads an element that describes an array.
func (e element) small(limit int64) ([]byte, error) {
	if e.size > limit {
		return nil, fmt.Errorf("%d bytes where at most %d describe an array", e.size, limit)
	}
	b := make([]byte, e.size)
	if _, err := io.ReadFull(e.body, b); err != nil {
		return nil, fmt.Errorf("ends within the description of an array: %w", err)
	}
	return b, e.skip()
}

// unpacked is the array inside a compressed element, whose checksum is verified at its end.
func (e element) unpacked(order binary.ByteOrder, visit func(matArray) error) error {
	z, err := zlib.NewReader(e.body)
	if err != nil {
		return fmt.Errorf("a packed element that does not unpack: %w", err)
	}
	inner, err := nextElement(z, order)
	if err != nil {
		return fmt.Errorf("a packed element: %w", err)
	}
	if inner.kind == miMatrix {
		if err := inner.array(order, visit); err != nil {
			return err
		}
	}
	if err := inner.skip(); err != nil {
		return err
	}
	switch n, err := io.ReadFull(z, make([]byte, 1)); {
	case n > 0:
		return errors.New("a packed element goes on after its array")
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("a packed element: %w", err)
	}
	return nil
}

// array reads what an array is and shows it.
func (e element) array(order binary.ByteOrder, visit func(matArray) error) error {
	var parts [3][]byte // flags, dimensions, name
	for i := range parts {
		part, err := nextElement(e.body, order)
		if err == nil {
			parts[i], err = part.small(256)
		}
		if err != nil {
			return notEOF(err)
		}
	}
	flags, dims := parts[0], parts[1]
	if len(flags) != 8 || len(dims)%4 != 0 || len(dims) > 4*maxMATDims {
		return fmt.Errorf("an array with %d bytes of flags and %d of sizes", len(flags), len(dims))
	}
	a := matArray{name: string(parts[2]), count: 1, order: order}
	for ; len(dims) > 0; dims = dims[4:] {
		n := int64(order.Uint32(dims))
		if n > math.MaxUint32/int64(max(a.count, 1)) {
			return fmt.Errorf("variable %s: size %d after %v is too large", a.name, n, a.dims)
		}
		a.dims, a.count = append(a.dims, int(n)), a.count*int(n)
	}
	if word := order.Uint32(flags); word&0xff < matNumeric || word&0xff > 15 || word&0x0800 != 0 {
		return visit(a) // text, a structure, complex numbers
	}
	values, err := nextElement(e.body, order)
	if err != nil {
		return fmt.Errorf("variable %s: %w", a.name, notEOF(err))
	}
	if width := matWidths[values.kind]; width == 0 || values.size != int64(width)*int64(a.count) {
		return fmt.Errorf("variable %s: %d bytes of type %d for sizes %v", a.name, values.size, values.kind, a.dims)
	}
	a.kind, a.values = values.kind, values.body
	return visit(a)
}

// notEOF keeps the end of an array from being taken for the end of the file.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// numbers reads all values of an array.
func (a matArray) numbers(limit int) ([]float64, error) {
	if a.count > limit {
		return nil, fmt.Errorf("variable %s has %d values, more than %d", a.name, a.count, limit)
	}
	width := matWidths[a.kind]
	raw, err := io.ReadAll(a.values) // grows with what is there, not with what is claimed
	if err != nil || len(raw) != width*a.count {
		return nil, fmt.Errorf("variable %s ends after %d of %d bytes (%v)", a.name, len(raw), width*a.count, err)
	}
	list := make([]float64, a.count)
	for i := range list {
		list[i] = a.number(raw[i*width : (i+1)*width])
	}
	return list, nil
}

func (a matArray) number(b []byte) float64 {
	switch a.kind {
	case 1:
		return float64(int8(b[0]))
	case 3:
		return float64(int16(a.order.Uint16(b)))
	case 4:
		return float64(a.order.Uint16(b))
	case 5:
		return float64(int32(a.order.Uint32(b)))
	case 6:
		return float64(a.order.Uint32(b))
	case 7:
		return float64(math.Float32frombits(a.order.Uint32(b)))
	case 9:
		return math.Float64frombits(a.order.Uint64(b))
	case 12:
		return float64(int64(a.order.Uint64(b)))
	case 13:
		return float64(a.order.Uint64(b))
	}
	return float64(b[0])
}

// sizes prints dimensions as 32×32×3×10.
func (a matArray) sizes() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(a.dims), "[]"), " ", "×")
}
