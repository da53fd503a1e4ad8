package nbhtml

import (
	"bytes"
	"cmp"
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	rawhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// heading is an entry of the table of contents.
type heading struct {
	Level int
	ID    string
	Text  string
}

// markdown is GitHub's dialect with formulas. It lets HTML through: what it writes must be cleaned.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, formulaExtension{}),
	goldmark.WithRendererOptions(rawhtml.WithUnsafe(),
		renderer.WithNodeRenderers(util.Prioritized(codeRenderer{}, 90))))

// markdownHTML converts Markdown into HTML that is not clean yet, and lists its headings, whose ids are not in used.
func markdownHTML(source string, used map[string]bool) (string, []heading) {
	src := []byte(source)
	doc := markdown.Parser().Parse(text.NewReader(src))
	var headings []heading
	own := map[string]bool{}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		h, ok := n.(*ast.Heading)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		title := plainText(h, src)
		id := headingID(title, used, own)
		h.SetAttributeString("id", []byte(id))
		headings = append(headings, heading{h.Level, id, title})
		return ast.WalkSkipChildren, nil
	})
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, src, doc); err != nil { // writing into memory does not fail
		return "<pre>" + html.EscapeString(source) + "</pre>", nil
	}
	return b.String(), headings
}

// headingID names a heading as JupyterLab does, so that links inside a notebook work: its text with hyphens for spaces.
func headingID(text string, used, own map[string]bool) string {
	base := cmp.Or(strings.Join(strings.Fields(text), "-"), "section")
	id := base
	for n := 2; used[id] || own[id]; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	own[id] = true
	return id
}

// plainText is what a heading says, without its markup.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch t := n.(type) {
		case *ast.Text:
			b.Write(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(t.Value(source)))))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		case *inlineFormula:
			b.WriteString(t.tex)
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}

// codeRenderer highlights fenced code.
type codeRenderer struct{}

func (codeRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, func(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n := node.(*ast.FencedCodeBlock); entering {
			_, _ = w.WriteString("<pre><code>" + highlight(string(n.Lines().Value(source)), string(n.Language(source))) + "</code></pre>\n")
		}
		return ast.WalkSkipChildren, nil
	})
}
