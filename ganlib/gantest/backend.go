package gantest

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// BackendVariable is the environment variable that runs the tests on another backend, for example xla:cpu in a
// build with the tag xla.
const BackendVariable = "GANBOOK_TEST_BACKEND"

// config is the backend to test on: not GOMLX_BACKEND, and nothing that setup chose, because tests do not depend on
// the user's choice.
func config() string {
	if config := os.Getenv(BackendVariable); config != "" {
		return config
	}
	return backend.Default()
}

var shared = sync.OnceValues(func() (compute.Backend, error) { return backend.New(config()) })

// Backend returns the backend to test on, the same one for all tests of a program. A test on XLA is skipped where its
// plug-in, or XLA itself, is not there; under CI=true it fails.
func Backend(t testing.TB) compute.Backend {
	t.Helper()
	if err := backend.Check(config()); err != nil && strings.HasPrefix(config(), "xla") && os.Getenv("CI") != "true" {
		t.Skipf("%s=%s: %v", BackendVariable, config(), err)
	}
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OnGo tells whether that is the Go backend, for tests of what only holds there (lowerings, equality to the bit).
func OnGo(t testing.TB) bool { return Backend(t).Name() != "xla" }
