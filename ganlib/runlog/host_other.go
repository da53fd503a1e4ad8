//go:build !linux && !darwin

package runlog

import "os"

// processor knows what Windows puts into the environment; the features are not told there.
func processor() (model string, features []string) {
	return os.Getenv("PROCESSOR_IDENTIFIER"), nil
}
