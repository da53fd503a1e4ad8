package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// checkCompiler looks for what XLA and the race detector of test --long are built with. Nothing else needs it.
func checkCompiler(path string, err error) finding {
	if err != nil {
		return finding{Check: "c compiler", State: stateWarn, Detail: err.Error() + "; the Go backend and notebooks need none, XLA and " + program + " test --long do", Remedy: compilerRemedy}
	}
	return finding{Check: "c compiler", State: stateOK, Detail: path + ", for XLA and " + program + " test --long"}
}

const compilerRemedy = "install one (Debian, Ubuntu: apt install gcc; macOS: xcode-select --install), or name yours in CC"

// compiler finds the C compiler that Go would use for cgo: what go env says, CC included.
func compiler(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	if err != nil {
		return "", fmt.Errorf("go env CC: %w", err)
	}
	fields := strings.Fields(string(out)) // with flags, perhaps
	if len(fields) == 0 {
		return "", errors.New("go env CC names no C compiler")
	}
	path, err := exec.LookPath(fields[0])
	if err != nil {
		return "", fmt.Errorf("there is no C compiler %s", fields[0])
	}
	return path, nil
}
