package proxy

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// A GoNB that dies is an error of its cell; the next cell has a new one, and the numbers go on.
func TestGonbDies(t *testing.T) {
	k := start(t)
	k.run("!out a")
	dies, next := k.send("!out last\n!die"), k.send("!out b")
	r := k.wait(dies)
	if name, value := r.failure(t); name != "KernelError" || !strings.Contains(value, "GoNB, which compiles and runs cells, has ended") || r.stdout != "last" {
		t.Errorf("%s: %s; stdout %q", name, value, r.stdout)
	}
	k.wait(next).expect(t, "aborted")
	if r := k.run("!count"); r.stdout != "3" {
		t.Errorf("GoNB counts %q cells, the notebook 3", r.stdout)
	}
	id := k.send("!run cell echo $$; sleep 1000")
	k.seen(id, "\n")
	program := number(t, k.result(id).stdout)
	for _, q := range listProcesses() {
		if q.parent == k.pid {
			syscall.Kill(q.pid, syscall.SIGKILL)
		}
	}
	k.wait(id).failure(t)
	gone(t, program)
	k.run("!out again").expect(t, "ok")
}

// GoNB is used when its output can be heard, not before: its first answer may come too early for that.
func TestGonbIsHeard(t *testing.T) {
	k := start(t, "FAKE_DEAF=1")
	if r := k.run("!out a"); r.stdout != "a" {
		t.Errorf("stdout %q", r.stdout)
	}
}

// Another program that had GoNB's ports, and took our call, is not taken for GoNB: when it has left, GoNB is called.
func TestStrangerOnGonbsPorts(t *testing.T) {
	k := start(t, "FAKE_STRANGER=1")
	if r := k.run("!out a"); r.stdout != "a" {
		t.Errorf("stdout %q", r.stdout)
	}
	if strings.Contains(k.log(), "has ended") {
		t.Errorf("GoNB was started more than once:\n%s", k.log())
	}
}

// A kernel ends when its context does, also with a program that would go on.
func TestContextEnds(t *testing.T) {
	k := start(t)
	id := k.send("!run cell trap '' INT; echo $$; while :; do sleep 0.01; done")
	k.seen(id, "\n")
	program := number(t, k.result(id).stdout)
	syscall.Kill(k.pid, syscall.SIGUSR1)
	gone(t, k.Pid())
	gone(t, program)
}

// A GoNB that dies of what it is given at its start is not started for ever: the declarations are given up, and the user is told.
func TestDeclarationsThatKillGonb(t *testing.T) {
	k := start(t, "FAKE_FRAGILE=1")
	k.run("!out a").expect(t, "ok")
	k.run("!out b\n!out c\nfunc deadly() {}").expect(t, "ok")
	k.run("!die").failure(t)
	k.run("!out d").failure(t) // it has died three times
	if r := k.run("!out e"); r.stdout != "e" || !strings.Contains(r.stderr, "declarations of earlier cells are gone") {
		t.Errorf("stdout %q, stderr %q", r.stdout, r.stderr)
	}
	if n := strings.Count(k.log(), "has ended"); n != 3 {
		t.Errorf("GoNB has died %d times, want 3:\n%s", n, k.log())
	}
}

// A GoNB that could not be started for a while knows the declarations of earlier cells when it can.
func TestGonbStartsLater(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken")
	k := start(t, "FAKE_BROKEN_WHILE="+broken)
	k.run("import m \"math\"").expect(t, "ok")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.run("!die").failure(t)
	k.run("!out a").failure(t)
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if got := k.run("!codes").stdout; !strings.Contains(got, "import m \"math\"") {
		t.Errorf("GoNB was given\n%s", got)
	}
}

// A GoNB that does not start is no end of the kernel: every cell says why.
func TestGonbDoesNotStart(t *testing.T) {
	k := start(t, "FAKE_BROKEN=1")
	for range 2 {
		r := k.run("!out a")
		if name, _ := r.failure(t); name != "KernelError" || !strings.Contains(string(r.reply.Content), "no room for GoNB") {
			t.Errorf("reply %s", r.reply.Content)
		}
	}
	k.run("%help").expect(t, "ok")
}

// At the end of the kernel programs may save, what runs on is killed, and a detached training lives.
func TestShutdown(t *testing.T) {
	k := start(t)
	saved := filepath.Join(t.TempDir(), "saved")
	id := k.send("!run cell GANBOOK_DETACHED=/x setsid sleep 1000 >&- 2>&- & echo $!; setsid sleep 1001 >&- 2>&- & echo $!; trap '' INT; trap 'echo yes > " +
		saved + "; exit' INT; echo ready; while :; do sleep 0.01; done")
	k.seen(id, "ready")
	lines := strings.Fields(k.result(id).stdout)
	detached, other := number(t, lines[0]), number(t, lines[1])
	defer syscall.Kill(detached, syscall.SIGKILL)
	k.wait(k.ask("is_complete_request", jsonText(`{"code":""}`)))
	stop, err := k.Send(client.Control, "shutdown_request", map[string]bool{"restart": true})
	if err != nil {
		t.Fatal(err)
	}
	k.wait(stop).expect(t, "ok")
	<-k.Exited()
	gone(t, other)
	if text, err := os.ReadFile(saved); err != nil || string(text) != "yes\n" {
		t.Errorf("the program did not save: %q, %v", text, err)
	}
	if !alive(detached) {
		t.Error("a detached training was ended")
	}
}

// A program that does not end by itself cannot hold the kernel up.
func TestShutdownOfStubbornProgram(t *testing.T) {
	k := start(t)
	id := k.send("!run cell trap '' INT TERM; echo $$; while :; do sleep 0.01; done")
	k.seen(id, "\n")
	program := number(t, k.result(id).stdout)
	k.close()
	gone(t, program)
}

// A kernel ends when the program that started it is gone, however it went.
func TestParentGone(t *testing.T) {
	dir := t.TempDir()
	c, err := wire.NewConnection()
	if err != nil {
		t.Fatal(err)
	}
	file, err := c.Write(dir, "kernel-1.json")
	if err != nil {
		t.Fatal(err)
	}
	self := fakeSpec(t).Argv[0]
	for _, tc := range []struct{ name, script string }{
		{"the parent", self + " kernel " + file + " & echo $!; sleep 1000"},
		{"Jupyter", "exec 3>&1; sleep 1000 3>&- >&- & JPY_PARENT_PID=$! " + self + " kernel " + file + " & echo $!; exec 3>&- >&-; wait"},
	} {
		parent := exec.Command("/bin/bash", "-c", tc.script)
		parent.Env = append(os.Environ(), "FAKE_FOLDER="+dir, "JPY_PARENT_PID=")
		parent.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		defer syscall.Kill(-parent.Process.Pid, syscall.SIGKILL)
		var text [32]byte
		n, _ := out.Read(text[:])
		kernel := number(t, string(text[:n]))
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) { // until it listens
			if conn, err := net.Dial("tcp", strings.TrimPrefix(c.Address(c.Shell), "tcp://")); err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the kernel does not listen")
			}
		}
		inner := child(t, kernel)
		victim := parent.Process.Pid
		if tc.name == "Jupyter" {
			for _, q := range listProcesses() {
				if q.parent == victim && q.name == "sleep" {
					victim = q.pid
				}
			}
		}
		syscall.Kill(victim, syscall.SIGKILL)
		gone(t, kernel)
		gone(t, inner)
		for _, q := range listProcesses() {
			if q.group == inner && !q.zombie {
				t.Errorf("%s: left of the kernel: %+v", tc.name, q)
			}
		}
		syscall.Kill(-parent.Process.Pid, syscall.SIGKILL)
		parent.Wait()
	}
}

// Whichever of the two processes of a kernel is killed, nothing is left but what was detached.
func TestKilled(t *testing.T) {
	for _, victim := range []string{"guard", "kernel"} {
		k := &kernel{t: t, temp: t.TempDir()}
		var err error
		if k.Client, err = client.Start(t.Context(), fakeSpec(t), k.temp, "FAKE_FOLDER="+k.temp, "JPY_PARENT_PID="); err != nil {
			t.Fatal(err)
		}
		k.pid = child(t, k.Pid())
		id := k.send("!run cell GANBOOK_DETACHED=/x setsid sleep 1000 >&- 2>&- & echo $!; setsid sleep 1001 >&- 2>&- & echo $!; sleep 1002 & echo $!; echo ready; wait")
		k.seen(id, "ready")
		var pids []int
		for _, text := range strings.Fields(k.result(id).stdout)[:3] {
			pids = append(pids, number(t, text))
		}
		defer syscall.Kill(pids[0], syscall.SIGKILL)
		syscall.Kill(map[string]int{"guard": k.Pid(), "kernel": k.pid}[victim], syscall.SIGKILL)
		<-k.Exited()
		gone(t, pids[1])
		gone(t, pids[2])
		gone(t, k.pid)
		if !alive(pids[0]) {
			t.Errorf("the %s was killed: a detached training has ended", victim)
		}
		if left, _ := filepath.Glob(filepath.Join(k.temp, "ganbook-kernel-*")); len(left) > 0 {
			t.Errorf("the %s was killed: files are left: %q", victim, left)
		}
		k.Close()
	}
}

// SIGTERM ends a kernel, SIGINT is the stop button.
func TestSignals(t *testing.T) {
	k := start(t)
	id := k.send("!run cell echo ready; sleep 1000")
	k.seen(id, "ready")
	syscall.Kill(k.Pid(), syscall.SIGINT)
	k.wait(id).failure(t)
	k.run("!out on").expect(t, "ok")
	syscall.Kill(k.Pid(), syscall.SIGTERM)
	<-k.Exited()
}

// Temporary files of GoNB and of cells lie in a folder of the kernel.
func TestTemporaryFolder(t *testing.T) {
	k := start(t)
	if r := k.run("!where"); !strings.HasPrefix(r.stdout, filepath.Join(k.temp, "ganbook-kernel-")) {
		t.Errorf("GoNB's files are in %s, want them below %s", r.stdout, k.temp)
	}
}

func TestConnectionIsRefused(t *testing.T) {
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c, err := wire.NewConnection()
	if err != nil {
		t.Fatal(err)
	}
	c.Control = taken.Addr().(*net.TCPAddr).Port
	busy, err := c.Write(dir, "kernel-busy.json")
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"ip":"127.0.0.1"`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	for file, want := range map[string]string{busy: "address already in use", bad: "unexpected end of JSON", filepath.Join(dir, "none"): "no such file"} {
		err := Run(context.Background(), Options{Connection: file, Gonb: []string{"gonb"}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if err := Run(context.Background(), Options{Connection: busy}); err == nil {
		t.Error("a kernel without GoNB")
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "absent"))
	if err := Run(context.Background(), Options{Connection: busy, Gonb: []string{"gonb"}}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("without a temporary folder: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "ganbook-kernel-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
