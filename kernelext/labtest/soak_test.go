package labtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// The goroutines of a proxy that has nothing to do, with room for a few that come and go.
const idleGoroutines = 80

// A kernel under load: hundreds of cells, alone and queued, interrupted ones and forged ones between them. Each prints
// what no other prints, so that output which is lost or goes to another cell is seen. The same few Go cells come again and
// again: what is compiled once is not compiled again, and what differs comes from the environment.
func TestSoak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what the kernel holds is read from /proc")
	}
	requests := 60
	if long {
		requests = 1000
	}
	k := start(t)
	s := soak{k: k, random: rand.New(rand.NewPCG(1, 2)), kinds: map[string]int{}}
	s.run(t, 20) // everything has been used once
	before, processes := use(t, k.worker(t)), k.processes()
	s.run(t, requests)
	k.expectAlive(t)

	for _, token := range s.forged {
		if r := k.said[token]; r != nil {
			t.Errorf("a request with a wrong signature was answered:\n%v", r)
		}
	}
	for _, stray := range k.strays() {
		t.Errorf("output of no request:\n%s", stray)
	}
	var now []process
	if !eventually(func() bool { now = k.processes(); return len(now) <= len(processes) }) {
		t.Errorf("processes before: %v\nafter: %v", processes, now)
	}
	var after usage
	if !eventually(func() bool { after = use(t, k.worker(t)); return after.files <= before.files+4 }) {
		t.Errorf("the kernel holds %v, before the %d requests %v", after, requests, before)
	}
	if after.memory > before.memory+64*1024 {
		t.Errorf("the kernel has grown to %v, before the %d requests %v", after, requests, before)
	}
	t.Logf("%d requests %v; before %v; after %v; %d processes", requests, s.kinds, before, after, len(now))
	n, dump := k.goroutines(t)
	if n == 0 || n > idleGoroutines {
		t.Errorf("%d goroutines, want 1 to %d:\n%.20000s", n, idleGoroutines, dump)
	}
	t.Logf("%d goroutines", n)
}

type soak struct {
	k      *kernel
	random *rand.Rand
	kinds  map[string]int
	forged []string // ids of requests that must not be answered
	n      int
}

// run makes that many requests.
func (s *soak) run(t *testing.T, requests int) {
	for last := s.n + requests; s.n < last && !t.Failed(); {
		switch choice := s.random.IntN(100); {
		case choice < 50:
			s.shell(t)
		case choice < 65:
			s.queue(t, min(5, last-s.n))
		case choice < 80:
			s.forge(t)
		case choice < 90:
			s.compiled(t)
		case choice < 95:
			s.fail(t)
		default:
			s.stop(t)
		}
	}
}

// token is a text that no other request prints.
func (s *soak) token(kind string) string {
	s.n++
	s.kinds[kind]++
	return fmt.Sprintf("%s-%d-%08x", kind, s.n, s.random.Uint32())
}

func (s *soak) expect(t *testing.T, got result, status, stdout, stderr string) {
	t.Helper()
	if got.status != status || got.stdout != stdout || got.stderr != stderr {
		t.Errorf("request %d: status %q, stdout %q, stderr %q, want %q, %q, %q; it said\n%v", s.n, got.status, got.stdout, got.stderr,
			status, stdout, stderr, got.record)
	}
}

// shell prints to both streams, several lines of different lengths.
func (s *soak) shell(t *testing.T) {
	token := s.token("shell")
	line := strings.Repeat(token, 1+s.random.IntN(50))
	got := s.k.run(t, fmt.Sprintf("!for i in 1 2 3; do echo %s; done; echo %s >&2", line, token))
	s.expect(t, got, "ok", strings.Repeat(line+"\n", 3), token+"\n")
}

// queue sends several cells at once; they run one after another.
func (s *soak) queue(t *testing.T, n int) {
	var ids, tokens []string
	for range n {
		tokens = append(tokens, s.token("queued"))
		ids = append(ids, s.k.send(t, "!echo "+tokens[len(tokens)-1]))
	}
	for i, id := range ids {
		s.expect(t, s.k.result(t, id), "ok", tokens[i]+"\n", "")
	}
}

// forge sends a request that is signed with another key, and one whose content was changed on its way.
func (s *soak) forge(t *testing.T) {
	m, err := wire.New(s.k.Session, "execute_request", nil, client.Code("!echo "+s.token("forged")))
	if err != nil {
		t.Fatal(err)
	}
	frames := m.Encode([]byte("another key"))
	if s.random.IntN(2) == 0 {
		frames = m.Encode([]byte(s.k.Connection.Key))
		frames[len(frames)-1] = []byte(strings.Replace(string(frames[len(frames)-1]), "forged", "edited", 1))
	}
	if err := s.k.SendFrames(client.Channel(s.random.IntN(2)), frames); err != nil {
		t.Fatal(err)
	}
	s.forged = append(s.forged, m.Header.ID)
}

// compiled runs a Go program that has been built before and prints what only this request was given.
func (s *soak) compiled(t *testing.T) {
	token := s.token("compiled")
	s.expect(t, s.k.run(t, "%env SOAK "+token), "ok", fmt.Sprintf("Set: SOAK=%q\n", token), "")
	s.expect(t, s.k.run(t, `fmt.Print(os.Getenv("SOAK"))`), "ok", token, "")
}

// fail runs a program that fails; the cells queued behind it are not run.
func (s *soak) fail(t *testing.T) {
	s.token("failed")
	failing := s.k.send(t, `panic("on purpose")`)
	behind := s.k.send(t, "!echo not to be run")
	s.k.result(t, failing).expectFailure(t, "on purpose")
	s.expect(t, s.k.result(t, behind), "aborted", "", "")
}

// stop interrupts a program that has no end of its own.
func (s *soak) stop(t *testing.T) {
	s.token("stopped")
	id := s.k.send(t, "fmt.Println(\"running\")\ntime.Sleep(time.Hour)")
	s.k.printed(t, id, "running")
	s.k.interrupt(t)
	if got := s.k.result(t, id); got.status != "error" || got.stdout != "running\n" {
		t.Errorf("an interrupted cell: status %q, stdout %q", got.status, got.stdout)
	}
}
