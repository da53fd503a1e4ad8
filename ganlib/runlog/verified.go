package runlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// verifiedFile lies in a snapshot folder whose weights were just written and synced, or found whole by a reader. It
// holds their SHA-256 and which file that was: number, size, and the times of the last change of its content and of its
// state, which no program can set. While all are the same, a reader need not read 76 MB to look at a third of them.
// Resume always does.
const verifiedFile = "verified"

// identity names the content of a file without reading it, "" where the system does not tell enough.
func identity(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("file %d, %d bytes, content of %d, state of %d", s.Ino, info.Size(), info.ModTime().UnixNano(), changed(s))
}

// isVerified reports whether a reader before has found the weights in this folder to have that SHA-256.
func isVerified(dir, hash, identity string) bool {
	b, err := os.ReadFile(filepath.Join(dir, verifiedFile))
	return err == nil && identity != "" && string(b) == verified(hash, identity)
}

func verified(hash, identity string) string { return hash + "\n" + identity + "\n" }

// rememberVerified spares the next reader the work. Where the folder cannot be written nothing is spared.
func rememberVerified(dir, hash, identity string) {
	if identity == "" {
		return
	}
	f, err := os.CreateTemp(dir, temporary+verifiedFile+"-*")
	if err != nil {
		return
	}
	_, err = f.WriteString(verified(hash, identity))
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil || os.Rename(f.Name(), filepath.Join(dir, verifiedFile)) != nil {
		os.Remove(f.Name())
	}
}
