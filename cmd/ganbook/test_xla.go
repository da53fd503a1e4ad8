package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ganbook/ganbook/ganlib/backend"
)

// onXLA are the tests that run a second time, on XLA: everything that is compared with golden values, closed forms or
// finite differences, trajectories of three steps included. Of package train they are those of its steps, of anogan its
// trajectories; the others are about files, searches and how a training ends.
var onXLA = [][]string{
	{"./ganlib/backend", "./ganlib/nn", "./ganlib/loss", "./ganlib/dcgan"},
	{"-run=Golden|Order|SecondAdam|AgainstDifferences|Iteration|CriticStep|PenaltyAt|OMASGANSimultaneous|ProGANSteps", "./ganlib/train", "./ganlib/anogan"},
}

// NoWheelVariable tells why XLA's plug-in cannot be had where the tests run. Under CI=true nothing else excuses its absence.
const NoWheelVariable = "GANBOOK_NO_XLA_WHEEL"

// xla runs the tests of the computation on xla:cpu, which is what a GPU computes but for the rounding.
func (c *testCmd) xla(a *app, root string) error {
	if why := lacksXLA(a.ctx); why != nil {
		reason := os.Getenv(NoWheelVariable)
		if os.Getenv("CI") == "true" && reason == "" {
			return fmt.Errorf("test: the tests on XLA cannot run: %w", why)
		}
		if reason != "" {
			why = errors.New(reason)
		}
		fmt.Fprintf(a.out, "skipped: the tests on XLA: %v\n", why)
		return nil
	}
	// Half of the time goes into LLVM's optimiser, which is not what is tested; XLA's own passes stay.
	env := []string{"CGO_ENABLED=1", "GANBOOK_TEST_BACKEND=xla:cpu", "XLA_FLAGS=--xla_backend_optimization_level=0"}
	if err := c.goTool(a, root, []string{"vet", "-tags=xla", "./ganlib/..."}, env...); err != nil {
		return err
	}
	for _, tests := range onXLA {
		if err := c.goTool(a, root, append([]string{"test", "-tags=xla", "-timeout=30m"}, tests...), env...); err != nil {
			return err
		}
	}
	return nil
}

// lacksXLA says what the tests on XLA need and this machine has not.
func lacksXLA(ctx context.Context) error {
	if _, err := compiler(ctx); err != nil {
		return fmt.Errorf("%w; %s", err, compilerRemedy)
	}
	_, err := backend.Locate("cpu")
	return err
}
