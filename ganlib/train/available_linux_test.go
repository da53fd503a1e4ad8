package train

import (
	"os"
	"path/filepath"
	"testing"
)

// What is left is the least of the machine's and of every group's above the process, in both versions of control groups.
func TestAvailable(t *testing.T) {
	const meminfo = "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    800 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing known": {nil, 0},
		"no groups":     {map[string]string{"proc/meminfo": meminfo}, 800 << 10},
		"no limit":      {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "5\n"}, 800 << 10},
		"group": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "5000\n", "sys/fs/cgroup/a/b/memory.current": "3000\n", "sys/fs/cgroup/a/b/memory.stat": "anon 1\ninactive_file 500\n"}, 2500},
		"group above": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "3000\n",
			"sys/fs/cgroup/a/memory.max": "4000\n", "sys/fs/cgroup/a/memory.current": "3900\n"}, 100},
		"container": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/outside/c\n",
			"sys/fs/cgroup/memory.max": "7000\n", "sys/fs/cgroup/memory.current": "9000\n"}, 0},
		"version 1": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "9:cpu:/x\n4:memory:/job\n0::/\n",
			"sys/fs/cgroup/memory/job/memory.limit_in_bytes": "9000\n", "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "8000\n",
			"sys/fs/cgroup/memory/job/memory.stat": "inactive_file 7\ntotal_inactive_file 300\n"}, 1300},
		"larger than the machine": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "8000\n"}, 800 << 10},
	} {
		root := t.TempDir()
		for path, text := range c.files {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := availableIn(root); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, got, c.want)
		}
	}
	if here := Available(); here < 1<<20 {
		t.Errorf("this machine has %d bytes left", here)
	}
}
