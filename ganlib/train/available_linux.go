package train

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Available is the memory, in bytes, that this process may still take, of the machine's or of its control group's,
// whichever is less; 0 when the system does not say.
func Available() int64 { return availableIn("/") }

// availableIn reads the files of the system below a root.
func availableIn(root string) int64 {
	free := meminfo(filepath.Join(root, "proc/meminfo"), "MemAvailable:")
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return free
	}
	for line := range strings.Lines(string(text)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 {
			continue
		}
		var files groupFiles
		switch {
		case part[0] == "0" && part[1] == "":
			files = groupFiles{filepath.Join(root, "sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"}
		case strings.Contains(","+part[1]+",", ",memory,"):
			files = groupFiles{filepath.Join(root, "sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
		default:
			continue
		}
		if left, ok := files.left(part[2]); ok && left < free {
			free = left
		}
	}
	return free
}

// groupFiles is where and how a version of control groups keeps its figures.
type groupFiles struct{ mount, limit, usage, reclaimable string }

// left is the least that a group or one above it may still take. In a container the group's path may be that of the
// outside, and its files lie at the mount.
func (f groupFiles) left(group string) (least int64, limited bool) {
	for at := filepath.Join("/", group); ; at = filepath.Dir(at) {
		dir := filepath.Join(f.mount, at)
		limit, ok := number(filepath.Join(dir, f.limit))
		usage, used := number(filepath.Join(dir, f.usage))
		if ok && used {
			free := max(limit-usage+meminfo(filepath.Join(dir, "memory.stat"), f.reclaimable), 0)
			if !limited || free < least {
				least, limited = free, true
			}
		}
		if at == "/" {
			return least, limited
		}
	}
}

// number reads a file that holds one; "max" is none.
func number(path string) (int64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// meminfo reads the number behind a name, in bytes; 0 when there is none.
func meminfo(path, name string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var word, unit string
		var n int64
		if found, _ := fmt.Sscan(line, &word, &n, &unit); found < 2 || word != name {
			continue
		}
		if unit == "kB" {
			n <<= 10
		}
		return n
	}
	return 0
}
