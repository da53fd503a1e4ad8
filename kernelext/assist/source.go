package assist

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Kinds of completions, as front ends show them.
const (
	kindFunction = "function"
	kindMethod   = "method"
	kindField    = "field"
	kindType     = "type"
	kindVariable = "variable"
	kindConstant = "constant"
	kindPackage  = "package"
	kindKeyword  = "keyword"
	kindMagic    = "magic"
)

// symbol is an exported name of a package.
type symbol struct {
	name, kind string
	decl       ast.Node // printed when somebody asks
	methods    []*ast.FuncDecl
	doc        string
	results    int // of a function
}

// source is what the files of a package say.
type source struct {
	name    string // of the package
	doc     string
	symbols []symbol
	files   *token.FileSet
	changed time.Time // the latest file when they were read
}

// source reads a package's files, or returns what was read if no file has changed since; an unknown package is empty.
func (x *index) source(importPath string) *source {
	x.wait()
	x.mu.Lock()
	dir, known := x.dirs[importPath]
	if importPath == "builtin" && x.goroot != "" {
		dir, known = filepath.Join(x.goroot, "src", "builtin"), true
	}
	cached := x.sources[importPath]
	x.mu.Unlock()
	if !known {
		return &source{}
	}
	changed := lastChange(dir)
	if cached != nil && cached.changed.Equal(changed) {
		return cached
	}
	s := readSource(dir, importPath)
	s.changed = changed
	x.mu.Lock()
	x.sources[importPath] = s
	x.mu.Unlock()
	return s
}

func lastChange(dir string) (t time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return t
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".go") && info.ModTime().After(t) {
			t = info.ModTime()
		}
	}
	return t
}

// readSource parses the files of a folder that belong to this system; what does not parse is left out.
func readSource(dir, importPath string) *source {
	s := &source{files: token.NewFileSet()}
	found, err := build.ImportDir(dir, 0)
	if err != nil && found == nil {
		return s
	}
	var files []*ast.File
	for _, name := range append(found.GoFiles, found.CgoFiles...) {
		if f, _ := parser.ParseFile(s.files, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution); f != nil {
			files = append(files, f)
		}
	}
	mode := doc.Mode(0)
	if importPath == "builtin" {
		mode = doc.AllDecls
	}
	p, err := doc.NewFromFiles(s.files, files, importPath, mode)
	if err != nil {
		return s
	}
	s.name, s.doc = p.Name, p.Doc
	s.values(p.Consts, kindConstant)
	s.values(p.Vars, kindVariable)
	s.functions(p.Funcs)
	for _, t := range p.Types {
		own := symbol{name: t.Name, kind: kindType, decl: t.Decl, doc: t.Doc}
		for _, m := range t.Methods {
			own.methods = append(own.methods, head(m.Decl))
		}
		s.symbols = append(s.symbols, own)
		s.values(t.Consts, kindConstant)
		s.values(t.Vars, kindVariable)
		s.functions(t.Funcs)
	}
	return s
}

func (s *source) values(values []*doc.Value, kind string) {
	for _, v := range values {
		for _, name := range v.Names {
			if name == "_" {
				continue // one that is not exported
			}
			s.symbols = append(s.symbols, symbol{name: name, kind: kind, decl: v.Decl, doc: v.Doc})
		}
	}
}

func (s *source) functions(functions []*doc.Func) {
	for _, f := range functions {
		s.symbols = append(s.symbols, symbol{name: f.Name, kind: kindFunction, decl: head(f.Decl), doc: f.Doc, results: f.Decl.Type.Results.NumFields()})
	}
}

// head is a function without its body and comment.
func head(f *ast.FuncDecl) *ast.FuncDecl {
	h := *f
	h.Body, h.Doc = nil, nil
	return &h
}

// find returns a symbol of the package, nil if there is none.
func (s *source) find(name string) *symbol {
	for i := range s.symbols {
		if s.symbols[i].name == name {
			return &s.symbols[i]
		}
	}
	return nil
}

// maxDeclaration is the length in lines from which a declaration, such as a long group of constants, is cut.
const maxDeclaration = 40

// print is a symbol's declaration as Go source; a type with its methods.
func (s *source) print(sym *symbol) string {
	node := sym.decl
	if g, ok := node.(*ast.GenDecl); ok {
		group := *g
		group.Doc = nil
		node = &group
	}
	var b bytes.Buffer
	if err := format.Node(&b, s.files, node); err != nil {
		return sym.name
	}
	for i, m := range sym.methods {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
		if err := format.Node(&b, s.files, m); err != nil {
			b.WriteString("// " + m.Name.Name)
		}
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) > maxDeclaration {
		lines = append(lines[:maxDeclaration], "// …")
	}
	return strings.Join(lines, "\n")
}
