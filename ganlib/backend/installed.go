package backend

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// EnvironmentVariable names a Python environment with XLA's plug-ins, instead of the one that setup made; "off" is as
// if setup had made none.
const EnvironmentVariable = "GANBOOK_XLA"

// Installation is what setup installed for XLA, and whether it is what computes from then on.
type Installation struct {
	Environment string // the virtual environment with the plug-ins; "": none
	Default     string // the backend of programs with XLA that are not told another; "": the Go backend
}

// installationFile is the record in ganbook's cache folder, lines of a word and a value. The launcher reads it, too:
// where it is, programs are built with XLA.
const installationFile = "accelerator"

// Installed reads what setup recorded, nothing when there is no record or [EnvironmentVariable] says off. The variable
// takes the place of the environment.
func Installed() (i Installation) {
	chosen := os.Getenv(EnvironmentVariable)
	if chosen == "off" {
		return i
	}
	if dir, err := cacheDir(); err == nil {
		i = Recorded(dir)
	}
	if chosen != "" {
		i.Environment = chosen
	}
	return i
}

// Recorded is what setup recorded in a cache folder, whatever the environment says.
func Recorded(cache string) (i Installation) {
	f, err := os.Open(filepath.Join(cache, installationFile))
	if err != nil {
		return i
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		word, value, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "environment":
			i.Environment = value
		case "default":
			i.Default = value
		}
	}
	return i
}

// Save records an installation in a cache folder; an empty one removes the record.
func Save(cache string, i Installation) error {
	file := filepath.Join(cache, installationFile)
	if i == (Installation{}) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("backend: %w", err)
		}
		return nil
	}
	text := "# Written by ganbook setup: programs are built with XLA, which finds its plug-ins here.\nenvironment " + i.Environment + "\n"
	if i.Default != "" {
		text += "default " + i.Default + "\n"
	}
	f, err := os.CreateTemp(cache, ".new-*")
	if err != nil {
		return fmt.Errorf("backend: %w; choose another folder with GANBOOK_CACHE", err)
	}
	defer os.Remove(f.Name()) // fails when the rename went well
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("backend: %w; choose another folder with GANBOOK_CACHE", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	return nil
}

// cacheDir is the folder of everything that ganbook builds and fetches.
func cacheDir() (string, error) {
	if dir := os.Getenv("GANBOOK_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "ganbook"), err
}
