package runlog

import (
	"os"
	"path/filepath"
	"testing"
)

// What is replaced stays as private as it was, also behind a link, and the link stays.
func TestWriteFileKeepsPermissionsAndLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "private"), filepath.Join(dir, "elsewhere", "link")
	must(t, os.WriteFile(file, []byte("old"), 0o600))
	must(t, os.Mkdir(filepath.Dir(link), 0o755))
	must(t, os.Symlink("../private", link))
	for _, path := range []string{file, link} {
		must(t, WriteFile(path, []byte(path)))
		got, err := os.ReadFile(file)
		must(t, err)
		info, err := os.Stat(file)
		must(t, err)
		if string(got) != path || info.Mode().Perm() != 0o600 {
			t.Errorf("written to %s: %q, mode %v", path, got, info.Mode())
		}
	}
	if to, err := os.Readlink(link); err != nil || to != "../private" {
		t.Errorf("the link: %q, %v", to, err)
	}
	fresh := filepath.Join(dir, "new")
	must(t, WriteFile(fresh, nil))
	must(t, os.WriteFile(file+"2", nil, 0o666)) // as the user's own files are
	a, err := os.Stat(fresh)
	must(t, err)
	b, err := os.Stat(file + "2")
	must(t, err)
	if a.Mode() != b.Mode() {
		t.Errorf("a new file has mode %v, the user's have %v", a.Mode(), b.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, temporary+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
