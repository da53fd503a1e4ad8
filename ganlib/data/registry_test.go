package data

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDownloadDir(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ data, cache, want string }{
		{"/d", "/c", "/d/mnist"},
		{"", "/c", "/c/data/mnist"},
		{"", "", filepath.Join(base, "ganbook", "data", "mnist")},
	} {
		t.Setenv("GANBOOK_DATA", c.data)
		t.Setenv("GANBOOK_CACHE", c.cache)
		dir, err := DownloadDir("mnist")
		if err != nil || dir != c.want {
			t.Errorf("data %q, cache %q: %s, %v; want %s", c.data, c.cache, dir, err, c.want)
		}
	}
}

func TestRegistryIsComplete(t *testing.T) {
	for _, s := range Sets() {
		if s.Title == "" || s.Page == "" || s.Terms == "" || s.Citation == "" || len(s.Files) == 0 {
			t.Errorf("%s lacks something: %+v", s.Name, s)
		}
		if kind, err := kindOf(s.Name); err != nil || kind == "" {
			t.Errorf("%s is not known to Open: %v", s.Name, err)
		}
		for _, f := range s.Files {
			if len(f.MD5) != 32 || len(f.Mirrors) < 2 || f.SHA256 != "" && len(f.SHA256) != 64 {
				t.Errorf("%s: %s: md5 %q, %d mirrors", s.Name, f.Name, f.MD5, len(f.Mirrors))
			}
			for _, m := range f.Mirrors {
				if !strings.HasPrefix(m, "http") {
					t.Errorf("%s: %s: mirror %q", s.Name, f.Name, m)
				}
			}
		}
	}
	if _, err := FindSet("lsun"); err == nil || !strings.Contains(err.Error(), "celeba") {
		t.Errorf("unknown set: %v", err)
	}
}

func TestVerifyNamesWhatIsMissingAndWrong(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "t10k-labels-idx1-ubyte.gz"), []byte("wrong"))
	checks, err := Verify("mnist", dir)
	if err != nil || len(checks) != 4 {
		t.Fatalf("%v, %v", checks, err)
	}
	if !errors.Is(checks[0].Err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", checks[0].Err)
	}
	if last := checks[3]; last.Err == nil || errors.Is(last.Err, fs.ErrNotExist) || !strings.Contains(last.Err.Error(), "published is ec29112dd5afa0611ce80d1b7f02629c") {
		t.Errorf("wrong file: %v", last.Err)
	}
}

// The shared files are the published ones; CIFAR-10's archive is by its members.
func TestVerifySharedSets(t *testing.T) {
	shared := sharedDir(t, "GANBOOK_DATA", "data")
	for _, name := range []string{"mnist", "cifar10"} {
		if _, err := os.Stat(filepath.Join(shared, name)); err != nil {
			t.Skipf("no %s in %s", name, shared)
		}
		checks, err := Verify(name, filepath.Join(shared, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Err != nil {
				t.Errorf("%s: %v", name, c.Err)
			}
		}
	}
}
