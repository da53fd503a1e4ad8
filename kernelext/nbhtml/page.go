package nbhtml

import (
	"fmt"
	"html/template"
	"strings"
)

// page is what the layout shows.
type page struct {
	Title, Language string
	Contents        []heading
	Cells           []shownCell

	folder  string          // of the notebook
	lexer   string          // of the kernel's language
	used    map[string]bool // ids given so far
	outputs int             // converted so far
}

type shownCell struct {
	Prose       template.HTML // a Markdown cell
	Prompt      string        // of a code cell: "[3]"
	Code        template.HTML
	HideCode    bool
	Outputs     template.HTML
	HideOutputs bool
	Raw         string
}

// Style is the page's style sheet.
func (p *page) Style() template.CSS { return template.CSS(pageCSS) }

func (p *page) add(c cell) {
	var s shownCell
	switch c.Type {
	case "markdown":
		raw, headings := markdownHTML(string(*c.Source), p.used)
		s.Prose = template.HTML(cleaner{used: p.used, picture: p.picture(c)}.clean(raw))
		p.contents(headings)
	case "raw":
		s.Raw = string(*c.Source)
	case "code":
		s = p.code(c)
	}
	if s != (shownCell{}) {
		p.Cells = append(p.Cells, s)
	}
}

func (p *page) code(c cell) shownCell {
	var s shownCell
	source := strings.TrimRight(string(*c.Source), "\n")
	if source != "" {
		s.Prompt = "[ ]"
		if c.Count != nil {
			s.Prompt = fmt.Sprintf("[%d]", *c.Count)
		}
		if p.lexer == "" || p.lexer == "go" {
			s.Code = template.HTML(cellCode(source))
		} else {
			s.Code = template.HTML(highlight(source, p.lexer))
		}
	}
	var outputs strings.Builder
	for _, o := range c.Outputs {
		outputs.WriteString(p.output(o))
	}
	s.Outputs = template.HTML(outputs.String())
	s.HideCode, s.HideOutputs = c.Metadata.Jupyter.SourceHidden && source != "", c.Metadata.Jupyter.OutputsHidden && s.Outputs != ""
	return s
}

// contents takes the first heading of the first level as the title and lists those of the next two levels.
func (p *page) contents(headings []heading) {
	for _, h := range headings {
		switch {
		case h.Level == 1 && p.Title == "":
			p.Title = h.Text
		case h.Level <= 3 && h.Text != "":
			p.Contents = append(p.Contents, h)
		}
	}
}

// outputCleaner keeps the ids of each output to itself.
func (p *page) outputCleaner() cleaner {
	p.outputs++
	return cleaner{prefix: fmt.Sprintf("output-%d-", p.outputs), used: p.used}
}
