package runlog

import (
	"strings"
	"syscall"
)

// processor asks the kernel. Apple's own processors list no features; their model implies them.
func processor() (model string, features []string) {
	model, _ = syscall.Sysctl("machdep.cpu.brand_string")
	for _, name := range []string{"machdep.cpu.features", "machdep.cpu.leaf7_features"} {
		list, _ := syscall.Sysctl(name)
		features = append(features, strings.Fields(list)...)
	}
	return model, features
}
