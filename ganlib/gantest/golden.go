package gantest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// GoldenVariable names the folder of golden files to test against.
const GoldenVariable = "GANBOOK_GOLDEN"

// goldenDir is the folder of golden files: the one named by $GANBOOK_GOLDEN, else golden in the shared folder next
// to the module, else testdata/golden, our own copy, which has every kind.
func goldenDir(t testing.TB) (dir string, own bool) {
	t.Helper()
	if dir := os.Getenv(GoldenVariable); dir != "" {
		if !isDir(dir) {
			t.Fatalf("gantest: %s=%s is not a folder; unset it to use the copy in testdata/golden", GoldenVariable, dir)
		}
		return dir, false
	}
	if dir := filepath.Join(filepath.Dir(Root(t)), "shared", "golden"); isDir(dir) {
		return dir, false
	}
	return filepath.Join(Root(t), "testdata", "golden"), true
}

// Golden reads the golden file of one kind ("conv" is conv.json) into a struct. The kind fixes the schema; names,
// shapes and numbers are the file's. Where the folder has no file of that kind, the test is skipped, or fails if the
// folder is our own testdata/golden.
func Golden(t testing.TB, kind string, into any) {
	t.Helper()
	dir, own := goldenDir(t)
	readGolden(t, dir, own, kind, into)
}

func readGolden(t testing.TB, dir string, own bool, kind string, into any) {
	t.Helper()
	path := filepath.Join(dir, kind+".json")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) && !own {
		t.Skipf("gantest: no golden file %s", path)
	}
	if err != nil {
		t.Fatalf("gantest: %v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("gantest: golden file %s: %v", path, err)
	}
}

// Root is the folder of go.mod, above the test's own.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("gantest: no go.mod above the working folder")
		}
		dir = parent
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
