package labtest

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

var buildOnce sync.Once

// build is the command line of this checkout.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(jupyterDir, "ganbook")
	buildOnce.Do(func() {
		if _, err := output(t.Context(), kerneltest.ModuleRoot(t), "go", "build", "-o", program, "./cmd/ganbook"); err != nil {
			t.Error(err)
		}
	})
	return program
}
