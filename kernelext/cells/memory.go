package cells

import (
	"go/token"
	"maps"
	"slices"
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

// Executed remembers the declarations of a cell. It is to be called once a cell was compiled.
func (m *Memory) Executed(code string) {
	l := arrange(code)
	if l.isForeign() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.obey(l)
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

// Commanded does what Executed does with the commands %reset and %rm of a cell, for one that was not compiled: GoNB obeys
// them before.
func (m *Memory) Commanded(code string) {
	l := arrange(code)
	if l.isForeign() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.obey(l)
}

// obey follows the commands that remove declarations; mu is held.
func (m *Memory) obey(l *layout) {
	for _, magic := range l.magics {
		switch {
		case magic.resets():
			m.decls, m.imported, m.mentioned = nil, nil, nil
		case magic.is("%rm", "%remove"):
			for _, name := range magic.words[1:] {
				m.forget(strings.ReplaceAll(name, "~", "."))
				delete(m.imported, name)
			}
		}
	}
}

// resets reports whether a command removes all declarations; %reset go.mod does not.
func (m magic) resets() bool { return m.is("%reset") && len(m.words) == 1 }

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
