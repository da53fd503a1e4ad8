package nbhtml

import (
	"bytes"
	"html"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// formulaExtension reads $…$ and $$…$$ in Markdown.
type formulaExtension struct{}

func (formulaExtension) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(
		parser.WithInlineParsers(util.Prioritized(inlineFormulas{}, 90)), // before code spans and emphasis
		parser.WithBlockParsers(util.Prioritized(blockFormulas{}, 90)))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(formulaRenderer{}, 90)))
}

// formulaHTML is a formula as MathML, or its source where that is not possible.
func formulaHTML(tex string, display bool) string {
	if xml, err := mathML(tex, display); err == nil {
		return xml
	}
	dollars := "$"
	if display {
		dollars = "$$"
	}
	return `<code class="formula">` + html.EscapeString(dollars+tex+dollars) + `</code>`
}

var (
	kindFormula      = ast.NewNodeKind("Formula")
	kindFormulaBlock = ast.NewNodeKind("FormulaBlock")
)

type inlineFormula struct {
	ast.BaseInline
	tex     string
	display bool
}

func (*inlineFormula) Kind() ast.NodeKind              { return kindFormula }
func (n *inlineFormula) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type inlineFormulas struct{}

func (inlineFormulas) Trigger() []byte { return []byte{'$'} }

// Parse follows the rules by which a dollar in prose stays one: a formula begins and ends with something other than a
// space, a digit does not follow its end, no letter or digit stands before its beginning, and it holds no code.
func (inlineFormulas) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, at := block.Position()
	var all []byte
	for len(all) < maxFormula {
		part, _ := block.PeekLine()
		if part == nil {
			break
		}
		all = append(all, part...)
		block.AdvanceLine()
	}
	block.SetPosition(line, at)
	tex, length, display := cutFormula(string(all))
	if length == 0 || !display && before < 128 && (isLetter(byte(before)) || isDigit(byte(before)) || before == '$') {
		return nil
	}
	for length > 0 {
		part, _ := block.PeekLine()
		if length < len(part) {
			block.Advance(length)
			break
		}
		length -= len(part)
		block.AdvanceLine()
	}
	return &inlineFormula{tex: tex, display: display}
}

// cutFormula cuts the formula that a text begins with and says how long it is with its dollars.
func cutFormula(s string) (tex string, length int, display bool) {
	if inside, ok := strings.CutPrefix(s, "$$"); ok {
		end := strings.Index(inside, "$$")
		if end < 1 || strings.Contains(inside[:end], "`") || strings.TrimSpace(inside[:end]) == "" {
			return "", 0, false
		}
		return inside[:end], end + 4, true
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '`':
			return "", 0, false
		case '$':
			if i == 1 || isSpace(s[1]) || isSpace(s[i-1]) || i+1 < len(s) && isDigit(s[i+1]) {
				return "", 0, false
			}
			return s[1:i], i + 1, false
		}
	}
	return "", 0, false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

type formulaBlock struct {
	ast.BaseBlock
	tex    bytes.Buffer
	closed bool
}

func (*formulaBlock) Kind() ast.NodeKind              { return kindFormulaBlock }
func (*formulaBlock) IsRaw() bool                     { return true }
func (n *formulaBlock) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// blockFormulas reads $$ at the beginning of a line up to $$ at the end of one, whatever Markdown would see between.
type blockFormulas struct{}

func (blockFormulas) Trigger() []byte { return []byte{'$'} }

func (blockFormulas) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	at := pc.BlockOffset()
	if at < 0 || !bytes.HasPrefix(line[at:], []byte("$$")) {
		return nil, parser.NoChildren
	}
	n := &formulaBlock{}
	n.add(line[at+2:])
	if !n.closed && bytes.Contains(line[at+2:], []byte("$$")) {
		return nil, parser.NoChildren // a formula in a line of text
	}
	reader.AdvanceToEOL()
	return n, parser.NoChildren
}

// add takes a line, and closes the block at its $$.
func (n *formulaBlock) add(line []byte) {
	content := bytes.TrimRight(line, " \t\r\n")
	if body, ok := bytes.CutSuffix(content, []byte("$$")); ok && !bytes.Contains(body, []byte("$$")) {
		n.tex.Write(body)
		n.closed = true
		return
	}
	n.tex.Write(content)
	n.tex.WriteByte('\n')
}

func (blockFormulas) Continue(node ast.Node, reader text.Reader, _ parser.Context) parser.State {
	n := node.(*formulaBlock)
	if n.closed {
		return parser.Close
	}
	line, _ := reader.PeekLine()
	n.add(line)
	reader.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (blockFormulas) Close(ast.Node, text.Reader, parser.Context) {}
func (blockFormulas) CanInterruptParagraph() bool                 { return true }
func (blockFormulas) CanAcceptIndentedLine() bool                 { return false }

type formulaRenderer struct{}

func (formulaRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindFormula, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n := node.(*inlineFormula); entering {
			_, _ = w.WriteString(formulaHTML(n.tex, n.display))
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(kindFormulaBlock, func(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n := node.(*formulaBlock); entering {
			_, _ = w.WriteString("<p>" + formulaHTML(strings.TrimSpace(n.tex.String()), true) + "</p>\n")
		}
		return ast.WalkSkipChildren, nil
	})
}
