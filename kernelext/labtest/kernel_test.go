package labtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// kernel is a running kernel with everything it ever said.
type kernel struct {
	*client.Client
	mark
	folder string // in which it was started

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something was said
	said    map[string]*record
	asked   map[string]bool
}

// record is what was said about one request.
type record struct {
	replies []wire.Message
	iopub   []wire.Message
}

// start starts the installed kernel; it must leave no process when the test ends.
func start(t *testing.T, env ...string) *kernel {
	t.Helper()
	return startSpec(t, installed(t), env...)
}

func startSpec(t *testing.T, spec kernelspec.Spec, env ...string) *kernel {
	t.Helper()
	k := &kernel{mark: trace(t), folder: t.TempDir(), changed: make(chan struct{}), said: map[string]*record{}, asked: map[string]bool{}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var err error
	if k.Client, err = client.Start(ctx, spec, k.folder, append(env, k.variable, "GOTRACEBACK=all")...); err != nil {
		t.Fatal(err)
	}
	listening, stop := context.WithCancel(context.Background())
	go k.listen(listening)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the kernel's log ends with\n%s", tail(k.log(), 4000))
		}
		k.Close()
		stop()
		k.expectGone(t)
	})
	return k
}

func (k *kernel) listen(ctx context.Context) {
	for {
		select {
		case m := <-k.Replies:
			k.note(m, func(r *record) { r.replies = append(r.replies, m) })
		case m := <-k.Output:
			k.note(m, func(r *record) { r.iopub = append(r.iopub, m) })
		case <-ctx.Done():
			return
		}
	}
}

func (k *kernel) note(m wire.Message, add func(*record)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.said[m.Parent.ID] == nil {
		k.said[m.Parent.ID] = &record{}
	}
	add(k.said[m.Parent.ID])
	close(k.changed)
	k.changed = make(chan struct{})
}

// send sends a cell without waiting for it.
func (k *kernel) send(t *testing.T, code string) (id string) {
	t.Helper()
	id, err := k.Execute(code)
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	k.asked[id] = true
	k.mu.Unlock()
	return id
}

// await waits until what was said about a request satisfies a condition, and returns it.
func (k *kernel) await(t *testing.T, id, what string, holds func(record) bool) record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		k.mu.Lock()
		var now record
		if r := k.said[id]; r != nil {
			now = *r
		}
		changed := k.changed
		k.mu.Unlock()
		if holds(now) {
			return now
		}
		select {
		case <-changed:
		case <-k.Exited():
			t.Fatalf("%v while it was to say: %s; it said\n%v", k.Err(), what, now)
		case <-ctx.Done():
			t.Fatalf("in %v the kernel did not say: %s; it said\n%v", patience, what, now)
		}
	}
}

// run executes a cell to its end.
func (k *kernel) run(t *testing.T, code string) result {
	t.Helper()
	return k.result(t, k.send(t, code))
}

// result waits for the end of a cell: its reply and the "idle" that follows its output.
func (k *kernel) result(t *testing.T, id string) result {
	t.Helper()
	return summary(k.await(t, id, "the end of a cell", record.ended))
}

func (r record) ended() bool {
	for _, m := range r.iopub {
		if client.IsIdle(m) {
			return len(r.replies) > 0
		}
	}
	return false
}

func (r record) String() string {
	var b strings.Builder
	for _, m := range append(append([]wire.Message{}, r.replies...), r.iopub...) {
		fmt.Fprintf(&b, "%s %.300s\n", m.Header.Type, m.Content)
	}
	return b.String()
}

// result is a cell that has ended.
type result struct {
	status         string // ok, error, aborted
	stdout, stderr string
	errors         []string // "name: value", one for each error message
	traceback      string
	record         record
}

func summary(r record) result {
	out := result{record: r}
	var reply struct{ Status string }
	json.Unmarshal(r.replies[0].Content, &reply)
	out.status = reply.Status
	for _, m := range r.iopub {
		var c struct {
			Name, Text, Ename, Evalue string
			Traceback                 []string
		}
		json.Unmarshal(m.Content, &c)
		switch {
		case m.Header.Type == "stream" && c.Name == "stdout":
			out.stdout += c.Text
		case m.Header.Type == "stream":
			out.stderr += c.Text
		case m.Header.Type == "error":
			out.errors = append(out.errors, c.Ename+": "+c.Evalue)
			out.traceback += strings.Join(c.Traceback, "\n")
		}
	}
	return out
}

// printed waits until a cell has printed a text.
func (k *kernel) printed(t *testing.T, id, text string) {
	t.Helper()
	k.await(t, id, "the output "+text, func(r record) bool {
		for _, m := range r.iopub {
			if m.Header.Type == "stream" && strings.Contains(string(m.Content), text) {
				return true
			}
		}
		return false
	})
}

// interrupt presses the stop button.
func (k *kernel) interrupt(t *testing.T) {
	t.Helper()
	if err := k.Interrupt(); err != nil {
		t.Fatal(err)
	}
}

// expectAlive runs a cell that needs the compiler.
func (k *kernel) expectAlive(t *testing.T) {
	t.Helper()
	if got := k.run(t, `fmt.Println("alive")`); got.status != "ok" || got.stdout != "alive\n" {
		t.Errorf("the kernel is not well: status %q, stdout %q, errors %q", got.status, got.stdout, got.errors)
	}
}

// expectFailure wants exactly one error message, with a text in it.
func (r result) expectFailure(t *testing.T, want string) {
	t.Helper()
	if r.status != "error" || len(r.errors) != 1 {
		t.Errorf("status %q, errors %q, want one error; the cell said\n%v", r.status, r.errors, r.record)
	}
	if all := strings.Join(r.errors, "\n") + "\n" + r.traceback + r.stderr; !strings.Contains(all, want) {
		t.Errorf("the message lacks %q:\n%s", want, all)
	}
}

// strays are messages about requests that were never made.
func (k *kernel) strays() (found []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, r := range k.said {
		if !k.asked[id] && (r.has("execute_reply") || r.has("execute_input") || r.has("stream")) {
			found = append(found, r.String())
		}
	}
	return found
}

func (r record) has(messageType string) bool {
	for _, m := range append(append([]wire.Message{}, r.replies...), r.iopub...) {
		if m.Header.Type == messageType {
			return true
		}
	}
	return false
}

// log is the file that the kernel's process writes its stderr to.
func (k *kernel) log() string {
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", k.Pid()))
	return file
}

func tail(file string, n int) string {
	text, _ := os.ReadFile(file)
	return string(text[max(0, len(text)-n):])
}

var goroutine = regexp.MustCompile(`(?m)^goroutine \d+ .*\[`)

// worker is the process that does the kernel's work; the one that was started only watches over it.
func (k *kernel) worker(t *testing.T) (pid int) {
	t.Helper()
	for _, p := range k.processes() {
		if strings.Contains(p.command, "--guarded") {
			return p.pid
		}
	}
	t.Fatalf("no process works: there are %v", k.processes())
	return 0
}

// goroutines ends the kernel by SIGQUIT, on which a Go program lists its goroutines, and counts them.
func (k *kernel) goroutines(t *testing.T) (int, string) {
	t.Helper()
	log := k.log()
	if err := syscall.Kill(k.worker(t), syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-k.Exited()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return len(goroutine.FindAll(text, -1)), string(text)
}
