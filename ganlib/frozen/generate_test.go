//go:build goexperiment.simd && amd64

package frozen

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The tiles of one width are those that generate.go makes of the portable ones.
func TestGeneratedTiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"generate.go", "tile_simd.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := exec.Command("go", "run", "generate.go")
	program.Dir = dir
	if out, err := program.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"tile_8_amd64.go", "tile_16_amd64.go"} {
		made, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if ours, err := os.ReadFile(name); err != nil || !bytes.Equal(ours, made) {
			t.Errorf("%s is not what go generate writes: %v", name, err)
		}
	}
}
