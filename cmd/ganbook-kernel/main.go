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

func main() {
	if len(os.Args) < 4 || os.Args[2] != "--" {
		fmt.Fprintln(os.Stderr, "usage: ganbook-kernel CONNECTION_FILE -- GONB [ARGUMENT…]\nJupyter starts it: ./ganbook lab")
		os.Exit(2)
	}
	o := proxy.Options{Connection: os.Args[1], Gonb: os.Args[3:], Log: os.Stderr}
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
