package jupyter

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// long skips what installs JupyterLab from the network, about 240 MB.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("GANBOOK_LONG") == "" {
		t.Skip("installs JupyterLab from the network: set GANBOOK_LONG=1")
	}
}

// TestMain lets this program be one of several that build an environment: it then prints where it is.
func TestMain(m *testing.M) {
	cache := os.Getenv("GANBOOK_TEST_BUILD")
	if cache == "" {
		os.Exit(m.Run())
	}
	e, err := Build(context.Background(), Options{Cache: cache, Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(e.Dir)
}

func builder(cache string, log *strings.Builder, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "GANBOOK_TEST_BUILD="+cache), env...)
	cmd.Stderr = log
	return cmd
}

// One installation is killed in the middle, then three are started together: one of them mends it, all can use it, and the next needs no network.
func TestInstallTogether(t *testing.T) {
	long(t)
	cache := t.TempDir()
	var killedLog strings.Builder
	killed := builder(cache, &killedLog)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if found, _ := filepath.Glob(filepath.Join(home(cache), "env-*", "lib", "python3.*", "site-packages", "*")); len(found) > 5 {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("nothing is installed after a minute\n%s", killedLog.String())
		}
	}
	killed.Process.Kill()
	killed.Wait()
	if _, err := Open(cache); err == nil {
		t.Fatal("an interrupted environment counts as complete")
	}

	var logs [3]strings.Builder
	var outs [3]strings.Builder
	var all [3]*exec.Cmd
	for i := range all {
		all[i] = builder(cache, &logs[i])
		all[i].Stdout = &outs[i]
		if err := all[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	made := 0
	for i := range all {
		if err := all[i].Wait(); err != nil {
			t.Fatalf("%v\n%s", err, logs[i].String())
		}
		if outs[i].String() != outs[0].String() {
			t.Errorf("two environments: %s and %s", outs[0].String(), outs[i].String())
		}
		made += strings.Count(logs[i].String(), "is ready in")
	}
	if made != 1 {
		t.Errorf("%d of 3 made the environment, want 1", made)
	}
	var offline strings.Builder
	if err := builder(cache, &offline, "PIP_NO_INDEX=1", "PATH=/nonexistent").Run(); err != nil {
		t.Errorf("again, without network and Python: %v\n%s", err, offline.String())
	}
	testServer(t, cache)
}

// testServer starts JupyterLab twice on one port and looks at what it lets in.
func testServer(t *testing.T, cache string) {
	e, err := Open(cache)
	if err != nil {
		t.Fatal(err)
	}
	if v := e.Version("jupyterlab"); !strings.HasPrefix(v, "4.") {
		t.Errorf("JupyterLab %q", v)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a b.ipynb"), []byte(`{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}`), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JUPYTER_CONFIG_DIR", "/nonexistent") // the user's own Jupyter does not count
	t.Setenv("JUPYTER_TOKEN", "known")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	dataDir := ServerDataDir(cache, root)
	writeKernel(t, e.DataDir(), "of another checkout")
	writeKernel(t, dataDir, "ours")
	var log strings.Builder
	s, err := e.Serve(t.Context(), ServerOptions{Cache: cache, DataDir: dataDir, Root: root, Notebook: "a b.ipynb", Port: port, NoBrowser: true, Log: &log})
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if s.Port == port || s.Token == "known" || len(s.Token) < 16 || !strings.Contains(s.URL, "/lab/tree/a%20b.ipynb?token="+s.Token) {
		t.Errorf("port %d (%d is taken), %s", s.Port, port, s.URL)
	}
	if got := status(t, s.URL); got != http.StatusOK {
		t.Errorf("the address shown answers %d", got)
	}
	for _, path := range []string{"/api/contents", "/api/contents?token=known", "/api/contents?token="} {
		if got := status(t, fmt.Sprintf("http://127.0.0.1:%d%s", s.Port, path)); got != http.StatusForbidden {
			t.Errorf("%s without the token answers %d", path, got)
		}
	}
	if kernels := body(t, fmt.Sprintf("http://127.0.0.1:%d/api/kernelspecs?token=%s", s.Port, s.Token)); !strings.Contains(kernels, `"ours"`) {
		t.Errorf("the checkout's kernel is not the one that counts: %s", kernels)
	}
	for _, address := range others(t) {
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(address, fmt.Sprint(s.Port)), time.Second); err == nil {
			c.Close()
			t.Errorf("it listens on %s", address)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	if err := s.Err(); err != nil {
		t.Errorf("told to end: %v", err)
	}
	for line := range strings.Lines(log.String()) {
		if !strings.Contains(line, "Forbidden") && !strings.Contains(line, " 403 GET ") { // those without the token
			t.Errorf("the server complains: %s", line)
		}
	}
}

func writeKernel(t *testing.T, dataDir, name string) {
	t.Helper()
	dir := filepath.Join(dataDir, "kernels", "ganbook")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kernel.json"), fmt.Appendf(nil, `{"argv":["true","{connection_file}"],"display_name":%q,"language":"go"}`, name), 0o644); err != nil {
		t.Fatal(err)
	}
}

func body(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func status(t *testing.T, address string) int {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// others are the addresses of this machine that are not its loopback.
func others(t *testing.T) (list []string) {
	t.Helper()
	found, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			list = append(list, ip.IP.String())
		}
	}
	return list
}
