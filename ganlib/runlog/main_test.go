package runlog

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// childMode in the environment makes the test binary the second process of a test.
const childMode = "GANBOOK_RUNLOG_CHILD"

func TestMain(m *testing.M) {
	mode, dir := os.Getenv(childMode), os.Getenv("GANBOOK_RUNLOG_DIR")
	switch mode {
	case "":
		os.Exit(m.Run())
	case "create":
		for range 5 {
			r, err := Create(dir, Info{Experiment: fmt.Sprintf("dcgan/p%d", os.Getpid())})
			fatal(err)
			fatal(r.Close())
		}
	case "hold":
		_, err := Resume(dir)
		fatal(err)
		fmt.Println("held")
		time.Sleep(time.Minute)
	case "save":
		fatal(saveForever(dir))
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newRun makes a run in a temporary folder and closes it with the test.
func newRun(t testing.TB) *Run {
	t.Helper()
	r, err := Create(t.TempDir(), Info{Experiment: "dcgan", Seed: 999})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
