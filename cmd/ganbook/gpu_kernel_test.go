package main

import (
	"os"
	"testing"

	"github.com/ganbook/ganbook/kernelext/kernelspec"
)

// The kernel with XLA compiles cells with it and computes on the processor's plug-in, down to a training, the smallest of
// what the notebooks do. The three cells that every kernel must run are left to setup's proof.
func TestKernelWithXLA(t *testing.T) {
	if why := lacksXLA(t.Context()); why != nil {
		if os.Getenv("CI") == "true" && os.Getenv(NoWheelVariable) == "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	env, err := environmentOf()
	if err != nil {
		t.Skip(err) // a plug-in that PJRT_PLUGIN_LIBRARY_PATH names is in no environment
	}
	spec, err := kernelspec.Prepare(t.Context(), kernelspec.Options{XLA: env, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	spec.Env["GOMLX_BACKEND"] = "xla:cpu" // also where CUDA's plug-in lies beside it
	training := proofCell{
		source: "run, err := experiments.Train(context.Background(), \"dcgan\", experiments.Options{Scale: experiments.Smoke, Images: 16, Out: os.TempDir()})\n" +
			"if err != nil {\n\tpanic(err)\n}\nfmt.Println(\"trained on\", run.Info().Backend)",
		want: "trained on xla:cpu",
	}
	t.Setenv("TMPDIR", t.TempDir()) // of the cells: the run goes with the test
	report, err := proveSpec(t.Context(), spec, []proofCell{xlaProofCell, training})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kernel ready in %v, all in %v", report.Ready, report.Total)
}
