package assist

import (
	"context"
	"go/doc/comment"
	"regexp"
	"slices"
	"strings"
)

// description is what is known of a name; the documentation in two forms.
type description struct{ declaration, markdown, plain string }

// Inspect describes the name at the cursor (counted in code points), or the function whose arguments are being typed: its
// declaration and documentation, by MIME type (text/markdown and text/plain). At detail 0 long documentation is cut at
// the end of a paragraph. It takes less than two seconds.
func (a *Assistant) Inspect(ctx context.Context, code string, cursor, detail int) (data map[string]string, found bool) {
	a.index.wait()
	p := inspectionPlace([]rune(code), cursor)
	if p.magic {
		return describeMagic(p.word)
	}
	if p.silent {
		return nil, false
	}
	d := a.describe(code, p)
	if d.declaration == "" {
		d = cutHover(ask(ctx, a, code, p.start, patience, true, func(ctx context.Context, s *session, text string, offset int) (string, error) {
			return s.hover(ctx, text, offset)
		}))
	}
	if d == (description{}) {
		return nil, false
	}
	if detail == 0 {
		d.markdown, d.plain = beginning(d.markdown), beginning(d.plain)
	}
	markdown, plain := d.markdown, d.plain
	if d.declaration != "" {
		markdown, plain = "```go\n"+d.declaration+"\n```\n\n"+markdown, d.declaration+"\n\n"+plain
	}
	return map[string]string{"text/markdown": strings.TrimSpace(markdown), "text/plain": strings.TrimSpace(plain)}, true
}

func describeMagic(word string) (map[string]string, bool) {
	text, known := magics[word]
	if strings.HasPrefix(word, "!") {
		text, known = shellHelp, true
	}
	if !known {
		return nil, false
	}
	return map[string]string{"text/plain": text, "text/markdown": "`" + strings.Replace(text, ": ", "`: ", 1)}, true
}

var (
	links  = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
	unmark = strings.NewReplacer(`\`, "", "`", "", "**", "", "### ", "")
	fenced = regexp.MustCompile("(?s)^```go\n(.*?)\n```\\s*(?:---)?\\s*")
)

// cutHover parts gopls's Markdown into the declaration and the documentation.
func cutHover(hover string) (d description) {
	d.markdown = hover
	if m := fenced.FindStringSubmatch(hover); m != nil {
		d.declaration, d.markdown = m[1], strings.TrimSpace(hover[len(m[0]):])
	}
	d.plain = unmark.Replace(links.ReplaceAllString(d.markdown, "$1"))
	return d
}

// maxBeginning is the length in bytes that documentation is cut to at detail 0.
const maxBeginning = 1200

func beginning(text string) string {
	if len(text) > maxBeginning {
		if at := strings.LastIndex(text[:maxBeginning], "\n\n"); at > 0 {
			return text[:at] + "\n\n…"
		}
	}
	return text
}

// describe finds a name in packages, in the cells and in Go itself.
func (a *Assistant) describe(code string, p place) description {
	switch {
	case p.qualified:
		return a.index.describe(a.packagePath(code, p.qualifier), p.word)
	case slices.Contains(locals(code), p.word):
		return description{}
	case a.memory.Names(code)[p.word] != "":
		return description{declaration: a.memory.Declaration(code, p.word)}
	}
	if d := a.index.describe("builtin", p.word); d.declaration != "" {
		return d
	}
	path := a.packagePath(code, p.word)
	if path == "" {
		return description{}
	}
	s := a.index.source(path)
	return documented("package "+s.name+" // import \""+path+"\"", s.doc)
}

// describe is what the source of a package says of one of its names.
func (x *index) describe(importPath, name string) description {
	s := x.source(importPath)
	if symbol := s.find(name); symbol != nil {
		return documented(s.print(symbol), symbol.doc)
	}
	return description{}
}

// documented is a declaration with its doc comment.
func documented(declaration, text string) description {
	p := comment.Parser{LookupSym: func(string, string) bool { return true }} // [Name] is one: its brackets go
	printer := comment.Printer{HeadingLevel: 3, HeadingID: func(*comment.Heading) string { return "" }, DocLinkURL: func(*comment.DocLink) string { return "" }}
	return description{declaration, strings.TrimSpace(string(printer.Markdown(p.Parse(text)))), strings.TrimSpace(string(printer.Text(p.Parse(text))))}
}
