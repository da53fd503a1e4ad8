package runlog

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Temporary files and folders start with this and are invisible to every reader.
const temporary = ".tmp-"

// WriteFile writes a small file so that a reader finds the old or the new content, also after a loss of power. Its folder
// must be there. A file that is replaced keeps its permissions, and a link to it stays a link.
func WriteFile(path string, content []byte) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	return createAtomic(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func createAtomic(path string, fill func(io.Writer) error) error {
	name := filepath.Join(filepath.Dir(path), temporary+filepath.Base(path)+"-"+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // a new file is as private as its user's are
	if err != nil {
		return noRoom(path, err)
	}
	if old, statErr := os.Stat(path); statErr == nil {
		err = f.Chmod(old.Mode().Perm())
	}
	if err == nil {
		err = fill(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		os.Remove(name)
		return noRoom(path, err)
	}
	return syncDir(filepath.Dir(path))
}

// noRoom is the error of a write that the disk refused.
func noRoom(path string, err error) error {
	return fmt.Errorf("runlog: cannot write %s: %w; check that the disk has room and the folder is writable", path, err)
}

// removeTemporary removes what a killed writer left in a folder.
func removeTemporary(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporary) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("runlog: cannot remove what a killed writer left: %w", err)
			}
		}
	}
	return nil
}
