package shared

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Find lists what fits a pattern below a folder, as full paths. The folder's own name may hold any characters, such as those of
// "/home/me/[course]", which mean something else in a pattern.
func Find(dir, pattern string) []string {
	found, _ := fs.Glob(os.DirFS(dir), pattern) // the patterns are ours; a folder that cannot be read holds nothing for us
	for i, name := range found {
		found[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	return found
}
