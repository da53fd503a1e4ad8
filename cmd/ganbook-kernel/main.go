// Ganbook-kernel is the Jupyter kernel "Go (ganbook)": ganbook-kernel CONNECTION_FILE -- GONB [ARGUMENT…]. The kernelspec
// starts it and sets for it: GANBOOK_ROOT, the checkout that cells import from, and GANBOOK_GOPLS, the gopls that completes.
// GANBOOK_GRACE (60s) says how long an interrupted training may take to save.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ganbook/ganbook/kernelext/assist"
	"github.com/ganbook/ganbook/kernelext/proxy"
)

// guard is the first argument of the process that is the kernel; the one without it watches over it.
const guard = "--guarded"

func main() {
	args := os.Args[1:]
	guarded := len(args) > 0 && args[0] == guard
	if guarded {
		args = args[1:]
	}
	if len(args) < 3 || args[1] != "--" {
		fmt.Fprintln(os.Stderr, "usage: ganbook-kernel CONNECTION_FILE -- GONB [ARGUMENT…]\nJupyter starts it: ./ganbook lab")
		os.Exit(2)
	}
	if !guarded {
		guardKernel(args)
	}
	o := proxy.Options{Connection: args[0], Gonb: args[2:], Log: os.Stderr}
	if text := os.Getenv("GANBOOK_GRACE"); text != "" {
		var err error
		if o.Grace, err = time.ParseDuration(text); err != nil || o.Grace <= 0 {
			fmt.Fprintf(os.Stderr, "ganbook-kernel: GANBOOK_GRACE is %q, want a time such as 60s\n", text)
			os.Exit(2)
		}
	}
	assistant := assist.Start(context.Background(), assist.Options{Root: os.Getenv("GANBOOK_ROOT"), Log: os.Stderr})
	o.Assistant = assistant
	err := proxy.Run(context.Background(), o)
	assistant.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ganbook-kernel:", err)
		os.Exit(1)
	}
}

// guardKernel runs this program again as the kernel, and ends with it.
func guardKernel(args []string) {
	program, err := os.Executable()
	status := 1
	if err == nil {
		status, err = proxy.Guard(program, append([]string{guard}, args...)...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ganbook-kernel:", err)
	}
	os.Exit(status)
}
