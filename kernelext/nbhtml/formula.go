package nbhtml

import (
	"errors"
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a formula; what is larger is shown as its source.
const (
	maxFormula = 8 << 10 // bytes
	maxDepth   = 40      // of nested groups
)

// mathML converts a formula in the subset of TeX that teaching text uses into MathML Core
// (https://www.w3.org/TR/mathml-core/), which browsers draw without scripts. Anything outside the subset is an error.
func mathML(tex string, display bool) (string, error) {
	if len(tex) > maxFormula {
		return "", fmt.Errorf("a formula of %d bytes, at most %d are converted", len(tex), maxFormula)
	}
	if !utf8.ValidString(tex) {
		return "", errors.New("a formula that is not UTF-8")
	}
	f := formula{rest: tex}
	row, err := f.row("")
	if err != nil {
		return "", err
	}
	if len(row) == 0 {
		return "", errors.New("an empty formula")
	}
	open := `<math>`
	if display {
		open = `<math display="block">`
	}
	return open + group(row) + `</math>`, nil
}

// formula is a recursive-descent parser; rest is what was not read yet.
type formula struct {
	rest  string
	depth int
}

// term is a piece of MathML and how its neighbours treat it.
type term struct {
	xml    string
	limits bool // scripts go below and above
	opens  bool // an opening delimiter: no space between a function's name and it
	fenced bool // begins with one and ends with its partner
	joins  bool // an operator: a sign that follows belongs to what comes after it
}

// group is one element out of several.
func group(row []string) string {
	if len(row) == 1 {
		return row[0]
	}
	return "<mrow>" + strings.Join(row, "") + "</mrow>"
}

// next cuts the next token off: a command with its backslash, or one character. Spaces between tokens mean nothing.
func (f *formula) next() string {
	f.rest = strings.TrimLeftFunc(f.rest, unicode.IsSpace)
	n := f.length()
	token := f.rest[:n]
	f.rest = f.rest[n:]
	return token
}

func (f *formula) peek() string {
	f.rest = strings.TrimLeftFunc(f.rest, unicode.IsSpace)
	return f.rest[:f.length()]
}

func (f *formula) length() int {
	if !strings.HasPrefix(f.rest, `\`) {
		_, n := utf8.DecodeRuneInString(f.rest)
		return n
	}
	n := 1
	for n < len(f.rest) && isLetter(f.rest[n]) {
		n++
	}
	if n == 1 {
		_, size := utf8.DecodeRuneInString(f.rest[1:])
		n += size
	}
	return n
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// row reads up to the token end, which it leaves, or to the end of the text when that is "".
func (f *formula) row(end string) ([]string, error) {
	if f.depth++; f.depth > maxDepth {
		return nil, errors.New("a formula nested too deeply")
	}
	defer func() { f.depth-- }()
	var row []string
	name, sign := false, true // a function's name stands before; a + or − that comes now is a sign
	for {
		token := f.peek()
		switch {
		case token == end:
			return row, nil
		case closing[token] && end == cellEnd:
			return row, nil
		case token == "":
			return nil, fmt.Errorf("%q is missing", end)
		case closing[token]:
			return nil, fmt.Errorf("%q without its beginning", token)
		}
		a, err := f.scripted()
		if err != nil {
			return nil, err
		}
		isName := functions[token] || limits[token]
		if name && !a.opens && !a.fenced || isName && !sign && !name {
			row = append(row, thinSpace)
		}
		if sign && signs[token] {
			a.xml = strings.Replace(a.xml, "<mo>", `<mo form="prefix">`, 1)
		}
		name, sign = isName, a.opens || a.joins
		if a.xml != "" {
			row = append(row, a.xml)
		}
	}
}

// closing are the tokens that end something; the empty one is the end of the text.
var closing = map[string]bool{"": true, "}": true, "&": true, `\\`: true, `\right`: true, `\end`: true}

// signs are operators that may stand before a single value.
var signs = set(`+ - \pm \mp`)

const thinSpace = `<mspace width="0.167em"></mspace>`

// scripted reads a term with its primes, subscript and superscript.
func (f *formula) scripted() (term, error) {
	base := term{xml: "<mrow></mrow>"} // of a script without a base
	if t := f.peek(); t != "_" && t != "^" && t != "'" {
		var err error
		if base, err = f.term(); err != nil {
			return base, err
		}
	}
	var sub, sup, primes string
	for {
		var err error
		switch f.peek() {
		case "'":
			f.next()
			primes += "′"
		case "_":
			if sub != "" {
				return base, errors.New("two subscripts")
			}
			f.next()
			sub, err = f.argument()
		case "^":
			if sup != "" {
				return base, errors.New("two superscripts")
			}
			f.next()
			sup, err = f.argument()
		default:
			if primes != "" {
				prime := "<mo>" + primes + "</mo>"
				if sup = prime + sup; sup != prime {
					sup = "<mrow>" + sup + "</mrow>"
				}
			}
			base.xml = withScripts(base, sub, sup)
			return base, nil
		}
		if err != nil {
			return base, err
		}
	}
}

func withScripts(base term, sub, sup string) string {
	below, above, both := "msub", "msup", "msubsup"
	if base.limits {
		below, above, both = "munder", "mover", "munderover"
	}
	switch {
	case sub != "" && sup != "":
		return element(both, base.xml+sub+sup)
	case sub != "":
		return element(below, base.xml+sub)
	case sup != "":
		return element(above, base.xml+sup)
	}
	return base.xml
}

func element(name, inside string) string { return "<" + name + ">" + inside + "</" + name + ">" }

// argument is what a command or a script applies to: a group in braces or one token.
func (f *formula) argument() (string, error) {
	switch t := f.peek(); {
	case t == "{":
		f.next()
		row, err := f.row("}")
		f.next()
		return group(row), err
	case t != "" && isDigit(t[0]): // x^12 is x¹2
		return element("mn", f.next()), nil
	case closing[t] || t == "_" || t == "^":
		return "", errors.New("an argument is missing")
	}
	if f.depth++; f.depth > maxDepth { // \sqrt\sqrt\sqrt…
		return "", errors.New("a formula nested too deeply")
	}
	defer func() { f.depth-- }()
	a, err := f.term()
	if a.xml == "" {
		a.xml = "<mrow></mrow>"
	}
	return a.xml, err
}

// term reads one token and its arguments.
func (f *formula) term() (term, error) {
	token := f.next()
	if strings.HasPrefix(token, `\`) {
		return f.command(token)
	}
	r, _ := utf8.DecodeRuneInString(token)
	switch {
	case token == "{":
		row, err := f.row("}")
		f.next()
		return term{xml: group(row)}, err
	case r == '.' && f.rest != "" && isDigit(f.rest[0]), r < utf8.RuneSelf && isDigit(token[0]):
		return term{xml: element("mn", token+f.digits())}, nil
	case token == "(" || token == "[":
		return term{xml: fixed(token), opens: true}, nil
	case token == ")" || token == "]" || token == "|":
		return term{xml: fixed(token)}, nil
	case plain[token] != "":
		return term{xml: element("mo", plain[token]), joins: true}, nil
	case token == "~":
		return term{xml: space("0.333em")}, nil
	case r >= utf8.RuneSelf && unicode.IsLetter(r), r < utf8.RuneSelf && isLetter(token[0]):
		return term{xml: element("mi", token)}, nil
	case r >= utf8.RuneSelf && (unicode.IsSymbol(r) || unicode.IsPunct(r)):
		return term{xml: element("mo", token)}, nil
	}
	return term{}, fmt.Errorf("%q is not known in a formula", token)
}

// digits reads on in a number: 202,599 is one, and so is 0.5, but the comma of (1, 2) is none.
func (f *formula) digits() string {
	n := 0
	for n < len(f.rest) {
		c := f.rest[n]
		grouped := c == ',' && n+3 < len(f.rest) && isDigit(f.rest[n+1]) && isDigit(f.rest[n+2]) && isDigit(f.rest[n+3]) &&
			(n+4 == len(f.rest) || !isDigit(f.rest[n+4]))
		point := c == '.' && n+1 < len(f.rest) && isDigit(f.rest[n+1])
		if !isDigit(c) && !grouped && !point {
			break
		}
		n++
	}
	text := f.rest[:n]
	f.rest = f.rest[n:]
	return text
}

// fixed is a delimiter of the height of a letter, fence one that grows with what it encloses.
func fixed(delimiter string) string {
	return `<mo stretchy="false">` + html.EscapeString(delimiter) + `</mo>`
}
func space(width string) string { return `<mspace width="` + width + `"></mspace>` }
