package cells

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Document is a Go file with the imports and declarations remembered and those of a cell, its statements in main, for a
// tool that reads Go. The cursor is counted in code points of the cell; offset is its byte in the text, -1 where there
// is no Go: in a command, or in a cell that is not Go.
func (m *Memory) Document(code string, cursor int) (text string, offset int) {
	l := arrange(code)
	w := l.writer(nil)
	w.edits = nil // the text is not for GoNB
	w.source = &source{text: l.code, code: l.code, starts: l.starts}
	w.cursor = byteOffset(code, cursor)
	if l.isForeign() || l.inMagic(w.cursor) {
		return "", -1
	}
	own, ownImports := l.declarations()
	w.add("package main\n\n"+m.imports(l, ownImports, own), 1)
	var hasMain bool
	rest := l.outside()
	for len(rest) > 0 && rest[0].tok == token.IMPORT {
		w.apart(rest[0].start, l.reach(rest[0]))
		rest = rest[1:]
	}
	w.add(m.remembered(own), 1)
	for _, c := range rest {
		hasMain = hasMain || c.isMain()
		w.apart(c.start, l.reach(c))
		w.add(c.closers, 1) // a declaration that is still being typed
		w.endLine()
	}
	if !hasMain {
		w.add("func main() {\n", 1)
		w.body(l)
		w.add("}\n", 1)
	}
	return w.b.String(), w.found
}

// body writes main's statements, which need not be complete.
func (w *writer) body(l *layout) {
	if l.passed {
		if w.found < 0 && len(l.chunks) == 0 { // the cursor is in white space or a comment
			w.found = w.b.Len()
		}
		return
	}
	w.source = &source{text: l.code[:l.main] + l.mainCode(), starts: l.starts}
	w.copy(l.main, len(w.text))
	w.endLine()
	if n := len(l.body); n > 0 {
		w.add(l.body[n-1].closers, 1)
		w.endLine()
	}
}

// reach is the end of a chunk with the blanks behind it in its line, where somebody may be typing.
func (l *layout) reach(c chunk) int {
	end := c.end
	for end < len(l.code) && (l.code[end] == ' ' || l.code[end] == '\t') {
		end++
	}
	return end
}

func (l *layout) inMagic(at int) bool {
	return slices.ContainsFunc(l.magics, func(m magic) bool { return m.start < at && at <= m.end })
}

// byteOffset is where a code point of a cell is in its normal text.
func byteOffset(cell string, cursor int) int {
	for i := range cell {
		if cursor <= 0 {
			return len(normal.Replace(cell[:i]))
		}
		cursor--
	}
	return len(normal.Replace(cell))
}

// Mention has the packages of the names, as far as m.Packages knows them, imported in every document: a tool that reads
// one document after the other need not look for packages again and again. Document does so with all that it meets.
func (m *Memory) Mention(names ...string) {
	for _, name := range names {
		if m.Packages == nil {
			return
		}
		if path := m.Packages.Import(name); path != "" {
			m.mu.Lock()
			if m.mentioned == nil {
				m.mentioned = map[string]string{}
			}
			m.mentioned[name] = path
			m.mu.Unlock()
		}
	}
}

// imports are those remembered and mentioned so far, without those that a cell makes itself.
func (m *Memory) imports(l *layout, own map[string]string, declared []*declaration) string {
	for _, c := range l.chunks {
		for i, w := range c.words {
			if w.tok == token.IDENT && i+1 < len(c.words) && c.words[i+1].tok == token.PERIOD && (i == 0 || c.words[i-1].tok != token.PERIOD) {
				m.Mention(w.lit)
			}
		}
	}
	m.mu.Lock()
	paths := maps.Clone(m.mentioned)
	if paths == nil {
		paths = map[string]string{}
	}
	for _, d := range append(slices.Clone(m.decls), declared...) {
		for name := range d.names {
			delete(paths, name)
		}
	}
	maps.Copy(paths, m.imported)
	m.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if _, again := own[name]; !again {
			fmt.Fprintf(&b, "import %s%s\n", importAlias(name, paths[name]), strconv.Quote(paths[name]))
		}
	}
	return b.String()
}

// importAlias is the name in front of an import: the last part of a path alone would do, but not for every path.
func importAlias(name, path string) string {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return name[:1] + " "
	}
	if strings.HasSuffix(path, "/"+name) || path == name {
		return ""
	}
	return name + " "
}

// remembered are the declarations that a cell does not replace.
func (m *Memory) remembered(own []*declaration) string {
	replaced := map[string]bool{}
	for _, d := range own {
		for name := range d.names {
			replaced[name] = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, d := range m.decls {
		kept := *d
		for name := range d.names {
			if !replaced[name] {
				continue
			}
			if len(kept.names) == 1 {
				kept.names = nil
				break
			}
			kept = kept.without(name)
		}
		if kept.names != nil {
			b.WriteString(kept.text + "\n")
		}
	}
	return b.String()
}

// Names are the names declared by the cells so far and by this one, with "func", "type", "var" or "const".
func (m *Memory) Names(code string) map[string]string {
	own, _ := arrange(code).declarations()
	m.mu.Lock()
	defer m.mu.Unlock()
	names := map[string]string{}
	for _, d := range append(slices.Clone(m.decls), own...) {
		for name := range d.names {
			if !strings.Contains(name, ".") && utf8.ValidString(name) {
				names[name] = d.tok.String()
			}
		}
	}
	return names
}

// Declaration is the text that declares a name, in a cell or one before it; "" if there is none.
func (m *Memory) Declaration(code, name string) string {
	own, _ := arrange(code).declarations()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range slices.Backward(append(slices.Clone(m.decls), own...)) {
		if _, found := d.names[name]; found {
			return d.signature()
		}
	}
	return ""
}
