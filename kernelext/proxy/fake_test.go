package proxy

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/wire"
	"github.com/ganbook/ganbook/kernelext/zmtp"
)

// The test program is also the kernel, and the GoNB behind it.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "kernel":
		if folder := os.Getenv("FAKE_FOLDER"); folder != "" {
			os.Setenv("TMPDIR", folder)
		}
		status, err := Guard(os.Args[0], "guarded", os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	case len(os.Args) > 2 && os.Args[1] == "guarded":
		os.Exit(runKernel(os.Args[2]))
	case len(os.Args) > 2 && os.Args[1] == "--kernel":
		os.Exit(runFake(os.Args[2]))
	}
	os.Exit(m.Run())
}

// runKernel is a kernel with a fake GoNB; it fails when a goroutine is left at its end.
func runKernel(connection string) int {
	grace, _ := time.ParseDuration(os.Getenv("FAKE_GRACE"))
	if folder := os.Getenv("FAKE_FOLDER"); folder != "" {
		log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		os.Stderr = log
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
	err := Run(ctx, Options{Connection: connection, Gonb: []string{os.Args[0]}, Prelude: "!quiet prelude", Grace: grace, Log: os.Stderr,
		Assistant: fakeAssistant{}})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > 3; time.Sleep(time.Millisecond) { // main, and two of signals
		if time.Now().After(deadline) {
			var text [1 << 16]byte
			fmt.Fprintf(os.Stderr, "goroutines are left:\n%s", text[:runtime.Stack(text[:], true)])
			return 3
		}
	}
	return 0
}

type fakeAssistant struct{ noAssistant }

func (fakeAssistant) Complete(_ context.Context, code string, cursor int) ([]string, int, int, []string) {
	return []string{string([]rune(code)[:cursor]) + "!"}, 0, cursor, []string{"function"}
}

func (fakeAssistant) Inspect(ctx context.Context, code string, cursor, _ int) (map[string]string, bool) {
	if code == "slow" {
		<-ctx.Done()
	}
	return map[string]string{"text/plain": "about " + code}, code != "unknown"
}

// fake is a GoNB that obeys the lines of a cell that begin with "!" and knows no Go.
type fake struct {
	key                 []byte
	shell, stdin, iopub *zmtp.Socket
	mu                  sync.Mutex
	child               *os.Process
	stopped             bool
	deaf                bool // the first status is lost, as one before a subscription
	requests            chan wire.Message
	codes               []string // of all cells so far
}

func runFake(file string) int {
	_, err := os.Stat(os.Getenv("FAKE_BROKEN_WHILE"))
	if os.Getenv("FAKE_BROKEN") != "" || err == nil {
		fmt.Fprintln(os.Stderr, "no room for GoNB")
		return 1
	}
	c, err := wire.ReadConnection(file)
	if err != nil {
		panic(err)
	}
	g := &fake{key: []byte(c.Key), requests: make(chan wire.Message, 10000)}
	listen := func(kind zmtp.Kind, port int, o zmtp.Options) *zmtp.Socket {
		s, err := zmtp.Listen(kind, c.Address(port), o)
		if err != nil {
			panic(err)
		}
		return s
	}
	receive := zmtp.Options{Received: func(frames [][]byte) {
		m, err := wire.Decode(g.key, frames)
		if err != nil {
			panic(err)
		}
		g.requests <- m
	}}
	time.Sleep(20 * time.Millisecond) // GoNB takes its time too
	if os.Getenv("FAKE_STRANGER") != "" {
		playStranger(listen, c)
	}
	g.iopub = listen(zmtp.Pub, c.IOPub, zmtp.Options{})
	g.deaf = os.Getenv("FAKE_DEAF") != ""
	g.shell, g.stdin = listen(zmtp.Router, c.Shell, receive), listen(zmtp.Router, c.Stdin, receive)
	interrupts := make(chan os.Signal, 8)
	signal.Notify(interrupts, syscall.SIGINT)
	go func() {
		for range interrupts {
			g.interrupted()
		}
	}()
	g.serve()
	return 0
}

// playStranger has GoNB's ports as another kernel would that was given the same ones, until it is called, and leaves.
func playStranger(listen func(zmtp.Kind, int, zmtp.Options) *zmtp.Socket, c wire.Connection) {
	called := make(chan struct{}, 1000)
	deaf := zmtp.Options{Received: func([][]byte) { called <- struct{}{} }}
	pub, shell, stdin := listen(zmtp.Pub, c.IOPub, deaf), listen(zmtp.Router, c.Shell, deaf), listen(zmtp.Router, c.Stdin, deaf)
	<-called
	for _, s := range []*zmtp.Socket{pub, shell, stdin} {
		s.Close(0)
	}
}

// interrupted does what GoNB does, five times as fast.
func (g *fake) interrupted() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	if child := g.child; child != nil {
		child.Signal(syscall.SIGINT)
		time.AfterFunc(time.Second, func() { child.Kill() })
	}
}

func (g *fake) send(s *zmtp.Socket, parent *wire.Message, messageType string, content any) {
	m, err := wire.New("fake", messageType, parent, content)
	if err != nil {
		panic(err)
	}
	m.Routes = [][]byte{[]byte(messageType)}
	if s != g.iopub {
		m.Routes = parent.Routes
	}
	if err := s.Send(m.Encode(g.key)); err != nil {
		panic(err)
	}
}

func (g *fake) publish(parent *wire.Message, messageType string, content any) {
	g.send(g.iopub, parent, messageType, content)
}

func (g *fake) stream(parent *wire.Message, name, text string) {
	g.publish(parent, "stream", map[string]any{"name": name, "text": text})
}

func (g *fake) serve() {
	count := 0
	for m := range g.requests {
		switch m.Header.Type {
		case "kernel_info_request":
			if !g.deaf {
				g.publish(&m, "status", map[string]any{"execution_state": "busy"})
			}
			g.deaf = false
			g.send(g.shell, &m, "kernel_info_reply", map[string]any{"status": "ok"})
		case "execute_request":
			c := decode[struct {
				Code  string
				Store bool `json:"store_history"`
			}](m)
			if c.Store {
				count++
			}
			g.publish(&m, "status", map[string]any{"execution_state": "busy"})
			g.publish(&m, "execute_input", map[string]any{"code": c.Code})
			g.mu.Lock()
			g.stopped = false
			g.mu.Unlock()
			failure := g.execute(&m, c.Code, count)
			content := map[string]any{"status": "ok", "execution_count": count}
			if failure != "" {
				content = map[string]any{"status": "error", "ename": "ERROR", "evalue": failure, "traceback": []string{failure}}
				g.publish(&m, "error", content)
			}
			g.send(g.shell, &m, "execute_reply", content) // before the last of its output, as GoNB does
			if strings.Contains(c.Code, "!late") {
				time.Sleep(50 * time.Millisecond)
				g.stream(&m, "stdout", "late\n")
			}
			g.publish(&m, "status", map[string]any{"execution_state": "idle"})
		}
	}
}

// execute obeys a cell.
func (g *fake) execute(m *wire.Message, code string, count int) (failure string) {
	g.codes = append(g.codes, code)
	for line := range strings.Lines(code) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		text := rest
		if s, err := strconv.Unquote(`"` + rest + `"`); err == nil {
			text = s
		}
		g.mu.Lock()
		stopped := g.stopped
		g.mu.Unlock()
		if stopped {
			return "stopped"
		}
		switch verb {
		case "!out":
			g.stream(m, "stdout", text)
		case "!err":
			g.stream(m, "stderr", text)
		case "!count":
			g.stream(m, "stdout", fmt.Sprint(count))
		case "!where":
			g.stream(m, "stdout", os.TempDir())
		case "!codes":
			g.stream(m, "stdout", strings.Join(g.codes, "\n"))
		case "!much":
			n, _ := strconv.Atoi(rest)
			for i := range n {
				g.stream(m, "stdout", fmt.Sprintf("%09d ", i)+strings.Repeat("x", 989)+"\n")
			}
		case "!show":
			g.publish(m, "display_data", map[string]any{"data": map[string]any{"text/plain": text}, "metadata": map[string]any{}, "transient": map[string]any{"display_id": "d"}})
			g.publish(m, "update_display_data", map[string]any{"data": map[string]any{"text/plain": text + text}, "metadata": map[string]any{}, "transient": map[string]any{"display_id": "d"}})
		case "!mime":
			g.publish(m, "display_data", map[string]any{"data": map[string]any{text: "", "text/plain": "42"}, "metadata": map[string]any{}})
		case "!broken":
			raw, _ := wire.New("fake", "stream", m, struct{}{})
			raw.Content = []byte("{\"name\":\"stdout\",\"text\":\"a\xffb\"}")
			g.iopub.Send(raw.Encode([]byte("another key")))
			raw.Routes = [][]byte{[]byte("stream")}
			g.iopub.Send(raw.Encode(g.key))
		case "!fail":
			return text
		case "!wait": // long enough for what was sent behind it to arrive on a busy machine
			time.Sleep(time.Second)
		case "!ask":
			g.send(g.stdin, m, "input_request", map[string]any{"prompt": text, "password": false})
			answer := decode[struct{ Value string }](<-g.requests)
			g.stream(m, "stdout", "answered "+answer.Value)
		case "!run": // the cell's program, a command, or a tool, by its name
			name, script, _ := strings.Cut(rest, " ")
			switch end := g.run(m, name, script); {
			case end == "" || name == "bash":
			case name == "cell":
				return end
			default:
				return "failed to run " + name + ": " + end
			}
		case "!mark": // each leaves one
			f, err := os.OpenFile(text, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				panic(err)
			}
			f.WriteString("x")
			f.Close()
		case "!die":
			fmt.Fprintln(os.Stderr, "GoNB's last words")
			g.iopub.Close(time.Second) // with what it has published
			os.Exit(1)
		}
	}
	if strings.Contains(code, "Show(") && strings.Contains(code, "novalue") { // commands come before the compiler
		return "main.go:1:1: novalue() (no value) used as value"
	}
	if strings.Contains(code, "func deadly()") && os.Getenv("FAKE_FRAGILE") != "" && len(g.codes) == 2 { // behind the prelude
		os.Exit(1)
	}
	return ""
}

// run runs a script of bash under a name, its output in the cell, and returns how it ended if badly.
func (g *fake) run(m *wire.Message, name, script string) string {
	if name == "cell" {
		name = "gonb_cell"
	}
	program := filepath.Join(os.TempDir(), name)
	if err := os.Symlink("/bin/bash", program); err != nil && !os.IsExist(err) {
		panic(err)
	}
	cmd := exec.Command(program, "-c", script+"\n:") // bash takes the place of a last command itself
	cmd.Stdout = writer(func(text string) { g.stream(m, "stdout", text) })
	cmd.Stderr = writer(func(text string) { g.stream(m, "stderr", text) })
	g.mu.Lock()
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	g.child = cmd.Process
	g.mu.Unlock()
	err := cmd.Wait()
	g.mu.Lock()
	g.child = nil
	g.mu.Unlock()
	if err == nil {
		return ""
	}
	g.stream(m, "stderr", err.Error()+"\n")
	return err.Error()
}

type writer func(string)

func (w writer) Write(text []byte) (int, error) {
	w(string(text))
	return len(text), nil
}
