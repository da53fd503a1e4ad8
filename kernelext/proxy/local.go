package proxy

import (
	"context"
	"strings"

	"github.com/ganbook/ganbook/kernelext/cells"
)

const help = `A cell is just Go code. Declarations (func, type, var, const, import) are kept for later cells; everything else runs.
The value of the last expression is the cell's result; a semicolon behind it shows nothing.

Values are not kept between cells: each cell is a program of its own, and var x = f() calls f in every later cell. Open
what a training saved instead: experiments.Open(run).

  name?         documentation of a name: train.Options?
  !command      a command for the shell
  %%bash        the whole cell for the shell
  %env K=V      sets an environment variable for later cells
  %cd folder    changes the folder that cells run in
  %ls           lists the declarations that are kept; %rm name forgets one, %reset all
  %test         runs the cell's tests and benchmarks
  %args -n 3    arguments of the cell's program

The stop button lets a training save first. What must outlive the notebook: kernelext.Detach.
`

// isLocal says whether a cell is answered here: %help, and name? or ?name.
func (p *proxy) isLocal(c *cell) bool {
	code := strings.TrimSpace(c.code)
	return code == "%help" || code == "?" || question(code) != ""
}

// question is the name in name? or ?name, "" for other code.
func question(code string) string {
	if strings.ContainsAny(code, "\n\r \t;") {
		return ""
	}
	if name, ok := strings.CutPrefix(code, "?"); ok {
		return strings.TrimLeft(name, "?")
	}
	if name, ok := strings.CutSuffix(code, "?"); ok {
		return strings.TrimRight(name, "?")
	}
	return ""
}

// runLocal shows a page.
func (p *proxy) runLocal(c *cell) {
	name := question(strings.TrimSpace(c.code))
	if name == "" {
		c.out.page = page(map[string]string{"text/plain": help})
		p.finish(c, nil)
		return
	}
	p.assist(func(ctx context.Context, a Assistant) func() {
		data, found := a.Inspect(ctx, name, len([]rune(name)), 1)
		return func() {
			if p.running != c {
				return
			}
			if !found {
				p.finish(c, &cells.Failure{Name: "NameError", Value: name + " is not known", Traceback: []string{name + " is not known"}})
				return
			}
			c.out.page = page(data)
			p.finish(c, nil)
		}
	})
}

func page(data map[string]string) []any {
	return []any{map[string]any{"source": "page", "start": 0, "data": data}}
}
