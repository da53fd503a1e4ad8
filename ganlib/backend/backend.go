// Package backend chooses and configures what computes: the pure Go backend by default, XLA when it was built in
// and is asked for by name. It never installs anything and never falls back in silence.
package backend

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Variable is the environment variable that names a backend when no flag does.
const Variable = compute.ConfigEnvVar

// Default is the configuration used when nobody asks for another: as many executors as cores, eight at most.
// Without it the Go backend keeps all but one worker of a small machine idle, and can deadlock on two cores.
func Default() string { return fmt.Sprintf("go:num_executors=%d", Executors()) }

// Executors is the number of graph executors of the default backend.
func Executors() int { return min(runtime.NumCPU(), 8) }

// Config says which configuration New(config) would use: the argument, else $GOMLX_BACKEND, else [Default].
// A plain "go" gets the default's executors.
func Config(config string) string {
	if config == "" {
		config = os.Getenv(Variable)
	}
	if config == "" || config == "go" {
		return Default()
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
	name, _, _ := strings.Cut(config, ":")
	if !slices.Contains(compute.List(), name) {
		return nil, fmt.Errorf("backend: %q is not built in; this program has: %s%s", config, strings.Join(compute.List(), ", "), hint(name))
	}
	if err := exceptions.TryCatch[error](func() { b, err = compute.NewWithConfig(config) }); err != nil {
		return nil, fmt.Errorf("backend: %s: %w", config, err)
	}
	if err != nil {
		return nil, fmt.Errorf("backend: %s cannot start: %w%s", config, err, hint(name))
	}
	return b, nil
}

// hint says how to come by a backend that is missing.
func hint(name string) string {
	if name == "xla" {
		return "\nXLA needs a build with the tag xla, a C compiler and a PJRT plug-in; nothing is installed without being asked." +
			"\nLeave --backend and $" + Variable + " unset for the Go backend, which is always there."
	}
	return ""
}
