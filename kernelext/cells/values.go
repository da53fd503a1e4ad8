package cells

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Cells import the package that shows values under a name that no cell uses for anything else.
const (
	showPackage = "github.com/ganbook/ganbook/kernelext/result"
	showName    = "ganbookResult"
)

// values are the expressions of a cell whose values are shown.
type values struct {
	*layout
	returns []span // those of return statements, the keyword included
	last    span   // the last expression or return
	isShown bool   // last is shown
	unsure  bool   // last is a call that may have no value
}

// span is where a list of expressions stands: from is that of its keyword return, or at.
type span struct{ from, at, end int }

func (s span) isReturn() bool { return s.from < s.at }

const mainHead = "package p; func main() {"

// parseMain parses main's body; offsets in it are those of the cell after shift. A list "a, b" at the end is no
// statement: it is read as if it stood behind return.
func (l *layout) parseMain() (body *ast.BlockStmt, offset func(token.Pos) int) {
	code := l.mainCode()
	parse := func(code string) *ast.BlockStmt {
		file, err := parser.ParseFile(token.NewFileSet(), "", mainHead+code+"\n}", parser.SkipObjectResolution)
		if err != nil || len(file.Decls) != 1 {
			return nil
		}
		return file.Decls[0].(*ast.FuncDecl).Body
	}
	shift := l.main - len(mainHead) - 1 // positions are from 1
	if body = parse(code); body != nil {
		return body, func(p token.Pos) int { return int(p) + shift }
	}
	if len(l.body) == 0 {
		return nil, nil
	}
	last := l.body[len(l.body)-1].first
	const keyword = "return "
	body = parse(code[:last-l.main] + keyword + code[last-l.main:])
	return body, func(p token.Pos) int {
		if at := int(p) + shift; at <= last {
			return at
		}
		return int(p) + shift - len(keyword)
	}
}

// values finds what is to be shown.
func (l *layout) values(m *Memory) (v values) {
	v.layout = l
	body, offset := l.parseMain()
	if body == nil || len(body.List) == 0 || len(l.find("%wasm")) > 0 {
		return v
	}
	at := func(from token.Pos, list []ast.Expr) span {
		return span{offset(from), offset(list[0].Pos()), offset(list[len(list)-1].End())}
	}
	last := body.List[len(body.List)-1]
	ast.Inspect(body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 && ast.Node(last) != n {
			v.returns = append(v.returns, at(r.Pos(), r.Results))
		}
		_, isFunc := n.(*ast.FuncLit)
		return !isFunc
	})
	var shown []ast.Expr
	switch s := last.(type) {
	case *ast.ExprStmt:
		shown = []ast.Expr{s.X}
		v.isShown = !l.body[len(l.body)-1].semicolon
	case *ast.ReturnStmt:
		shown = s.Results
		v.isShown = len(shown) > 0
	}
	if !v.isShown {
		return v
	}
	v.last = at(last.Pos(), shown)
	if len(shown) == 1 {
		sure, has := m.hasValue(l, body, shown[0])
		_, isReturn := last.(*ast.ReturnStmt)
		v.isShown, v.unsure = has || isReturn, has && !sure
	}
	return v
}

// importLine is the line in front of a cell that shows something.
func (v values) importLine(showLast bool) string {
	if len(v.returns) > 0 || v.isShown && showLast {
		return "import " + showName + " " + strconv.Quote(showPackage) + "\n"
	}
	if v.isShown {
		return "\n"
	}
	return ""
}

// once are edits that leave out the commands that GoNB obeys before it compiles and that hold for later cells, too: what is
// compiled a second time must not run them again. Their lines stay.
func (l *layout) once() (edits []edit) {
	for _, m := range l.magics {
		if !m.is("%%", "%main", "%args", "%capture", "%wasm") {
			edits = append(edits, edit{m.start, m.end, showOpened, strings.Repeat("\n", strings.Count(l.text[m.start:m.end], "\n"))})
		}
	}
	return edits
}

// edits shows the values. An expression gets lines of its own: the compiler's columns hold. Plain has the same lines.
func (v values) edits(showLast bool) (edits []edit) {
	show := func(s span) {
		open, closed := showName+".Show(\n", ",\n)"
		if s.isReturn() {
			open, closed = "{ "+open, closed+"; return }"
		}
		edits = append(edits, edit{s.from, s.at, showOpened, open + v.indent(s.at)}, edit{s.end, s.end, showClosed, closed})
	}
	for _, s := range v.returns {
		show(s)
	}
	switch s := v.last; {
	case !v.isShown:
	case showLast:
		show(s)
	default:
		open, closed := "\n", "\n"
		if s.isReturn() {
			open, closed = "{\n", "\nreturn }"
		}
		edits = append(edits, edit{s.from, s.at, showOpened, open + v.indent(s.at)}, edit{s.end, s.end, showClosed, closed})
	}
	return edits
}

// Functions of the language without a value worth showing, and printing ones of packages.
var (
	silentBuiltins = []string{"clear", "close", "copy", "delete", "panic", "print", "println"}
	printing       = map[string][]string{"fmt": {"Print", "Fprint", "Scan", "Fscan", "Sscan"}, "log": {""}, showName: {""}}
)

// hasValue reports whether an expression has a value worth showing, and whether that is certain.
func (m *Memory) hasValue(l *layout, body *ast.BlockStmt, e ast.Expr) (sure, has bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return true, e.Op != token.ARROW
	case *ast.CallExpr:
		count, known := m.results(l, body, e.Fun)
		return known, !known || count > 0
	}
	return true, true
}

// results counts what a call of a function returns.
func (m *Memory) results(l *layout, body *ast.BlockStmt, fun ast.Expr) (count int, known bool) {
	switch f := ast.Unparen(fun).(type) {
	case *ast.FuncLit:
		return f.Type.Results.NumFields(), true
	case *ast.IndexExpr: // an instance of a generic function
		return m.results(l, body, f.X)
	case *ast.IndexListExpr:
		return m.results(l, body, f.X)
	case *ast.Ident:
		if local(body, f.Name) {
			return 0, false
		}
		if count, known = m.function(l, f.Name); !known && slices.Contains(silentBuiltins, f.Name) {
			return 0, true
		}
		return count, known
	case *ast.SelectorExpr:
		pkg, ok := f.X.(*ast.Ident)
		if !ok || local(body, pkg.Name) {
			return 0, false
		}
		for _, prefix := range printing[pkg.Name] {
			if strings.HasPrefix(f.Sel.Name, prefix) {
				return 0, true
			}
		}
		if path := m.importPath(l, pkg.Name); path != "" && m.Packages != nil {
			return m.Packages.Results(path, f.Sel.Name)
		}
	}
	return 0, false
}

// local reports whether a body declares a name: it then means no function and no package.
func local(body *ast.BlockStmt, name string) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		var names []ast.Expr
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				names = n.Lhs
			}
		case *ast.RangeStmt:
			names = []ast.Expr{n.Key, n.Value}
		case *ast.ValueSpec:
			for _, i := range n.Names {
				names = append(names, i)
			}
		case *ast.TypeSpec:
			names = []ast.Expr{n.Name}
		}
		for _, e := range names {
			i, ok := e.(*ast.Ident)
			found = found || ok && i.Name == name
		}
		return !found
	})
	return found
}
