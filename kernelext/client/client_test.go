package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/kerneltest"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// One kernel: a reply with its output, a request given up, an interrupt, the end.
func TestARealKernel(t *testing.T) {
	spec := kerneltest.Spec(t, kerneltest.Checkout(t))
	k, err := client.Start(t.Context(), spec, t.TempDir(), "GREETING=hello")
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if k.Language["name"] != "go" || k.Err() != nil {
		t.Errorf("language %v, error %v", k.Language, k.Err())
	}

	run := func(ctx context.Context, code string, each func(text string)) (status string, err error) {
		reply, err := k.Do(ctx, "execute_request", client.Code(code), func(m wire.Message) {
			var c struct{ Text string }
			if m.Header.Type == "stream" && json.Unmarshal(m.Content, &c) == nil {
				each(c.Text)
			}
		})
		var c struct{ Status string }
		if err == nil {
			err = json.Unmarshal(reply.Content, &c)
		}
		return c.Status, err
	}
	var text string
	status, err := run(t.Context(), "!echo $GREETING; sleep 0.1; echo again", func(s string) { text += s })
	if err != nil || status != "ok" || text != "hello\nagain\n" {
		t.Errorf("status %q, error %v, output %q", status, err, text)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	if _, err := run(ctx, "!echo started; sleep 100", func(string) { cancel(enough) }); !errors.Is(err, enough) {
		t.Errorf("a request given up: %v", err)
	}
	if err := k.Interrupt(); err != nil {
		t.Error(err)
	}
	if _, err := run(t.Context(), "!echo still here", func(s string) { text = s }); err != nil || text != "still here\n" {
		t.Errorf("after an interrupt: %v, output %q", err, text)
	}

	if err := syscall.Kill(k.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), "!echo gone", func(string) {}); !errors.Is(err, client.ErrExited) || k.Err() == nil {
		t.Errorf("after its end: %v, %v", err, k.Err())
	}
	select {
	case <-k.Exited():
	case <-time.After(time.Minute):
		t.Error("its end is not reported")
	}
}

func TestKernelsThatDoNotStart(t *testing.T) {
	for _, tc := range []struct {
		name string
		argv []string
		want string
	}{
		{"no program", nil, "./ganbook setup"},
		{"absent", []string{"/no/such/gonb"}, "./ganbook setup"},
		{"ends at once", []string{"sh", "-c", "echo the reason >&2; exit 4"}, "the reason"},
	} {
		if _, err := client.Start(t.Context(), kernelspec.Spec{Argv: tc.argv}, t.TempDir()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	time.AfterFunc(50*time.Millisecond, func() { cancel(enough) })
	if _, err := client.Start(ctx, kernelspec.Spec{Argv: []string{"sleep", "100"}}, t.TempDir()); !errors.Is(err, enough) {
		t.Errorf("one that never listens: %v", err)
	}
}
