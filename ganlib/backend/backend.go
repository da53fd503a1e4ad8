// Package backend chooses and configures what computes: the pure Go backend by default, XLA when it was built in and
// is asked for, by name or once and for all by setup. It never installs anything and never falls back in silence.
//
// A configuration is "go[:option,...]" or "xla[:cpu|:cuda|:/path/of/a/plug-in][,option...]". XLA computes in a
// plug-in, a shared library that [Locate] finds.
package backend

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Variable is the environment variable that names a backend when no flag does.
const Variable = compute.ConfigEnvVar

// startXLA starts an XLA backend; nil in a program without XLA.
var startXLA func(device string, options []string) (compute.Backend, error)

// BuiltIn are the names that this program knows.
func BuiltIn() []string {
	if startXLA != nil {
		return []string{"go", "xla"}
	}
	return []string{"go"}
}

// Default is the configuration used when nobody asks for another: as many executors as cores, eight at most.
// Without it the Go backend keeps all but one worker of a small machine idle, and can deadlock on two cores.
func Default() string { return fmt.Sprintf("go:num_executors=%d", Executors()) }

// Executors is the number of graph executors of the default backend.
func Executors() int { return min(runtime.NumCPU(), 8) }

// Config says in full which configuration New(config) uses: the argument, else $GOMLX_BACKEND, else what setup --gpu
// chose for programs with XLA, else [Default]. A plain "go" gets the default's executors, a plain "xla" the device
// whose plug-in is installed, and CUDA its precision.
func Config(config string) string {
	if config == "" {
		config = os.Getenv(Variable)
	}
	if config == "" && startXLA != nil {
		config = Installed().Default
	}
	if config == "" || config == "go" {
		return Default()
	}
	if name, _, _ := strings.Cut(config, ":"); name == "xla" {
		return xlaConfig(parseXLA(config))
	}
	return config
}

// ExecutorsOf is the number of graph executors of a configuration, 0 for a backend that has none of ours.
func ExecutorsOf(config string) int {
	name, options, _ := strings.Cut(Config(config), ":")
	if name != "go" {
		return 0
	}
	for _, option := range strings.Split(options, ",") {
		if text, ok := strings.CutPrefix(option, "num_executors="); ok {
			if n, err := strconv.Atoi(text); err == nil {
				return n
			}
		}
	}
	return builtinExecutors
}

// builtinExecutors is what the Go backend starts when its configuration has options but names no number.
const builtinExecutors = 8

// New returns the backend of a configuration such as "go", "go:num_executors=4" or "xla:cuda". An unknown or
// unavailable one is an error that says what there is.
func New(config string) (b compute.Backend, err error) {
	config = Config(config)
	if err := Check(config); err != nil {
		return nil, err
	}
	start := func() (compute.Backend, error) { return compute.NewWithConfig(config) }
	if strings.HasPrefix(config, "xla") {
		start = func() (compute.Backend, error) { return startXLA(parseXLA(config)) }
	}
	if caught := exceptions.TryCatch[error](func() { b, err = start() }); caught != nil {
		err = caught
	}
	if err != nil {
		return nil, fmt.Errorf("backend: %s cannot start: %w", config, err)
	}
	return b, nil
}

// Check refuses what New could not start for want of a part, and starts nothing: an unknown or absent backend, an
// unknown device, a missing plug-in.
func Check(config string) error {
	config = Config(config)
	name, _, _ := strings.Cut(config, ":")
	switch {
	case name == "go":
		return nil
	case name != "xla":
		return fmt.Errorf("backend: there is no backend %q; this program has: %s", config, strings.Join(BuiltIn(), ", "))
	case startXLA == nil:
		return fmt.Errorf("backend: %q is not built in; this program has: %s%s", config, strings.Join(BuiltIn(), ", "), howToBuild())
	}
	device, _ := parseXLA(config)
	_, err := Locate(device)
	return err
}

// howToBuild says how to come by a program with XLA.
func howToBuild() string {
	if Installed().Environment != "" {
		return "\n→ XLA is installed: start with ./ganbook, which builds it in, or build with the tag xla"
	}
	return "\n→ for an NVIDIA GPU: ./ganbook setup --gpu, which needs a C compiler; or build with the tag xla and name a plug-in (PJRT)" +
		"\n→ or leave --backend and $" + Variable + " unset for the Go backend, which is always there"
}
