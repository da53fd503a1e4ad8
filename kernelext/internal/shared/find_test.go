package shared

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A folder may be called what it likes.
func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my [course] *?")
	for _, name := range []string{"a/env-1", "a/env-2", "b/env-3", "a/other", "a/.build-1"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"a/env-*": {"a/env-1", "a/env-2"}, "*/env-[23]": {"a/env-2", "b/env-3"}, "*/.build-*": {"a/.build-1"}, "c/*": nil,
	} {
		for i := range want {
			want[i] = filepath.Join(dir, want[i])
		}
		if got := Find(dir, pattern); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
	if got := Find(filepath.Join(dir, "absent"), "*"); len(got) > 0 {
		t.Errorf("in a folder that is not there: %q", got)
	}
}
