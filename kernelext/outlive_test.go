package kernelext_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/jobs"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// session is a kernel of a notebook in a folder, with everything that its cells have shown.
type session struct {
	*client.Client
	t     *testing.T
	shown strings.Builder
}

func open(t *testing.T, spec kernelspec.Spec, folder string) *session {
	t.Helper()
	c, err := client.Start(t.Context(), spec, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &session{Client: c, t: t}
}

// cell runs a cell that must work.
func (s *session) cell(code string) {
	s.t.Helper()
	if status := s.watched(code, func(string) {}); status != "ok" {
		s.t.Fatalf("status %q:\n%s\n%.3000s", status, code, s.shown.String())
	}
}

// watched runs a cell to its end; seen is told everything that was shown so far whenever there is more.
func (s *session) watched(code string, seen func(shown string)) (status string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	reply, err := s.Do(ctx, "execute_request", client.Code(code), func(m wire.Message) {
		s.shown.Write(m.Content)
		seen(s.shown.String())
	})
	var answer struct{ Status string }
	if err := errors.Join(err, json.Unmarshal(reply.Content, &answer)); err != nil {
		s.t.Fatalf("%v\n%.3000s", err, s.shown.String())
	}
	return answer.Status
}

// The stop button ends only the watching, and the end of the kernel nothing but the kernel: another one finds the
// training, watches it and stops it.
func TestDetachedTrainingOutlivesTheRealKernel(t *testing.T) {
	spec := kerneltest.Spec(t, kerneltest.ModuleRoot(t))
	folder := t.TempDir()
	first := open(t, spec, folder)
	first.cell(detachedCells[0])
	first.cell("%%\nkernelext.Config(Choice{Points: 1_000_000})\nkernelext.Detach(\"demo\", Train)")
	pressed := false
	status := first.watched("%%\nkernelext.Attach(\"demo\")", func(shown string) {
		if !pressed && strings.Contains(shown, "images/s") {
			pressed = true
			if err := first.Interrupt(); err != nil {
				t.Error(err)
			}
		}
	})
	if status != "ok" || strings.Contains(first.shown.String(), "interrupted: the cell was stopped") {
		t.Errorf("the stop button ended the watching alone, but the cell's status is %q", status)
	}
	if want := "Not watched any more; the training goes on."; !strings.Contains(first.shown.String(), want) {
		t.Errorf("after the stop button nothing says %q", want)
	}
	first.Close()

	all, err := jobs.List(filepath.Join(folder, jobs.Root))
	if err != nil || len(all) != 1 || all[0].State() != jobs.Running {
		t.Fatalf("after the end of the kernel: %+v, %v", all, err)
	}
	t.Cleanup(func() {
		if all[0].State() == jobs.Running {
			syscall.Kill(all[0].PID, syscall.SIGKILL)
		}
	})
	second := open(t, spec, folder)
	second.cell("import \"github.com/ganbook/ganbook/kernelext\"\n%%\nkernelext.Stop(\"\")\nkernelext.Attach(\"demo\")")
	for _, want := range []string{"demo has ended (stopped)", "00001-demo was stopped"} {
		if !strings.Contains(second.shown.String(), want) {
			t.Errorf("the second kernel does not say %q:\n%.3000s", want, second.shown.String())
		}
	}
}
