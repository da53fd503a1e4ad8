package jupyter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// ServerOptions of a JupyterLab server.
type ServerOptions struct {
	Cache     string    // ganbook's cache folder, for the settings of JupyterLab's user
	DataDir   string    // the Jupyter data folder whose kernels count; ServerDataDir for that of a checkout
	Root      string    // the folder whose files are shown
	Notebook  string    // opened first; below Root, "" for none
	Port      int       // the first that is tried; 0: 8888
	NoBrowser bool      // do not open one
	Args      []string  // further arguments of jupyter lab
	Env       []string  // NAME=value, in addition
	Log       io.Writer // warnings and errors of the server; nil: none
}

// Server is a running JupyterLab.
type Server struct {
	URL   string // of the first page, with the token
	Port  int
	Token string // of this start only

	cmd  *exec.Cmd
	log  *serverLog
	done chan struct{}
	err  error // after done
}

const (
	defaultPort  = 8888
	startTimeout = 2 * time.Minute
	stopTimeout  = 20 * time.Second
)

// userHome is where JupyterLab stores what belongs to its user: settings and layouts.
func userHome(cache string) string { return filepath.Join(home(cache), "user") }

// ServerDataDir is a Jupyter data folder for the servers of one checkout, apart from the user's own Jupyter and from other checkouts.
func ServerDataDir(cache, root string) string {
	hash := sha256.Sum256([]byte(root))
	return filepath.Join(userHome(cache), fmt.Sprintf("checkout-%x", hash[:6]))
}

// environ is the environment of Jupyter programs that use the folders of the options and nothing of the user's own Jupyter.
func (o ServerOptions) environ() ([]string, error) {
	env := append(cleanEnviron(os.Environ()), o.Env...)
	// In a virtual environment Jupyter would take the environment's kernel first, which may be that of another checkout.
	env = append(env, "JUPYTER_PREFER_ENV_PATH=0")
	for name, dir := range map[string]string{
		"JUPYTER_DATA_DIR":    o.DataDir,
		"JUPYTER_RUNTIME_DIR": o.runtimeDir(),
		"JUPYTER_CONFIG_DIR":  filepath.Join(userHome(o.Cache), "config"),
	} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("jupyter: %w; choose another folder with GANBOOK_CACHE", err)
		}
		env = append(env, name+"="+dir)
	}
	return env, nil
}

func (o ServerOptions) runtimeDir() string { return filepath.Join(o.DataDir, "runtime") }

// Serve starts JupyterLab on 127.0.0.1 with a random token and returns when it answers. It takes Port or, when that is taken, the
// next free one. The user's own Jupyter settings and kernels do not count. Close ends it, and so does the end of this process.
func (e *Environment) Serve(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Port == 0 {
		o.Port = defaultPort
	}
	env, err := o.environ()
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	env = append(env, "JUPYTER_TOKEN="+token) // unlike arguments, others cannot see it
	args := []string{"-I", "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=" + strconv.Itoa(o.Port),
		"--ServerApp.port_retries=100", "--ServerApp.root_dir=" + o.Root, "--Application.log_level=WARN"}
	if o.NoBrowser {
		args = append(args, "--no-browser")
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root")
	}
	args = append(args, o.Args...)
	if o.Notebook != "" {
		args = append(args, o.Notebook)
	}
	s := &Server{Token: token, cmd: exec.Command(e.Python(), args...), log: &serverLog{to: o.Log}, done: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = o.Root, env, s.log, s.log
	s.cmd.SysProcAttr = ownGroup()
	s.cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the system ends the server with the thread that started it
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.err = s.cmd.Wait()
		}
		if errors.Is(s.err, exec.ErrWaitDelay) { // a kernel that is still ending holds the log
			s.err = nil
		}
		close(s.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("jupyter: %w; mend it with ./ganbook setup", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it did not answer within %v", startTimeout))
	defer cancel()
	if err := s.untilReady(ctx, o.runtimeDir(), o.Notebook); err != nil {
		s.Close()
		return nil, fmt.Errorf("jupyter: JupyterLab did not start: %w", err)
	}
	return s, nil
}

// untilReady waits for the file in which the server says where it listens, then for its first answer.
func (s *Server) untilReady(ctx context.Context, runtimeDir, notebook string) error {
	file := filepath.Join(runtimeDir, fmt.Sprintf("jpserver-%d.json", s.cmd.Process.Pid))
	for {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-s.done:
			return fmt.Errorf("it ended: %v", s.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var said struct {
			Port int `json:"port"`
		}
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &said) != nil || said.Port == 0 {
			continue
		}
		s.Port = said.Port
		base := fmt.Sprintf("http://127.0.0.1:%d", s.Port)
		s.URL = base + "/lab"
		if notebook != "" {
			s.URL += "/tree/" + (&url.URL{Path: filepath.ToSlash(notebook)}).EscapedPath()
		}
		s.URL += "?token=" + s.Token
		if answers(ctx, base+"/api/status?token="+s.Token) {
			return nil
		}
	}
}

func answers(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second} // no proxy for our own machine
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Done is closed when the server has ended, by Close, from its own menu, or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why the server ended by itself: nil when it was told to. Call it after Done.
func (s *Server) Err() error {
	if s.err != nil {
		return fmt.Errorf("jupyter: JupyterLab ended: %w", s.err)
	}
	return nil
}

// Close ends the server and its kernels, by force when they take longer than 20 s. Trainings that were detached live on: they belong to
// no kernel.
func (s *Server) Close() error {
	s.log.close()
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	select {
	case <-s.done:
	case <-time.After(stopTimeout):
		err = fmt.Errorf("jupyter: JupyterLab did not end within %v and was killed", stopTimeout)
		syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
	return err
}
