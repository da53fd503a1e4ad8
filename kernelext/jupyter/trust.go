package jupyter

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Trust signs a notebook for the servers of the options, so that they show its saved outputs whole: of a notebook that was neither run
// nor signed here, JupyterLab takes drawings (SVG) away. Sign only what is known to run no script.
func (e *Environment) Trust(ctx context.Context, o ServerOptions, file string) error {
	env, err := o.environ()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, e.Python(), "-I", "-m", "nbformat.sign", file)
	cmd.Env, cmd.WaitDelay = env, time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("jupyter: signing %s: %w\n%s", file, err, strings.TrimSpace(lastLines(string(out), 5)))
	}
	return nil
}
