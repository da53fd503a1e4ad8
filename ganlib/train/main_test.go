package train

import (
	"fmt"
	"os"
	"testing"
)

// childVariable names the run that this program, started by TestKill, is to train until it is killed.
const childVariable = "GANBOOK_TRAIN_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := trainUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if work := os.Getenv(memoryVariable); work != "" {
		if err := printPeak(work); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
