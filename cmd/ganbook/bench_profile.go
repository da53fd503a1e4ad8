package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ganbook/ganbook/cmd/ganbook/internal/work"
)

// profileFile is where the profile of a work goes.
func (c *benchCmd) profileFile(w work.Work) string {
	return filepath.Join(c.Profile, strings.ReplaceAll(w.String(), ":", "-")+".pprof")
}

// startProfile begins a profile of this process in a file; the returned function ends it.
func startProfile(file string) (stop func() error, err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// printProfile says where the processor's time of a work went, by the kinds of operation of the Go backend.
func (c *benchCmd) printProfile(a *app, w work.Work) error {
	file := c.profileFile(w)
	out, err := exec.CommandContext(a.ctx, "go", "tool", "pprof", "-traces", "-unit=ms", file).Output()
	if err != nil {
		return fmt.Errorf("bench: the profile %s could not be read: %w", file, explainExit(a.ctx, err))
	}
	spent := spentOn(out)
	total := time.Duration(0)
	for _, d := range spent {
		total += d
	}
	if total == 0 {
		fmt.Fprintf(a.out, "profile: %s is empty; use a longer --seconds\n", file)
		return nil
	}
	return writeProfile(a.out, file, spent, total)
}

// explainExit adds what a program said before it failed.
func explainExit(ctx context.Context, err error) error {
	if exit, ok := err.(*exec.ExitError); ok && ctx.Err() == nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// least is the smallest share that gets a line of its own.
const least = 0.01

func writeProfile(out io.Writer, file string, spent map[string]time.Duration, total time.Duration) error {
	kinds := slices.SortedFunc(maps.Keys(spent), func(x, y string) int {
		return cmp.Or(cmp.Compare(spent[y], spent[x]), strings.Compare(x, y))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "where the processor's time went (%s):\n", file)
	small := time.Duration(0)
	for _, kind := range kinds {
		share := float64(spent[kind]) / float64(total)
		if share < least {
			small += spent[kind]
			continue
		}
		fmt.Fprintf(table, "  %s\t%.1f %%\n", kind, 100*share)
	}
	fmt.Fprintf(table, "  all others\t%.1f %%\n", 100*float64(small)/float64(total))
	return table.Flush()
}

// spentOn adds up the samples of `go tool pprof -traces` by kind. A trace is a time and a stack, the innermost function
// first, and ends with a rule.
func spentOn(traces []byte) map[string]time.Duration {
	spent := map[string]time.Duration{}
	var stack []string
	var took time.Duration
	flush := func() {
		if len(stack) > 0 {
			spent[kindOf(stack)] += took
		}
		stack = nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(traces)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "-----------+") {
			flush()
			continue
		}
		first, rest, two := strings.Cut(line, " ")
		if d, err := time.ParseDuration(first); two && err == nil && len(stack) == 0 {
			took, stack = d, []string{strings.TrimSpace(rest)}
		} else if len(stack) > 0 {
			stack = append(stack, line)
		}
	}
	flush()
	return spent
}

// executed is the backend's function for an operation, such as execMulSIMD.
var executed = regexp.MustCompile(`gobackend/\w+\.exec([A-Z]\w*?)(SIMD|Generic|Numeric|\b|@)`)

// kindOf names what a stack was doing.
func kindOf(stack []string) string {
	all := strings.Join(stack, "\n")
	for _, k := range []struct{ part, kind string }{
		{"PackLHS", "matrix products: packing the left factor"}, {"packLHS", "matrix products: packing the left factor"},
		{"PackRHS", "matrix products: packing the right factor"}, {"packRHS", "matrix products: packing the right factor"},
		{"LargeKernel", "matrix products: multiplying"}, {"/matmul", "matrix products: small ones and edges"},
		{"ops.transpose", "Transpose"}, {"activations.", "activations"},
	} {
		if strings.Contains(all, k.part) {
			return k.kind
		}
	}
	if found := executed.FindStringSubmatch(all); found != nil {
		return found[1]
	}
	if strings.Contains(all, "gobackend") {
		return "scheduling of operations"
	}
	return "Go's runtime and the rest"
}
