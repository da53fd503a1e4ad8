package nbhtml

import (
	"html"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// highlight marks the parts of a program for the style sheet. A language that is not known stays as it is.
func highlight(code, language string) string {
	lexer := lexers.Get(language)
	if language == "" || lexer == nil {
		return html.EscapeString(code)
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, code)
	if err != nil {
		return html.EscapeString(code)
	}
	var b strings.Builder
	for t := tokens(); t != chroma.EOF; t = tokens() {
		text := html.EscapeString(t.Value)
		if class := tokenClass(t.Type); class != "" && strings.TrimSpace(t.Value) != "" {
			text = `<span class="` + class + `">` + text + `</span>`
		}
		b.WriteString(text)
	}
	text := b.String()
	if !strings.HasSuffix(code, "\n") { // a lexer may add one
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

func tokenClass(t chroma.TokenType) string {
	switch {
	case t == chroma.NameFunction || t == chroma.NameFunctionMagic:
		return "f"
	case t == chroma.NameBuiltin || t == chroma.KeywordType || t == chroma.KeywordConstant:
		return "b"
	case t.InCategory(chroma.Keyword):
		return "k"
	case t.InCategory(chroma.Comment):
		return "c"
	case t.InSubCategory(chroma.LiteralString):
		return "s"
	case t.InSubCategory(chroma.LiteralNumber):
		return "n"
	}
	return ""
}

// cellCode is a cell's Go with the lines that are the kernel's and not Go's, %magic and !command, marked as such.
func cellCode(code string) string {
	var b, program strings.Builder
	flush := func() {
		b.WriteString(highlight(program.String(), "go"))
		program.Reset()
	}
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!") {
			program.WriteString(line)
			continue
		}
		flush()
		text := strings.TrimSuffix(line, "\n")
		b.WriteString(`<span class="m">` + html.EscapeString(text) + `</span>` + line[len(text):])
	}
	flush()
	return b.String()
}
