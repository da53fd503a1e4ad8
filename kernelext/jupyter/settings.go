package jupyter

import (
	"bytes"
	"embed"
	"os"
	"path/filepath"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// settings are ours, for this environment only: no request to the network (news, updates), loopback only, and no
// kernel in the launcher but those installed.
//
//go:embed settings
var settings embed.FS

// Where the files of settings go.
var settingFolders = map[string]string{
	"overrides.json":             "share/jupyter/lab/settings",
	"jupyter_lab_config.json":    "etc/jupyter",
	"jupyter_server_config.json": "etc/jupyter",
}

// configure writes the settings that differ and takes Python's own kernel away, which JupyterLab brings along.
func (e *Environment) configure() error {
	for name, folder := range settingFolders {
		text, err := settings.ReadFile("settings/" + name)
		if err != nil {
			return err
		}
		file := filepath.Join(e.Dir, filepath.FromSlash(folder), name)
		if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, text) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := runlog.WriteFile(file, text); err != nil { // a JupyterLab that is starting beside us reads it
			return err
		}
	}
	return os.RemoveAll(filepath.Join(e.Dir, "share", "jupyter", "kernels", "python3"))
}

// use mends the settings of a complete environment and notes the time.
func (e *Environment) use() error {
	now := time.Now()
	os.Chtimes(filepath.Join(e.Dir, marker), now, now) // a cache that only its owner may write is used all the same
	return e.configure()
}
