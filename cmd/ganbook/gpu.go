package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// gpus are the NVIDIA GPUs of this machine, as far as their driver tells without CUDA.
type gpus struct {
	names  []string
	driver string // its version, 580.65.06
}

// oldestDriver is the first that knows CUDA 13.
const oldestDriver = 580

// driverDir is where Linux's driver says what it drives; tests have another one.
var driverDir = "/proc/driver/nvidia"

// smiTimeout is how long nvidia-smi may take; it waits for a driver that starts.
const smiTimeout = 20 * time.Second

// findGPUs asks the driver's files, else nvidia-smi (WSL has only that). The error says what is missing.
func findGPUs(ctx context.Context) (gpus, error) {
	if g, ok := driverFiles(); ok {
		if len(g.names) == 0 {
			return g, fmt.Errorf("the driver %s is loaded and drives no GPU", g.driver)
		}
		return g, nil
	}
	smi, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return gpus{}, fmt.Errorf("neither %s nor nvidia-smi is there: no NVIDIA GPU, or no driver", driverDir)
	}
	ctx, cancel := context.WithTimeout(ctx, smiTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, smi, "--query-gpu=name,driver_version", "--format=csv,noheader").Output()
	var g gpus
	for line := range strings.Lines(string(out)) {
		if name, driver, ok := strings.Cut(strings.TrimSpace(line), ", "); ok {
			g.names, g.driver = append(g.names, name), driver
		}
	}
	if len(g.names) == 0 {
		return g, errors.Join(fmt.Errorf("%s lists no GPU: %s", smi, orDash(strings.TrimSpace(string(out)))), err)
	}
	return g, nil
}

// driverFiles reads /proc/driver/nvidia.
func driverFiles() (g gpus, ok bool) {
	version, err := os.ReadFile(filepath.Join(driverDir, "version"))
	if err != nil {
		return g, false
	}
	for word := range strings.FieldsSeq(string(version)) { // NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  …
		if major, _, dotted := strings.Cut(word, "."); dotted {
			if _, err := strconv.Atoi(major); err == nil {
				g.driver = word
				break
			}
		}
	}
	cards, _ := os.ReadDir(filepath.Join(driverDir, "gpus"))
	for _, card := range cards {
		text, _ := os.ReadFile(filepath.Join(driverDir, "gpus", card.Name(), "information"))
		name := card.Name()
		for line := range strings.Lines(string(text)) {
			if model, ok := strings.CutPrefix(line, "Model:"); ok {
				name = strings.TrimSpace(model)
			}
		}
		g.names = append(g.names, name)
	}
	return g, true
}

// tooOld says whether the driver does not know CUDA 13; one whose version cannot be read counts as new.
func (g gpus) tooOld() bool {
	major, _, _ := strings.Cut(g.driver, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < oldestDriver
}

func (g gpus) String() string {
	return strings.Join(g.names, ", ") + ", driver " + orDash(g.driver)
}
