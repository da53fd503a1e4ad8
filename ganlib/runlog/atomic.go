package runlog

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Temporary files and folders start with this and are invisible to every reader.
const temporary = ".tmp-"

// WriteFile writes a small file so that a reader finds the old or the new content, also after a loss of power. Its folder
// must be there.
func WriteFile(path string, content []byte) error {
	return createAtomic(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func createAtomic(path string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary+filepath.Base(path)+"-*")
	if err != nil {
		return noRoom(path, err)
	}
	err = f.Chmod(0o644)
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
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
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
