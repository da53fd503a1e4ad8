package kernelext

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// notebooksDir, in the folder of runs, holds the values of each notebook.
const notebooksDir = ".notebooks"

// Config keeps a value for the cells of this notebook, by its type: one cell sets it, later ones read it.
//
//	kernelext.Config(experiments.Options{Scale: experiments.Lecture, Data: "faces"}) // sets
//	options := kernelext.Config[experiments.Options]()                               // reads
//
// The value outlives its cell and the kernel; it lies as JSON in runs/.notebooks. Functions, channels and interfaces
// are not kept: they must be nil when it is set and are nil when it is read. Config panics, so that the cell fails, when
// nothing was set, when the type has changed since, and when the value has no JSON form (NaN).
func Config[T any](value ...T) T {
	var v T
	var err error
	switch len(value) {
	case 0:
		err = readConfig(reflect.ValueOf(&v).Elem())
	case 1:
		v = value[0]
		err = writeConfig(reflect.ValueOf(&v).Elem())
	default:
		err = errors.New("it takes one value or none")
	}
	if err != nil {
		panic(fmt.Errorf("kernelext: config: %w", err))
	}
	return v
}

// Knobs shows the value that Config keeps as a table, with what differs from the defaults in bold. Without defaults they
// are the zero values, which mean the experiment's own choice in experiments.Options.
func Knobs[T any](defaults ...T) {
	var usual T
	if len(defaults) > 0 {
		usual = defaults[0]
	}
	Markdown(knobs(reflect.ValueOf(Config[T]()), reflect.ValueOf(usual)), nil)
}

func knobs(v, usual reflect.Value) string {
	var b strings.Builder
	b.WriteString("| setting | value | default |\n| --- | --- | --- |\n")
	row := func(name string, v, usual reflect.Value) {
		value, other := printed(v), printed(usual)
		if value != other {
			value = "**" + value + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, value, other)
	}
	if v.Kind() != reflect.Struct {
		row(v.Type().String(), v, usual)
		return b.String()
	}
	for i := range v.NumField() {
		if isKept(v.Field(i).Type()) {
			row(v.Type().Field(i).Name, v.Field(i), usual.Field(i))
		}
	}
	return b.String()
}

// printed is a value in a table: what a pointer points to, and a dash for nothing.
func printed(v reflect.Value) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.IsZero() && v.Kind() != reflect.Bool && !v.CanInt() && !v.CanFloat() || v.Kind() == reflect.Pointer {
		return "–"
	}
	return strings.ReplaceAll(fmt.Sprint(v.Interface()), "|", `\|`)
}

// kept is a value on disk. Shape is its type written out, so that a cell that has changed it is told.
type kept struct {
	Type  string          `json:"type"`
	Shape string          `json:"shape"`
	Value json.RawMessage `json:"value"`
}

func writeConfig(v reflect.Value) error {
	value, err := encoded(v)
	if err != nil {
		return fmt.Errorf("%s cannot be kept: %w", v.Type(), err)
	}
	text, err := json.MarshalIndent(kept{v.Type().String(), shape(v.Type()), value}, "", "  ")
	if err != nil {
		return err
	}
	path := configFile(v.Type())
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return runlog.WriteFile(path, append(text, '\n'))
}

func readConfig(v reflect.Value) error {
	name, path := v.Type().String(), configFile(v.Type())
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no %s has been set in this notebook; run the cell that sets it, kernelext.Config(%s{…})", name, name)
	}
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return fmt.Errorf("%s is damaged: %w; run the cell that sets it", path, err)
	}
	if is := shape(v.Type()); k.Shape != is {
		return fmt.Errorf("the type %s has changed since it was set: it was %s, it is %s; run the cell that sets it", name, k.Shape, is)
	}
	if err := decode(k.Value, v); err != nil {
		return fmt.Errorf("%s: %w; run the cell that sets it", path, err)
	}
	return nil
}

// isKept tells what has a JSON form from what belongs to a running program.
func isKept(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		return false
	}
	return true
}

// encoded is the JSON of a value, a struct field by field by the names of Go: a tag may leave a field out.
func encoded(v reflect.Value) (json.RawMessage, error) {
	if v.Kind() != reflect.Struct {
		return json.Marshal(v.Interface())
	}
	fields := map[string]json.RawMessage{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
			return nil, fmt.Errorf("its field %s has a small first letter; write it with a capital", f.Name)
		case !isKept(f.Type) && !v.Field(i).IsZero():
			return nil, fmt.Errorf("its field %s is a %s, which ends with the cell; set it where it is used", f.Name, f.Type)
		case !isKept(f.Type):
			continue
		}
		text, err := json.Marshal(v.Field(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("its field %s: %w", f.Name, err)
		}
		fields[f.Name] = text
	}
	return json.Marshal(fields)
}

func decode(text json.RawMessage, v reflect.Value) error {
	if v.Kind() != reflect.Struct {
		return json.Unmarshal(text, v.Addr().Interface())
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name, text := range fields {
		if f := v.FieldByName(name); f.IsValid() {
			if err := json.Unmarshal(text, f.Addr().Interface()); err != nil {
				return fmt.Errorf("field %s: %w", name, err)
			}
		}
	}
	return nil
}

// shape writes out what a type consists of, as far as it is kept.
func shape(t reflect.Type) string {
	if t.Kind() != reflect.Struct {
		return t.Kind().String()
	}
	var fields []string
	for i := range t.NumField() {
		if f := t.Field(i); isKept(f.Type) {
			fields = append(fields, f.Name+" "+f.Type.String())
		}
	}
	return "{" + strings.Join(fields, "; ") + "}"
}

var unfitForAFile = regexp.MustCompile(`[^A-Za-z0-9._]+`)

// configFile is where the values of a type lie: for each notebook a folder, for each type a file.
func configFile(t reflect.Type) string {
	return filepath.Join(jobs.Root, notebooksDir, notebook(), unfitForAFile.ReplaceAllString(t.String(), "-")+".json")
}

// notebook names this notebook: by its file if the front end tells it, else by its kernel, whose id a restart keeps.
func notebook() string {
	path := cmp.Or(os.Getenv("JPY_SESSION_NAME"), os.Getenv("GONB_JUPYTER_KERNEL_ID"))
	if path == "" {
		return "program"
	}
	name := unfitForAFile.ReplaceAllString(strings.TrimSuffix(filepath.Base(path), ".ipynb"), "-")
	return fmt.Sprintf("%s-%.4x", name, sha256.Sum256([]byte(path)))
}
