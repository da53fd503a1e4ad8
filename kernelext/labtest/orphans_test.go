package labtest

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
)

// forks starts programs of every kind that a cell can leave behind: its own child, a child of a shell, one in a session
// of its own. All have begun when the cell ends.
const forks = `cmd := exec.Command("sleep", "100001")
if err := cmd.Start(); err != nil {
	panic(err)
}
if err := exec.Command("sh", "-c", "sleep 100002 & sleep 100003 & exit").Run(); err != nil {
	panic(err)
}
apart := exec.Command("sleep", "100004")
apart.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
if err := apart.Start(); err != nil {
	panic(err)
}`

// What a cell has started ends with the kernel, however that ends, and with a cell running. The kernel is two processes: Jupyter starts
// the guard, and the guard the one that does the work; each may be killed.
func TestNothingOutlivesTheKernel(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are found through /proc")
	}
	for name, end := range map[string]func(*testing.T, *kernel){
		"restart":  func(t *testing.T, k *kernel) { shutdown(t, k, true) },
		"shutdown": func(t *testing.T, k *kernel) { shutdown(t, k, false) },
		"guard killed": func(t *testing.T, k *kernel) {
			if err := syscall.Kill(k.Pid(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		},
		"killed": func(t *testing.T, k *kernel) {
			if err := syscall.Kill(k.worker(t), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		},
		"terminated": func(t *testing.T, k *kernel) {
			if err := syscall.Kill(k.Pid(), syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := start(t)
			if got := k.run(t, forks); got.status != "ok" {
				t.Fatalf("status %q, errors %q", got.status, got.errors)
			}
			k.printed(t, k.send(t, "fmt.Println(\"going\")\ntime.Sleep(time.Hour)"), "going")
			if n := len(k.processes()); n < 3 {
				t.Fatalf("%d processes carry the mark: %v", n, k.processes())
			}
			end(t, k)
			<-k.Exited()
			k.expectGone(t)
		})
	}
}

// shutdown asks as Jupyter does, and wants the answer on the channel that it asked on.
func shutdown(t *testing.T, k *kernel, restart bool) {
	id, err := k.Send(client.Control, "shutdown_request", map[string]bool{"restart": restart})
	if err != nil {
		t.Fatal(err)
	}
	k.await(t, id, "shutdown_reply", func(r record) bool { return r.has("shutdown_reply") })
}

// A Jupyter that is killed cannot end its kernels: they end by themselves, with the cell that runs.
func TestTheKernelEndsWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are found through /proc")
	}
	spec := installed(t)
	spec.Argv = append([]string{"sh", "-c", `"$@" & wait`, "sh"}, spec.Argv...)
	k := startSpec(t, spec)
	if got := k.run(t, forks); got.status != "ok" {
		t.Fatalf("status %q, errors %q", got.status, got.errors)
	}
	k.printed(t, k.send(t, "fmt.Println(\"going\")\ntime.Sleep(time.Hour)"), "going")
	if err := syscall.Kill(k.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	k.expectGone(t)
}
