package nbhtml

import (
	"errors"
	"fmt"
	"html"
	"strings"
)

// cellEnd ends a row of a table's cell: &, \\ or \end, none of which belongs to the cell.
const cellEnd = "cell"

// command reads the arguments of a command.
func (f *formula) command(token string) (term, error) {
	name := token[1:]
	switch {
	case letters[name] != "" && 'A' <= name[0] && name[0] <= 'Z': // upright, as TeX has them
		return term{xml: `<mi mathvariant="normal">` + letters[name] + "</mi>"}, nil
	case letters[name] != "":
		return term{xml: element("mi", letters[name])}, nil
	case large[name] != "":
		return term{xml: element("mo", large[name]), limits: !strings.HasSuffix(name, "int")}, nil
	case operators[name] != "":
		return term{xml: element("mo", html.EscapeString(operators[name])), joins: true}, nil
	case limits[token]:
		return term{xml: `<mo movablelimits="true" lspace="0" rspace="0">` + strings.Replace(name, "arg", "arg ", 1) + `</mo>`, limits: true}, nil
	case functions[token]:
		return term{xml: element("mi", name)}, nil
	case spaces[name] != "":
		return term{xml: space(spaces[name])}, nil
	case delimiters[name] != "":
		d := delimiters[name]
		return term{xml: fixed(d), opens: strings.Contains(openers, d)}, nil
	case accents[name] != "":
		return f.accent(name)
	case alphabets[name] != nil:
		return f.alphabet(name)
	case sizes[name] != "":
		return f.sized(sizes[name])
	}
	switch name {
	case "frac", "dfrac", "tfrac":
		return f.pair("<mfrac>", "</mfrac>")
	case "binom":
		return f.pair(`<mrow><mo>(</mo><mfrac linethickness="0">`, `</mfrac><mo>)</mo></mrow>`)
	case "sqrt":
		return f.root()
	case "text", "textrm", "textbf", "textit", "mbox":
		return f.words("mtext")
	case "mathrm", "operatorname":
		return f.words(`mi mathvariant="normal"`)
	case "boldsymbol", "bm":
		inside, err := f.argument()
		return term{xml: `<mrow style="font-weight:bold">` + inside + "</mrow>"}, err
	case "left":
		return f.fenced()
	case "begin":
		return f.environment()
	case "underbrace":
		return f.brace("munder", "⏟")
	case "overbrace":
		return f.brace("mover", "⏞")
	case "limits", "nolimits", "displaystyle", "textstyle": // how it is set is the browser's business
		return term{}, nil
	}
	return term{}, fmt.Errorf("%s is not known in a formula", token)
}

func (f *formula) pair(open, close string) (term, error) {
	first, err := f.argument()
	if err != nil {
		return term{}, err
	}
	second, err := f.argument()
	return term{xml: open + first + second + close}, err
}

func (f *formula) root() (term, error) {
	var index []string
	var err error
	if f.peek() == "[" {
		f.next()
		if index, err = f.row("]"); err != nil {
			return term{}, err
		}
		f.next()
	}
	inside, err := f.argument()
	if index != nil {
		return term{xml: element("mroot", inside+group(index))}, err
	}
	return term{xml: element("msqrt", inside)}, err
}

// words is text in braces, taken as it is.
func (f *formula) words(tag string) (term, error) {
	text, err := f.braced()
	name, _, _ := strings.Cut(tag, " ")
	return term{xml: "<" + tag + ">" + html.EscapeString(text) + "</" + name + ">"}, err
}

// braced reads {text} that holds no braces and no commands but escaped signs.
func (f *formula) braced() (string, error) {
	if f.next() != "{" {
		return "", errors.New("text in braces is missing")
	}
	text, rest, ok := strings.Cut(f.rest, "}")
	if !ok {
		return "", errors.New(`"}" is missing`)
	}
	f.rest = rest
	text = strings.NewReplacer(`\_`, "_", `\%`, "%", `\&`, "&", `\#`, "#", `\ `, " ", "~", "\u00a0").Replace(text)
	if strings.ContainsAny(text, `{\$`) {
		return "", fmt.Errorf("%q is not plain text", text)
	}
	// MathML drops spaces at both ends.
	inner := strings.TrimSpace(text)
	lead, _, _ := strings.Cut(text, inner)
	if lead != "" {
		lead = "\u00a0"
	}
	if inner != "" && strings.HasSuffix(text, " ") {
		inner += "\u00a0"
	}
	return lead + inner, nil
}

func (f *formula) accent(name string) (term, error) {
	inside, err := f.argument()
	stretchy := ` stretchy="false"`
	if strings.HasPrefix(name, "wide") || strings.HasPrefix(name, "over") || name == "underline" {
		stretchy = ""
	}
	tag := "mover"
	if name == "underline" {
		tag = "munder"
	}
	return term{xml: `<` + tag + ` accent="true">` + inside + `<mo` + stretchy + `>` + accents[name] + `</mo></` + tag + `>`}, err
}

// alphabet replaces letters by those of another alphabet of Unicode's mathematical block.
func (f *formula) alphabet(name string) (term, error) {
	text := ""
	if f.peek() == "{" {
		var err error
		if text, err = f.braced(); err != nil {
			return term{}, err
		}
	} else {
		text = f.next()
	}
	var b strings.Builder
	for _, r := range text {
		b.WriteString(alphabets[name](r))
	}
	if b.Len() == 0 {
		return term{}, fmt.Errorf(`\%s without a letter`, name)
	}
	return term{xml: element("mi", html.EscapeString(b.String()))}, nil
}

// delimiter reads what stands after \left, \right or \big.
func (f *formula) delimiter() (string, error) {
	t := f.next()
	if d := delimiters[strings.TrimPrefix(t, `\`)]; strings.HasPrefix(t, `\`) && d != "" {
		return d, nil
	}
	if t != "" && strings.Contains("()[]|/.<>", t) {
		return html.EscapeString(strings.NewReplacer(".", "", "<", "⟨", ">", "⟩").Replace(t)), nil
	}
	return "", fmt.Errorf("%q is no delimiter", t)
}

func (f *formula) fenced() (term, error) {
	open, err := f.delimiter()
	if err != nil {
		return term{}, err
	}
	row, err := f.row(`\right`)
	if err != nil {
		return term{}, err
	}
	f.next()
	closing, err := f.delimiter()
	return term{xml: "<mrow>" + element(`mo`, open) + strings.Join(row, "") + element("mo", closing) + "</mrow>", fenced: true}, err
}

func (f *formula) sized(size string) (term, error) {
	d, err := f.delimiter()
	return term{xml: `<mo minsize="` + size + `" maxsize="` + size + `">` + d + `</mo>`, opens: strings.Contains(openers, d)}, err
}

func (f *formula) brace(tag, sign string) (term, error) {
	inside, err := f.argument()
	return term{xml: element(tag, inside+element("mo", sign)), limits: true}, err
}

// environment reads a matrix, cases or aligned equations.
func (f *formula) environment() (term, error) {
	name, err := f.braced()
	if err != nil {
		return term{}, err
	}
	kind, ok := environments[name]
	if !ok {
		return term{}, fmt.Errorf("the environment %q is not known in a formula", name)
	}
	rows, cells := "", ""
	for column := 0; ; column++ {
		row, err := f.row(cellEnd)
		if err != nil {
			return term{}, err
		}
		cells += kind.cell(column, strings.Join(row, ""))
		switch end := f.next(); end {
		case "&":
			continue
		case `\\`:
			rows += element("mtr", cells)
			cells, column = "", -1
			continue
		case `\end`:
		default:
			return term{}, fmt.Errorf(`\begin{%s} has no end`, name)
		}
		if ended, err := f.braced(); err != nil || ended != name {
			return term{}, fmt.Errorf(`\end{%s} after \begin{%s}`, ended, name)
		}
		if column > 0 || len(row) > 0 { // there may be a \\ after the last row
			rows += element("mtr", cells)
		}
		return term{xml: kind.fence("<mtable" + kind.attributes + ">" + rows + "</mtable>")}, nil
	}
}
