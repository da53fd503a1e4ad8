package cells

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Memory holds the declarations of the cells executed so far, as GoNB does: of a name the latest. The zero value
// is empty and ready. It may be used by several goroutines.
type Memory struct {
	Packages Packages // may be nil; set before the first use

	mu        sync.Mutex
	decls     []*declaration
	imported  map[string]string // import path by the name that cells use
	mentioned map[string]string // of packages that cells use without importing them
}

// declaration is one function, type or variable, or one group of constants.
type declaration struct {
	tok     token.Token
	text    string         // with its keyword
	names   map[string]int // offset in text of each name; a method is Type.Method
	results int            // of a function
}

// Executed remembers the declarations of a cell. It is to be called once a cell was compiled.
func (m *Memory) Executed(code string) {
	l := arrange(code)
	if l.isForeign() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, magic := range l.magics {
		switch {
		case magic.is("%reset"):
			m.decls, m.imported, m.mentioned = nil, nil, nil
		case magic.is("%rm", "%remove"):
			for _, name := range magic.words[1:] {
				m.forget(strings.ReplaceAll(name, "~", "."))
				delete(m.imported, name)
			}
		}
	}
	decls, imports := l.declarations()
	for _, d := range decls {
		for name := range d.names {
			m.forget(name)
		}
		m.decls = append(m.decls, d)
	}
	if m.imported == nil {
		m.imported = map[string]string{}
	}
	maps.Copy(m.imported, imports)
}

// forget removes a name. What declares others beside it stays, with a blank in its place.
func (m *Memory) forget(name string) {
	m.decls = slices.DeleteFunc(m.decls, func(d *declaration) bool {
		if _, found := d.names[name]; !found {
			return false
		}
		if len(d.names) > 1 {
			*d = d.without(name)
			return false
		}
		return true
	})
}

// without is the declaration with a blank for one of its names.
func (d declaration) without(name string) declaration {
	at := d.names[name]
	d.names = maps.Clone(d.names)
	delete(d.names, name)
	d.text = d.text[:at] + "_" + strings.Repeat(" ", len(name)-1) + d.text[at+len(name):]
	return d
}

// outside are the declarations of a cell that stand outside of main, imports first.
func (l *layout) outside() (chunks []chunk) {
	for _, c := range l.chunks {
		inBody := slices.ContainsFunc(l.body, func(b chunk) bool { return b.start == c.start })
		if c.decl && c.tok != token.PACKAGE && !inBody {
			chunks = append(chunks, c)
		}
	}
	slices.SortStableFunc(chunks, importsFirst)
	return chunks
}

// declarations are what a cell leaves to later ones, and its imports by name.
func (l *layout) declarations() (decls []*declaration, imports map[string]string) {
	imports = map[string]string{}
	for _, c := range l.outside() {
		if c.isMain() {
			continue
		}
		d, i := parseDeclarations(l.code[c.start:c.end])
		decls = append(decls, d...)
		maps.Copy(imports, i)
	}
	return decls, imports
}

const declHead = "package p;"

// parseDeclarations reads one chunk; one that does not parse declares nothing.
func parseDeclarations(text string) (decls []*declaration, imports map[string]string) {
	src := declHead + text
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, nil
	}
	imports = map[string]string{}
	// add adds a declaration of what stands from one position to another.
	add := func(tok token.Token, keyword string, from, to token.Pos, names ...*ast.Ident) *declaration {
		d := &declaration{tok: tok, text: keyword + src[from-1:to-1], names: map[string]int{}}
		for _, n := range names {
			if n.Name != "_" {
				d.names[n.Name] = len(keyword) + int(n.Pos()-from)
			}
		}
		decls = append(decls, d)
		return d
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			from := decl.Pos()
			if decl.Doc != nil {
				from = decl.Doc.Pos()
			}
			d := add(token.FUNC, "", from, decl.End(), decl.Name)
			d.results = decl.Type.Results.NumFields()
			if decl.Recv != nil {
				d.names = map[string]int{receiver(decl) + "." + decl.Name.Name: 0}
			}
		case *ast.GenDecl:
			if decl.Tok == token.CONST { // iota and values that are left out bind the group together
				var names []*ast.Ident
				for _, s := range decl.Specs {
					names = append(names, s.(*ast.ValueSpec).Names...)
				}
				add(token.CONST, "", decl.Pos(), decl.End(), names...)
				continue
			}
			for _, s := range decl.Specs {
				switch s := s.(type) {
				case *ast.ImportSpec:
					name, path := importName(s)
					imports[name] = path
				case *ast.TypeSpec:
					add(token.TYPE, "type ", s.Pos(), s.End(), s.Name)
				case *ast.ValueSpec:
					add(token.VAR, "var ", s.Pos(), s.End(), s.Names...)
				}
			}
		}
	}
	return decls, imports
}

// declared are the names that a chunk of declarations declares.
func declared(text string) (names []string) {
	decls, _ := parseDeclarations(text)
	for _, d := range decls {
		names = slices.AppendSeq(names, maps.Keys(d.names))
	}
	return names
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	if len(f.Recv.List) == 0 {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName is the name that an import is used by, as far as its path tells.
func importName(s *ast.ImportSpec) (name, importPath string) {
	importPath, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		importPath = s.Path.Value
	}
	if s.Name != nil {
		if s.Name.Name == "." || s.Name.Name == "_" {
			return s.Name.Name + importPath, importPath // several may be
		}
		return s.Name.Name, importPath
	}
	if name = path.Base(importPath); majorVersion.MatchString(name) {
		name = path.Base(path.Dir(importPath))
	}
	return name, importPath
}

// function counts the results of a function that a cell or one before it declares.
func (m *Memory) function(l *layout, name string) (results int, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own, _ := l.declarations()
	for _, d := range slices.Backward(append(slices.Clone(m.decls), own...)) {
		if _, found := d.names[name]; found && d.tok == token.FUNC {
			return d.results, true
		} else if found {
			return 0, false // a type or a variable, which may hold a function
		}
	}
	return 0, false
}

// Import is the path of the package that a cell means by a name: by its imports, by those of the cells before, or because
// there is one of that name. "" is returned if there is none.
func (m *Memory) Import(code, name string) string { return m.importPath(arrange(code), name) }

func (m *Memory) importPath(l *layout, name string) string {
	_, own := l.declarations()
	m.mu.Lock()
	found, ok := own[name], false
	if found == "" {
		found, ok = m.imported[name]
	}
	m.mu.Unlock()
	if !ok && found == "" && m.Packages != nil {
		found = m.Packages.Import(name)
	}
	return found
}
