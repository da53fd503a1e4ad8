package main

import (
	"context"
	"fmt"
)

// needGPU refuses the suite where there is no GPU, before anything is compiled for one.
func needGPU(ctx context.Context) error {
	if _, err := findGPUs(ctx); err != nil {
		return fmt.Errorf("bench gpu: this machine has no GPU that could be measured: %w\n→ on one that has: %s setup --gpu, then %s bench gpu --peer PYTHON --jax PYTHON --readme; %s bench cpu measures this processor",
			err, program, program, program)
	}
	return nil
}
