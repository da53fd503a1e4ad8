// Package assist completes and explains names in notebook cells. gopls does it best, but needs seconds to start and may
// be missing: until it answers, and whenever it does not in time, a syntactic engine does, which reads declarations only.
package assist

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/ganbook/ganbook/kernelext/cells"
)

// Options of an assistant.
type Options struct {
	Gopls string    // the program; "": that of the variable GANBOOK_GOPLS in Env, else none is started
	Root  string    // the checkout that cells import from
	Env   []string  // of the kernel, NAME=value; nil: of this process
	Log   io.Writer // one line for each start and failure of gopls; nil: none
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}

// How long a request waits for gopls: where only gopls knows, and where there is an answer without it.
const (
	patience = 1800 * time.Millisecond
	haste    = 700 * time.Millisecond
)

const scanPatience = 200 * time.Millisecond // of Prepare

// usual are packages that most cells use: gopls reads them before it is asked.
var usual = []string{"context", "errors", "experiments", "fmt", "kernelext", "math", "os", "plots", "runlog", "strings", "time", "train"}

// Assistant answers for one notebook. Its methods may be called from several goroutines.
type Assistant struct {
	memory cells.Memory
	index  *index
	server *server // nil without gopls
	stop   context.CancelFunc
	tasks  sync.WaitGroup
}

// Start never fails: what does not work is logged and left out. The assistant ends with ctx or Close.
func Start(ctx context.Context, o Options) *Assistant {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Gopls == "" {
		o.Gopls = lookup(o.Env, "GANBOOK_GOPLS")
	}
	ctx, stop := context.WithCancel(ctx)
	a := &Assistant{stop: stop}
	a.index = newIndex(ctx, o, &a.tasks)
	a.memory.Packages = a.index
	if o.Gopls == "" {
		o.logf("assist: GANBOOK_GOPLS names no gopls: completion knows packages and declarations only")
		return a
	}
	a.server = newServer(o, func() (string, int) {
		a.index.wait()
		a.memory.Mention(usual...)
		return a.memory.Document("fmt.Printl", len("fmt.Printl"))
	})
	a.tasks.Go(func() { a.server.run(ctx) })
	return a
}

// Close ends gopls and removes its files.
func (a *Assistant) Close() {
	a.stop()
	a.tasks.Wait()
}

// Executed remembers the declarations of a cell that was compiled.
func (a *Assistant) Executed(code string) { a.memory.Executed(code) }

// Commanded forgets what the commands of a cell that was not compiled remove: GoNB obeys them before it compiles.
func (a *Assistant) Commanded(code string) { a.memory.Commanded(code) }

// Prepare prepares a cell for GoNB, knowing the functions of the cells before it and of all packages: a call without
// results costs no second compilation. Before the packages are known, which takes long on a slow disk, it waits for them
// only a little.
func (a *Assistant) Prepare(code string) cells.Prepared {
	select {
	case <-a.index.scanned:
	case <-time.After(scanPatience):
	}
	return a.memory.Prepare(code)
}

// ask returns what gopls says of a cell, nothing when it does not answer in time. While gopls still loads, it is waited for
// only if that is all the time there is to lose.
func ask[T any](ctx context.Context, a *Assistant, code string, cursor int, limit time.Duration, wait bool, f func(context.Context, *session, string, int) (T, error)) (answer T) {
	if a.server == nil {
		return answer
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	session := a.server.current()
	if session == nil && wait {
		session = a.server.get(ctx)
	}
	text, offset := a.memory.Document(code, cursor)
	if offset < 0 || session == nil {
		return answer
	}
	answers := make(chan T, 1)
	go func() { // gopls may hang so that not even writing to it returns
		answer, err := f(ctx, session, text, offset)
		if err != nil {
			var none T
			answer = none
		}
		answers <- answer
	}()
	select {
	case answer = <-answers:
	case <-ctx.Done():
	}
	session.judge(ctx.Err() == nil)
	return answer
}

func lookup(env []string, name string) (value string) {
	for _, kv := range env {
		if len(kv) > len(name) && kv[len(name)] == '=' && kv[:len(name)] == name {
			value = kv[len(name)+1:]
		}
	}
	return value
}
