package kernelext

import (
	"github.com/janpfeifer/gonb/gonbui"
)

// Markdown displays text in Markdown: tables, formulas. An error fails the cell, so that a function's results can be
// passed as they are.
func Markdown(text string, err ...error) {
	for _, e := range err {
		if e != nil {
			panic(e)
		}
	}
	if !gonbui.IsNotebook {
		return
	}
	gonbui.DisplayMarkdown(text)
	gonbui.Sync()
}
