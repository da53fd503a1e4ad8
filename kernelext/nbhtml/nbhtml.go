// Package nbhtml turns a notebook into one HTML file that reads without scripts and without network: pictures are
// inside, code is coloured, formulas are MathML. What an output would fetch or run is left out.
package nbhtml

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// Export writes the notebook in file as HTML. Output is a file, or a folder that exists or ends with a slash; "" is
// the notebook's name with .html beside it. The file is written in one step, never over a notebook, and not at all
// when the notebook cannot be read. It returns what was written. Equal notebooks give equal files.
func Export(file, output string) (written string, err error) {
	written, err = target(file, output)
	if err != nil {
		return "", err
	}
	text, err := Convert(file)
	if err != nil {
		return "", err
	}
	if err := write(written, text); err != nil {
		return "", fmt.Errorf("nbhtml: %w", err)
	}
	return written, nil
}

// target is the file that an export goes to.
func target(file, output string) (string, error) {
	name := strings.TrimSuffix(filepath.Base(file), ".ipynb") + ".html"
	if output == "" {
		output = filepath.Join(filepath.Dir(file), name)
	} else if info, err := os.Stat(output); strings.HasSuffix(output, "/") || err == nil && info.IsDir() {
		output = filepath.Join(output, name)
	}
	if strings.EqualFold(filepath.Ext(output), ".ipynb") {
		return "", fmt.Errorf("nbhtml: %s is the name of a notebook, which would be lost; name the page .html", output)
	}
	from, err1 := os.Stat(file)
	to, err2 := os.Stat(output)
	if err1 == nil && err2 == nil && os.SameFile(from, to) {
		return "", fmt.Errorf("nbhtml: %s would be written over itself; name another --output", file)
	}
	return output, nil
}

// Convert returns the page of a notebook.
func Convert(file string) ([]byte, error) {
	nb, err := read(file)
	if err != nil {
		return nil, err
	}
	p := &page{folder: filepath.Dir(file), used: map[string]bool{}, Language: language(file), Title: nb.Metadata.Title}
	p.lexer = nb.Metadata.Language.Lexer
	if p.lexer == "" {
		p.lexer = nb.Metadata.Language.Name
	}
	for _, c := range nb.cells {
		p.add(c)
	}
	if p.Title == "" {
		p.Title = strings.TrimSuffix(filepath.Base(file), ".ipynb")
	}
	var b bytes.Buffer
	if err := layout.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("nbhtml: %s: %w", file, err)
	}
	return b.Bytes(), nil
}

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	layout = template.Must(template.New("page").Parse(pageHTML))
)

// language is that of the prose: of 01-dcgan.ko.ipynb Korean.
func language(file string) string {
	if m := languagePart.FindStringSubmatch(file); m != nil {
		return m[1]
	}
	return "en"
}

var languagePart = regexp.MustCompile(`\.([a-z]{2})\.ipynb$`)

func write(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return runlog.WriteFile(file, text)
}
