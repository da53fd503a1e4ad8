package assist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxStarts  = 4                // of gopls, the first included
	backOff    = 2 * time.Second  // before the second start, twice as long before each further one
	loadLimit  = 90 * time.Second // for the first answer, which needs every package read
	maxSilence = 5                // requests in a row without an answer in time, after which gopls is started anew
)

// server keeps one gopls running: a module of its own with one file, joined to the checkout, as GoNB compiles a cell.
type server struct {
	o      Options
	warmUp func() (text string, offset int) // a first document and a place in it
	dir    string

	mu      sync.Mutex
	session *session
	changed chan struct{} // closed and replaced when the session changes
}

func newServer(o Options, warmUp func() (text string, offset int)) *server {
	return &server{o: o, warmUp: warmUp, changed: make(chan struct{})}
}

// run starts gopls, again when it dies, until ctx ends. Each start is logged.
func (s *server) run(ctx context.Context) {
	defer func() {
		if s.dir != "" {
			os.RemoveAll(s.dir)
		}
	}()
	if err := s.prepare(); err != nil {
		s.o.logf("assist: %v", err)
		return
	}
	for starts, wait := 1, backOff; ; starts, wait = starts+1, 2*wait {
		began := time.Now()
		err := s.live(ctx, began)
		s.set(nil)
		if ctx.Err() != nil {
			return
		}
		s.o.logf("assist: gopls ended after %.0f s: %v", time.Since(began).Seconds(), err)
		if starts == maxStarts {
			s.o.logf("assist: gopls is not started again: completion goes on without it")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *server) set(session *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = session
	close(s.changed)
	s.changed = make(chan struct{})
}

// current is the session that answers, nil if there is none.
func (s *server) current() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// get returns the session, waiting for one until ctx ends.
func (s *server) get(ctx context.Context) *session {
	for {
		s.mu.Lock()
		session, changed := s.session, s.changed
		s.mu.Unlock()
		if session != nil {
			return session
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// prepare writes the module that gopls works in.
func (s *server) prepare() (err error) {
	root, err := os.ReadFile(filepath.Join(s.o.Root, "go.mod"))
	if err != nil {
		return err
	}
	version := ""
	for line := range strings.Lines(string(root)) {
		if v, ok := strings.CutPrefix(line, "go "); ok {
			version = strings.TrimSpace(v)
		}
	}
	if s.dir, err = os.MkdirTemp("", fmt.Sprintf("ganbook-kernel-%d-gopls-*", os.Getpid())); err != nil {
		return err
	}
	if s.dir, err = filepath.EvalSymlinks(s.dir); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"go.mod":  "module cell\n\ngo " + version + "\n",
		"go.work": fmt.Sprintf("go %s\n\nuse (\n\t.\n\t%q\n)\n", version, s.o.Root),
		"main.go": emptyDocument,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const emptyDocument = "package main\n\nfunc main() {\n}\n"

// live runs gopls until it ends.
func (s *server) live(ctx context.Context, began time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The variables of a kernel that concern GoNB's own files are not for this module.
	env := append(slices.Clone(s.o.Env), "GOWORK="+filepath.Join(s.dir, "go.work"))
	cmd := exec.CommandContext(ctx, s.o.Gopls, "serve")
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.dir, env, time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with its go commands
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	session := &session{cmd: cmd, turn: make(chan struct{}, 1), uri: (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(s.dir, "main.go"))}).String()}
	session.conn = newConn(out, in, answer)
	failed := s.load(ctx, session)
	if failed == nil {
		s.o.logf("assist: gopls answers after %.1f s", time.Since(began).Seconds())
		s.set(session)
		<-session.conn.done
	}
	cancel()
	io.Copy(io.Discard, out)
	return errors.Join(failed, cmd.Wait())
}

// settings keep gopls to what a cell needs: no diagnostics while somebody types, no telemetry.
var settings = map[string]any{
	"matcher": "CaseInsensitive", "completeUnimported": true, "usePlaceholders": false, "hoverKind": "FullDocumentation",
	"diagnosticsTrigger": "Save", "linksInHover": false, "telemetryPrompt": false,
	"completionBudget": "1s", "semanticTokens": false,
}

// answer serves the requests that gopls makes.
func answer(method string, params json.RawMessage) any {
	if method != "workspace/configuration" {
		return nil
	}
	var p struct{ Items []json.RawMessage }
	if json.Unmarshal(params, &p) != nil {
		return nil
	}
	all := make([]any, len(p.Items))
	for i := range all {
		all[i] = settings
	}
	return all
}

// load introduces the two to each other and waits for a first answer.
func (s *server) load(ctx context.Context, session *session) error {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	folder := (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.dir)}).String()
	err := session.conn.call(ctx, "initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": folder, "initializationOptions": settings,
		"workspaceFolders": []any{map[string]string{"uri": folder, "name": "cell"}},
		"capabilities": map[string]any{
			"workspace": map[string]any{"configuration": true},
			"textDocument": map[string]any{
				"hover":      map[string]any{"contentFormat": []string{"markdown"}},
				"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": false}},
			},
		},
	}, new(json.RawMessage))
	if err != nil {
		return err
	}
	if err := session.conn.notify("initialized", struct{}{}); err != nil {
		return err
	}
	err = session.conn.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": session.uri, "languageId": "go", "version": 0, "text": emptyDocument}})
	if err != nil {
		return err
	}
	text, offset := s.warmUp()
	_, err = session.complete(ctx, text, offset)
	return err
}
