package backend_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/gomlx/gomlx/core/graph"
)

func TestConfig(t *testing.T) {
	standard := fmt.Sprintf("go:num_executors=%d", min(runtime.NumCPU(), 8))
	for _, tc := range []struct{ variable, argument, want string }{
		{"", "", standard},
		{"", "go", standard}, // GoMLX's own defaults leave cores idle
		{"go", "", standard},
		{"", "go:num_executors=3", "go:num_executors=3"},
		{"go:num_executors=1", "", "go:num_executors=1"},
		{"go:num_executors=1", "go:num_executors=2", "go:num_executors=2"},
		{"xla:cuda", "", "xla:cuda"},
		{"xla:cuda", "go", standard},
	} {
		t.Setenv(backend.Variable, tc.variable)
		if got := backend.Config(tc.argument); got != tc.want {
			t.Errorf("$%s=%q, --backend %q: %s, want %s", backend.Variable, tc.variable, tc.argument, got, tc.want)
		}
	}
	if backend.Default() != standard || backend.Executors() != min(runtime.NumCPU(), 8) {
		t.Errorf("default %s with %d executors on %d cores", backend.Default(), backend.Executors(), runtime.NumCPU())
	}
	if backend.Variable != "GOMLX_BACKEND" {
		t.Errorf("the variable is called %s", backend.Variable)
	}
}

// A run's record says how many executors its backend has, not how many ours would have.
func TestExecutorsOf(t *testing.T) {
	t.Setenv(backend.Variable, "")
	for config, want := range map[string]int{
		"": min(runtime.NumCPU(), 8), "go": min(runtime.NumCPU(), 8), "go:num_executors=3": 3, "go:ops_sequential,num_executors=1": 1,
		"go:ops_sequential": 8, "xla": 0, "xla:cuda": 0,
	} {
		if got := backend.ExecutorsOf(config); got != want {
			t.Errorf("%q: %d executors, want %d", config, got, want)
		}
	}
}

// The backend works, and the variable of the environment decides where no argument does.
func TestNew(t *testing.T) {
	for variable, argument := range map[string]string{"": "", "go:num_executors=1": "", "no such thing": "go"} {
		t.Setenv(backend.Variable, variable)
		b, err := backend.New(argument)
		if err != nil {
			t.Errorf("$%s=%q, --backend %q: %v", backend.Variable, variable, argument, err)
			continue
		}
		out, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node { return graph.Square(x) }, float32(3))
		if err != nil || out.Value() != float32(9) {
			t.Errorf("3² is %v, %v", out, err)
		}
		b.Finalize()
	}
}

// An unknown backend is an error that says what there is; nothing else is chosen in its place.
func TestUnknownBackend(t *testing.T) {
	for _, config := range []string{"tpu", "cuda", "GO", "xla:gpu"} {
		if strings.HasPrefix(config, "xla") && hasXLA() {
			continue
		}
		t.Setenv(backend.Variable, config)
		_, err := backend.New("")
		if err == nil {
			t.Fatalf("%s was accepted", config)
		}
		text := err.Error()
		if !strings.HasPrefix(text, "backend: ") || !strings.Contains(text, `"`+config+`"`) || !strings.Contains(text, "this program has: go") {
			t.Errorf("%s: %v", config, err)
		}
		if strings.Contains(text, "PJRT") != strings.HasPrefix(config, "xla") {
			t.Errorf("%s: how to get XLA belongs to XLA: %v", config, err)
		}
	}
}

func hasXLA() bool {
	_, err := backend.New("xla")
	return err == nil || !strings.Contains(err.Error(), "not built in")
}

// Options that the Go backend does not know are an error as well.
func TestBadOption(t *testing.T) {
	for _, config := range []string{"go:num_executors=many", "go:speed=high"} {
		if _, err := backend.New(config); err == nil || !strings.Contains(err.Error(), config) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
