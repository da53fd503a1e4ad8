package runlog

import (
	"os"
	"strings"
)

// processor reads /proc/cpuinfo: the first processor's model and flags. ARM kernels name no model there; boards have
// one in the device tree.
func processor() (model string, features []string) {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "model name", "Model":
			if model == "" {
				model = value
			}
		case "flags", "Features":
			if features == nil {
				features = strings.Fields(value)
			}
		}
	}
	if model == "" {
		board, _ := os.ReadFile("/proc/device-tree/model")
		model = strings.Trim(string(board), "\x00\n ")
	}
	return model, features
}
