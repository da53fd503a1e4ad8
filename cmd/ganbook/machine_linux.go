package main

import (
	"fmt"
	"os"
	"strings"
)

// memory returns the machine's memory and how much of it programs could have now, in bytes.
func memory() (total, available uint64, ok bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(text)) {
		var name string
		var kB uint64
		if _, err := fmt.Sscan(line, &name, &kB); err != nil {
			continue
		}
		switch name {
		case "MemTotal:":
			total = kB << 10
		case "MemAvailable:":
			available = kB << 10
		}
	}
	return total, available, total > 0 && available > 0
}
