package proxy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
)

const patience = 2 * time.Minute // on a machine that does other things as well, and with the race detector

func decode[T any](m wire.Message) (content T) {
	if err := json.Unmarshal(m.Content, &content); err != nil {
		panic(err)
	}
	return content
}

// kernel is a kernel with a fake GoNB and all that it says.
type kernel struct {
	*client.Client
	t    *testing.T
	temp string // its temporary files
	pid  int    // of the kernel; the client's is the guard's
	said []wire.Message
}

func fakeSpec(t *testing.T) kernelspec.Spec {
	if _, err := os.Stat("/bin/bash"); err != nil {
		t.Skip("the programs of cells are scripts of bash, which is not here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return kernelspec.Spec{Argv: []string{self, "kernel", "{connection_file}"}}
}

// start starts a kernel; when the test ends, nothing of it may be left.
func start(t *testing.T, env ...string) *kernel {
	t.Helper()
	k := &kernel{t: t, temp: t.TempDir()}
	var err error
	if k.Client, err = client.Start(t.Context(), fakeSpec(t), k.temp, append(env, "FAKE_FOLDER="+k.temp, "JPY_PARENT_PID=")...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	k.pid = child(t, k.Pid())
	return k
}

// close ends the kernel as Jupyter does and looks for what it leaves.
func (k *kernel) close() {
	k.t.Helper()
	if _, err := k.Send(client.Control, "shutdown_request", map[string]bool{"restart": false}); err != nil && alive(k.Pid()) {
		k.t.Error(err)
	}
	select {
	case <-k.Exited():
		if err := k.Err(); !strings.HasSuffix(err.Error(), ": <nil>") {
			k.t.Errorf("the kernel ends badly: %v", err)
		}
	case <-time.After(patience):
		k.t.Error("the kernel does not end")
	}
	k.expectGone()
	k.Close()
	if k.t.Failed() {
		k.t.Logf("the kernel says:\n%s", k.log())
	}
}

func (k *kernel) log() string {
	text, err := os.ReadFile(filepath.Join(k.temp, "log"))
	if err != nil {
		k.t.Error(err)
	}
	return string(text)
}

// expectGone waits until no process of the kernel's group is left, and looks for its files.
func (k *kernel) expectGone() {
	k.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var left []process
		for _, q := range listProcesses() {
			if (q.group == k.Pid() || q.group == k.pid) && !q.zombie {
				left = append(left, q)
			}
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			k.t.Errorf("processes are left: %+v", left)
			break
		}
	}
	if left, _ := filepath.Glob(filepath.Join(k.temp, "ganbook-kernel-*")); len(left) > 0 {
		k.t.Errorf("files are left: %q", left)
	}
}

// ask sends a request on shell.
func (k *kernel) ask(messageType string, content any) (id string) {
	k.t.Helper()
	id, err := k.Send(client.Shell, messageType, content)
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

func (k *kernel) send(code string) (id string) {
	k.t.Helper()
	return k.ask("execute_request", client.Code(code))
}

// result is all that was said about a request.
type result struct {
	reply          wire.Message
	status         string
	stdout, stderr string
	types          []string // of its messages on iopub, in order
	output         []wire.Message
}

// wait waits until a request has its reply and its idle.
func (k *kernel) wait(id string) (r result) {
	k.t.Helper()
	deadline, exited := time.After(patience), k.Exited()
	for {
		r = k.result(id)
		if slices.Contains(r.types, "idle") && r.reply.Header.Type != "" {
			return r
		}
		select {
		case m := <-k.Replies:
			k.said = append(k.said, m)
		case m := <-k.Output:
			k.said = append(k.said, m)
		case <-deadline:
			k.t.Fatalf("no end of request %s; it said %v; %v", id, r.types, k.Err())
		case <-exited: // its last messages may still be on their way
			exited, deadline = nil, time.After(2*time.Second)
		}
	}
}

func (k *kernel) result(id string) (r result) {
	for _, m := range k.said {
		if m.Parent.ID != id {
			continue
		}
		if strings.HasSuffix(m.Header.Type, "_reply") && len(m.Routes) == 0 {
			r.reply, r.status = m, decode[struct{ Status string }](m).Status
			continue
		}
		name := m.Header.Type
		switch name {
		case "status":
			name = decode[struct {
				State string `json:"execution_state"`
			}](m).State
		case "stream":
			s := decode[struct{ Name, Text string }](m)
			name = s.Name
			if s.Name == "stdout" {
				r.stdout += s.Text
			} else {
				r.stderr += s.Text
			}
		}
		r.types, r.output = append(r.types, name), append(r.output, m)
	}
	return r
}

func (k *kernel) run(code string) result {
	k.t.Helper()
	return k.wait(k.send(code))
}

// seen waits for a text in the output of a request.
func (k *kernel) seen(id, text string) {
	k.t.Helper()
	deadline := time.After(patience)
	for {
		if r := k.result(id); strings.Contains(r.stdout+r.stderr, text) {
			return
		}
		select {
		case m := <-k.Replies:
			k.said = append(k.said, m)
		case m := <-k.Output:
			k.said = append(k.said, m)
		case <-deadline:
			k.t.Fatalf("no %q from request %s", text, id)
		}
	}
}

func (k *kernel) stop() {
	k.t.Helper()
	if err := k.Interrupt(); err != nil {
		k.t.Fatal(err)
	}
}

func (r result) expect(t *testing.T, status string, types ...string) {
	t.Helper()
	if got := strings.Join(r.types, " "); r.status != status || len(types) > 0 && got != strings.Join(types, " ") {
		t.Fatalf("status %q, said %s; want %q, %s\nreply %s", r.status, got, status, strings.Join(types, " "), r.reply.Content)
	}
}

// failure is the one error of a result.
func (r result) failure(t *testing.T) (name, value string) {
	t.Helper()
	errors := 0
	for _, m := range r.output {
		if m.Header.Type == "error" {
			errors++
			e := decode[struct{ Ename, Evalue string }](m)
			name, value = e.Ename, e.Evalue
		}
	}
	reply := decode[struct{ Ename, Evalue string }](r.reply)
	if errors != 1 || reply.Ename != name || reply.Evalue != value {
		t.Fatalf("%d errors, the last %s: %s; the reply has %s: %s", errors, name, value, reply.Ename, reply.Evalue)
	}
	return name, value
}

// child is the only child of a process.
func child(t *testing.T, of int) (pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		for _, q := range listProcesses() {
			if q.parent == of {
				return q.pid
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d has no child", of)
		}
	}
}

// alive says whether a process runs.
func alive(pid int) bool {
	for _, q := range listProcesses() {
		if q.pid == pid && !q.zombie {
			return true
		}
	}
	return false
}

func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d is left", pid)
		}
	}
}

// number reads the process number that a cell printed.
func number(t *testing.T, text string) (pid int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &pid); err != nil {
		t.Fatalf("%q is no process", text)
	}
	return pid
}
