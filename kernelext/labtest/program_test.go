package labtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

var build = sync.OnceValue(func() error {
	_, err := output(context.Background(), ".", "go", "build", "-o", filepath.Join(jupyterDir, "ganbook"), "github.com/ganbook/ganbook/cmd/ganbook")
	return err
})

// ganbook runs the command line of this checkout; its failure comes with what it wrote to stderr.
func ganbook(t *testing.T, args ...string) (message string, err error) {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(jupyterDir, "ganbook"), args...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), "GANBOOK_ROOT="+kerneltest.ModuleRoot(t)), &stderr
	err = cmd.Run()
	return stderr.String(), err
}
