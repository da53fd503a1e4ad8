package assist

import (
	"context"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// match is one completion with its kind.
type match struct{ text, kind string }

// Complete returns what the word before the cursor (counted in code points) may become, the likeliest first, and the range
// that it replaces: [start, end). Words that begin as typed come alone; only if there are none, others follow that
// differ in case, then those that contain what was typed. It takes less than two seconds.
func (a *Assistant) Complete(ctx context.Context, code string, cursor int) (matches []string, start, end int, kinds []string) {
	a.index.wait()
	runes := []rune(code)
	p := completionPlace(runes, cursor)
	found := rank(a.syntactic(code, p), p.word)
	limit := haste
	if len(found) == 0 {
		limit = patience
	}
	// What a package has is known from its files; what a value has, and what is in scope, gopls knows.
	if certain := p.magic || p.importing || p.silent || p.qualified && len(found) > 0; !certain {
		all := ask(ctx, a, code, p.end, limit, len(found) == 0, completions)
		found = rank(append(all, found...), p.word)
	}
	seen := map[string]bool{}
	for _, m := range found {
		if !seen[m.text] {
			seen[m.text] = true
			matches, kinds = append(matches, m.text), append(kinds, m.kind)
		}
	}
	return matches, p.start, p.end, kinds
}

// completions are gopls's, as far as they are one identifier.
func completions(ctx context.Context, s *session, text string, offset int) (found []match, err error) {
	items, err := s.complete(ctx, text, offset)
	for _, i := range items {
		if word := i.text(); !strings.ContainsFunc(word, func(r rune) bool { return !isLetter(r) }) {
			found = append(found, match{word, itemKinds[i.Kind]})
		}
	}
	return found, err
}

// rank keeps the best sort of matches that there is.
func rank(all []match, typed string) []match {
	folded := strings.ToLower(typed)
	for _, fits := range []func(string) bool{
		func(s string) bool { return strings.HasPrefix(s, typed) },
		func(s string) bool { return strings.HasPrefix(strings.ToLower(s), folded) },
		func(s string) bool { return strings.Contains(strings.ToLower(s), folded) },
	} {
		found := slices.DeleteFunc(slices.Clone(all), func(m match) bool { return !fits(m.text) || m.text == "" })
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// Names that are always there.
var (
	keywords = []string{"break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go",
		"goto", "if", "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var"}
	builtinFunctions = []string{"append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min",
		"new", "panic", "print", "println", "real", "recover"}
	builtinTypes = []string{"any", "bool", "byte", "comparable", "complex128", "complex64", "error", "float32", "float64", "int", "int16",
		"int32", "int64", "int8", "rune", "string", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr"}
	builtinConstants = []string{"false", "iota", "nil", "true"}
)

// syntactic are all names that may stand at a place, the nearest first.
func (a *Assistant) syntactic(code string, p place) (all []match) {
	add := func(kind string, names ...string) {
		for _, n := range names {
			all = append(all, match{n, kind})
		}
	}
	switch {
	case p.magic:
		return magicMatches()
	case p.importing:
		_, paths := a.index.packages()
		add(kindPackage, paths...)
		return all
	case p.silent:
		return nil
	case p.qualified:
		if path := a.packagePath(code, p.qualifier); path != "" {
			for _, s := range a.index.source(path).symbols {
				add(s.kind, s.name)
			}
			slices.SortFunc(all, func(x, y match) int { return strings.Compare(x.text, y.text) })
		}
		return all
	case p.word == "":
		return nil // everything is no help
	}
	add(kindVariable, locals(code)...)
	names := a.memory.Names(code)
	for _, n := range sortedKeys(names) {
		add(map[string]string{"func": kindFunction, "type": kindType, "var": kindVariable, "const": kindConstant}[names[n]], n)
	}
	add(kindKeyword, keywords...)
	add(kindFunction, builtinFunctions...)
	add(kindType, builtinTypes...)
	add(kindConstant, builtinConstants...)
	packages, _ := a.index.packages()
	add(kindPackage, packages...)
	return all
}

func magicMatches() (all []match) {
	for _, m := range sortedKeys(magics) {
		all = append(all, match{m, kindMagic})
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// packagePath is the package that a cell means by a name, "" if it means something else.
func (a *Assistant) packagePath(code, name string) string {
	if name == "" || slices.Contains(locals(code), name) || a.memory.Names(code)[name] != "" {
		return ""
	}
	return a.memory.Import(code, name)
}

// locals are the names that a cell makes with :=, var, or as parameters, as far as tokens tell: those followed by := or a
// comma and then :=, and those after var.
func locals(code string) (names []string) {
	text := []byte(blankMagics(code))
	var sc scanner.Scanner
	sc.Init(token.NewFileSet().AddFile("", -1, len(text)), text, func(token.Position, string) {}, 0)
	var list []string // identifiers separated by commas
	comma, declares := false, false
	for {
		_, tok, lit := sc.Scan()
		switch tok {
		case token.EOF:
			slices.Sort(names)
			return slices.Compact(names)
		case token.IDENT:
			if !comma {
				list = nil
			}
			if lit != "_" {
				list = append(list, lit)
			}
			if declares {
				names = append(names, lit)
			}
			comma, declares = false, false
			continue
		case token.COMMA:
			comma = true
			continue
		case token.DEFINE:
			names = append(names, list...)
		case token.VAR:
			declares = true
			continue
		}
		list, comma, declares = nil, false, false
	}
}
