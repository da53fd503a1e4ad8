package kernelext

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

type wishes struct {
	Width  int
	Rate   float64
	Name   string `json:"-"` // kept all the same
	Seed   *int64
	Set    map[string]string
	Log    io.Writer
	Report func()
}

// fails returns what a call panics with, which fails the cell.
func fails(call func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	call()
	return ""
}

func TestConfigIsReadByLaterCells(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("JPY_SESSION_NAME", "/home/me/a b/01-dcgan.ipynb")
	if message := fails(func() { Config[wishes]() }); !strings.Contains(message, "no kernelext.wishes has been set in this notebook; run the cell that sets it") {
		t.Errorf("read before it was set: %q", message)
	}
	seed := int64(7)
	set := wishes{Width: 32, Rate: 2e-4, Name: "x", Seed: &seed, Set: map[string]string{"beta1": "0.9"}}
	if got := Config(set); !reflect.DeepEqual(got, set) {
		t.Errorf("setting returned %+v", got)
	}
	if got := Config[wishes](); !reflect.DeepEqual(got, set) {
		t.Errorf("read %+v, want %+v", got, set)
	}
	Config(set.Set) // other types of the same notebook
	Config(3)
	if Config[int]() != 3 || Config[map[string]string]()["beta1"] != "0.9" || Config[wishes]().Width != 32 {
		t.Error("types are mixed up")
	}
	set.Width = 64
	Config(set)
	if Config[wishes]().Width != 64 {
		t.Error("the second setting was not kept")
	}
	// The kernel's restart changes nothing; another notebook has its own.
	t.Setenv("JPY_SESSION_NAME", "/home/me/copy/01-dcgan.ipynb")
	if fails(func() { Config[wishes]() }) == "" {
		t.Error("another notebook reads this one's")
	}
	t.Setenv("JPY_SESSION_NAME", "")
	t.Setenv("GONB_JUPYTER_KERNEL_ID", "0123")
	Config(wishes{Width: 1})
	if Config[wishes]().Width != 1 {
		t.Error("a notebook known by its kernel")
	}
}

func TestConfigNoticesAChangedType(t *testing.T) {
	t.Chdir(t.TempDir())
	{
		type choice struct{ Width int }
		Config(choice{32})
	}
	type choice struct{ Width float64 }
	if message := fails(func() { Config[choice]() }); !strings.Contains(message, "has changed since it was set: it was {Width int}, it is {Width float64}; run the cell that sets it") {
		t.Errorf("%q", message)
	}
	Config(choice{0.5})
	if Config[choice]().Width != 0.5 {
		t.Error("setting it anew does not help")
	}
}

func TestConfigRefusesWhatCannotBeKept(t *testing.T) {
	t.Chdir(t.TempDir())
	for want, set := range map[string]func(){
		"field Log is a io.Writer":            func() { Config(wishes{Log: io.Discard}) },
		"field Report is a func()":            func() { Config(wishes{Report: func() {}}) },
		"field Rate: json: unsupported":       func() { Config(wishes{Rate: math.NaN()}) },
		"field width has a small":             func() { Config(struct{ width int }{1}) },
		"it takes one value or none":          func() { Config(1, 2) },
		"no kernelext.wishes has been set in": func() { Config[wishes]() },
	} {
		if message := fails(set); !strings.Contains(message, want) {
			t.Errorf("%q lacks %q", message, want)
		}
	}
	Config(wishes{})
	file := configFile(reflect.TypeFor[wishes]())
	if err := os.WriteFile(file, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if message := fails(func() { Config[wishes]() }); !strings.Contains(message, "is damaged") || !strings.Contains(message, filepath.Base(file)) {
		t.Errorf("%q", message)
	}
}

func TestKnobs(t *testing.T) {
	seed := int64(7)
	v := wishes{Width: 64, Rate: 2e-4, Seed: &seed, Name: "a|b"}
	got := knobs(reflect.ValueOf(v), reflect.ValueOf(wishes{Width: 32, Rate: 2e-4}))
	want := "| setting | value | default |\n| --- | --- | --- |\n| Width | **64** | 32 |\n| Rate | 0.0002 | 0.0002 |\n| Name | **a\\|b** | – |\n| Seed | **7** | – |\n| Set | – | – |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := knobs(reflect.ValueOf(3), reflect.ValueOf(0)); !strings.Contains(got, "| int | **3** | 0 |") {
		t.Error(got)
	}
}
