package gantest

import (
	"os"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// BackendVariable is the environment variable that runs the tests on another backend, for example xla:cpu in a
// build with the tag xla.
const BackendVariable = "GANBOOK_TEST_BACKEND"

var shared = sync.OnceValues(func() (compute.Backend, error) {
	config := os.Getenv(BackendVariable)
	if config == "" {
		config = backend.Default() // not GOMLX_BACKEND: tests do not depend on the user's choice
	}
	return backend.New(config)
})

// Backend returns the backend to test on, the same one for all tests of a program.
func Backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OnGo tells whether that is the Go backend, for tests of what only holds there (lowerings, equality to the bit).
func OnGo(t testing.TB) bool { return Backend(t).Name() != "xla" }
