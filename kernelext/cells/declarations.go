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
)

// declaration is one function, type or variable, or one group of constants.
type declaration struct {
	tok     token.Token
	text    string         // with its keyword
	names   map[string]int // offset in text of each name; a method is Type.Method
	results int            // of a function
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

// signature is a declaration without the body of a function.
func (d *declaration) signature() string {
	if d.tok == token.FUNC {
		if at := strings.Index(d.text, " {\n"); at > 0 {
			return d.text[:at]
		}
	}
	return d.text
}
