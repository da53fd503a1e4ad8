package backend_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/gomlx/gomlx/core/graph"
)

// alone keeps what is installed on this machine out of a test.
func alone(t *testing.T) (cache string) {
	t.Helper()
	cache = t.TempDir()
	for name, value := range map[string]string{"GANBOOK_CACHE": cache, backend.Variable: "", backend.EnvironmentVariable: "", backend.PluginVariable: ""} {
		t.Setenv(name, value)
	}
	return cache
}

func builtIn(name string) bool { return slices.Contains(backend.BuiltIn(), name) }

func TestConfig(t *testing.T) {
	alone(t)
	standard := fmt.Sprintf("go:num_executors=%d", min(runtime.NumCPU(), 8))
	for _, tc := range []struct{ variable, argument, want string }{
		{"", "", standard},
		{"", "go", standard}, // GoMLX's own defaults leave cores idle
		{"go", "", standard},
		{"", "go:num_executors=3", "go:num_executors=3"},
		{"go:num_executors=1", "", "go:num_executors=1"},
		{"go:num_executors=1", "go:num_executors=2", "go:num_executors=2"},
		{"xla:cuda", "", "xla:cuda,tf32=true"},
		{"xla:cuda", "go", standard},
		{"", "xla:cpu", "xla:cpu"},
		{"", "xla:cpu,shared_buffers=false", "xla:cpu,shared_buffers=false"},
		{"", "xla:cuda,tf32=false", "xla:cuda,tf32=false"},
		{"", "xla:cuda,notf32", "xla:cuda,notf32"},
		{"", "xla:cuda,preallocate", "xla:cuda,preallocate,tf32=true"},
		{"", "xla:/x/xla_cuda_plugin.so", "xla:/x/xla_cuda_plugin.so,tf32=true"},
		{"", "xla", "xla:cuda,tf32=true"}, // nothing is installed: the error will be about CUDA
		{"", "other:x", "other:x"},
	} {
		t.Setenv(backend.Variable, tc.variable)
		got := backend.Config(tc.argument)
		if got != tc.want {
			t.Errorf("$%s=%q, --backend %q: %s, want %s", backend.Variable, tc.variable, tc.argument, got, tc.want)
		}
		if again := backend.Config(got); again != got {
			t.Errorf("%s becomes %s", got, again)
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
	alone(t)
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
	alone(t)
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
	alone(t)
	for _, config := range []string{"tpu", "cuda", "GO", "hlo:cpu", "stablehlo"} {
		t.Setenv(backend.Variable, config)
		_, err := backend.New("")
		mustSay(t, err, "backend: ", `"`+config+`"`, "this program has: go")
		mustSay(t, backend.Check(""), `"`+config+`"`)
		if err != nil && strings.Contains(err.Error(), "setup --gpu") {
			t.Errorf("%s: how to get XLA belongs to XLA: %v", config, err)
		}
	}
}

// A program without XLA says how to come by it, by what is installed.
func TestXLAIsNotBuiltIn(t *testing.T) {
	if builtIn("xla") {
		t.Skip("built with the tag xla")
	}
	cache := alone(t)
	for _, config := range []string{"xla", "xla:cpu", "xla:cuda", "xla:gpu"} {
		_, err := backend.New(config)
		mustSay(t, err, config, "not built in; this program has: go", "./ganbook setup --gpu", "C compiler", "unset for the Go backend")
	}
	if err := backend.Save(cache, backend.Installation{Environment: "/env", Default: "xla:cuda"}); err != nil {
		t.Fatal(err)
	}
	_, err := backend.New("xla:cuda")
	mustSay(t, err, "start with ./ganbook")
	if got := backend.Config(""); got != backend.Default() {
		t.Errorf("a program without XLA computes on %s", got)
	}
}

// mustSay checks an error's text for its parts.
func mustSay(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error lacks %q: %v", p, err)
		}
	}
}

// Options that the Go backend does not know are an error as well.
func TestBadOption(t *testing.T) {
	for _, config := range []string{"go:num_executors=many", "go:speed=high"} {
		if _, err := backend.New(config); err == nil || !strings.Contains(err.Error(), config) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
