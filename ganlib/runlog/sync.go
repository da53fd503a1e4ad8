package runlog

import "os"

// syncDir makes renames in a folder survive a loss of power.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return noRoom(dir, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return noRoom(dir, err)
	}
	return nil
}
