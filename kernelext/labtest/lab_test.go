package labtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/jupyter"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
)

// cell is a code cell as the page has it.
type cell struct {
	Source  string
	Count   *int
	Prompt  string
	Outputs []struct {
		Type, Text string
		Mime       []string
	}
	Shown    string // text of its outputs on the page
	Pictures int    // images and drawings in its outputs, loaded
}

// visit is what a browser saw.
type visit struct {
	states   [][]string // the progress lines of panels, in the order they were watched
	cells    map[string][]cell
	shots    []string
	requests []string
	errors   []string // of scripts in the page
	page     page
}

// page is what an exported notebook shows.
type page struct {
	Text                              string
	Images, Charts, Formulas, Scripts int
}

// lab is a folder of notebooks that a JupyterLab of its own shows.
type lab struct {
	folder string
	mark
}

func openLab(t *testing.T) *lab {
	t.Helper()
	chromium(t)
	browserScripts(t)
	installed(t)
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &lab{folder, trace(t)}
}

// browse starts a JupyterLab that opens a notebook of these cells, and works through a scenario with it.
func (l *lab) browse(t *testing.T, scenario string, cells ...string) visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	environment := virtual(t, jupyter.LabLock)
	writeNotebook(t, filepath.Join(l.folder, scenario+".ipynb"), cells...)
	var log bytes.Buffer
	own := t.TempDir() // what it stores belongs to this test
	server, err := environment.Serve(ctx, jupyter.ServerOptions{Cache: own, DataDir: jupyterDir, Root: l.folder, Notebook: scenario + ".ipynb",
		NoBrowser: true, Args: []string{"--expose-app-in-browser"}, Env: []string{l.variable}, Log: &log})
	if err != nil {
		t.Fatalf("%v\n%s", err, log.Bytes())
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		l.expectGone(t)
		if t.Failed() {
			t.Logf("JupyterLab said:\n%.8000s", log.Bytes())
		}
	}()
	expectClosed(t, server)
	return browse(t, scenario, server.URL)
}

// expectClosed wants a server that answers nobody without its token, and listens on the loopback address only.
func expectClosed(t *testing.T, server *jupyter.Server) {
	t.Helper()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/contents", server.Port))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("without a token the server answers %s", response.Status)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		ip, ok := address.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		if conn, err := net.Dial("tcp", net.JoinHostPort(ip.IP.String(), strconv.Itoa(server.Port))); err == nil {
			conn.Close()
			t.Errorf("the server listens on %v", ip.IP)
		}
	}
}

// browse works through a scenario of lab.js.
func browse(t *testing.T, scenario, address string) visit {
	t.Helper()
	browser, scripts := chromium(t), browserScripts(t)
	shots := filepath.Join(kerneltest.ModuleRoot(t), ".artefacts")
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "lab.js", scenario, address, shots)
	var log bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = scripts, append(os.Environ(), "CHROMIUM="+browser), &log
	out, failure := cmd.Output()
	v := visit{cells: map[string][]cell{}}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		v.note(t, lines.Bytes())
	}
	if failure != nil {
		t.Fatalf("%s: %v\n%s", scenario, failure, log.Bytes())
	}
	for _, failed := range v.errors {
		// JupyterLab gives its open questions up when the kernel is restarted, and says so in the wrong place.
		if !strings.HasPrefix(failed, "Canceled future for ") {
			t.Errorf("a script of the page failed: %s", failed)
		}
	}
	for _, request := range v.requests {
		if !local(request) {
			t.Errorf("the page asked for %s", request)
		}
	}
	t.Logf("%s: %d requests, all local; screenshots %v", scenario, len(v.requests), v.shots)
	return v
}

func (v *visit) note(t *testing.T, line []byte) {
	var event struct {
		Event, When, File       string
		Panel, Requests, Errors []string
		Cells                   []cell
	}
	if err := json.Unmarshal(line, &event); err != nil {
		t.Fatalf("%.300q: %v", line, err)
	}
	switch event.Event {
	case "states":
		v.states = append(v.states, event.Panel)
	case "cells":
		v.cells[event.When] = event.Cells
	case "screenshot":
		v.shots = append(v.shots, event.File)
	case "network":
		v.requests, v.errors = event.Requests, event.Errors
	case "page":
		if err := json.Unmarshal(line, &v.page); err != nil {
			t.Fatal(err)
		}
	}
}

// local: to this machine's own address, or to nowhere.
func local(request string) bool {
	u, err := url.Parse(request)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "ws":
		return u.Hostname() == "127.0.0.1"
	case "data", "blob", "about", "file":
		return true
	}
	return false
}

// moved counts the different iterations that a panel showed.
func moved(states []string) int {
	seen := map[string]bool{}
	for _, state := range states {
		if iteration, _, ok := strings.Cut(state, " images"); ok {
			seen[iteration] = true
		}
	}
	return len(seen)
}
