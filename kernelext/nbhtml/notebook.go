package nbhtml

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxNotebook is the largest notebook that is read, in bytes.
const maxNotebook = 256 << 20

// notebook is what is read of nbformat 4 (https://nbformat.readthedocs.io/en/latest/format_description.html).
type notebook struct {
	Format   int               `json:"nbformat"`
	Cells    []json.RawMessage `json:"cells"`
	Metadata struct {
		Title    string `json:"title"`
		Language struct {
			Lexer string `json:"pygments_lexer"`
			Name  string `json:"name"`
		} `json:"language_info"`
	} `json:"metadata"`
	cells []cell
}

type cell struct {
	Type        string            `json:"cell_type"`
	Source      *lines            `json:"source"`
	Count       *int              `json:"execution_count"`
	Outputs     []output          `json:"outputs"`
	Attachments map[string]bundle `json:"attachments"`
	Metadata    struct {
		Jupyter struct {
			SourceHidden  bool `json:"source_hidden"`
			OutputsHidden bool `json:"outputs_hidden"`
		} `json:"jupyter"`
	} `json:"metadata"`
}

type output struct {
	Type      string  `json:"output_type"`
	Name      string  `json:"name"`
	Text      lines   `json:"text"`
	Data      bundle  `json:"data"`
	Ename     string  `json:"ename"`
	Evalue    string  `json:"evalue"`
	Traceback []lines `json:"traceback"`
}

// lines is text that a notebook holds as one string or as a list of lines.
type lines string

func (l *lines) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*l = lines(one)
		return nil
	}
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return errors.New("a text that is neither a string nor a list of strings")
	}
	*l = lines(strings.Join(list, ""))
	return nil
}

// bundle is one thing in several formats, by MIME type. Formats that are no text, such as application/json, are not kept.
type bundle map[string]string

func (b *bundle) UnmarshalJSON(text []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return errors.New("data that is no object")
	}
	*b = bundle{}
	for mime, v := range raw {
		var content lines
		if err := json.Unmarshal(v, &content); err == nil {
			(*b)[mime] = string(content)
		}
	}
	return nil
}

// read reads a notebook and says clearly what is wrong with one that cannot be read.
func read(file string) (*notebook, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("nbhtml: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNotebook+1))
	if err != nil {
		return nil, fmt.Errorf("nbhtml: %w", err)
	}
	if len(text) > maxNotebook {
		return nil, fmt.Errorf("nbhtml: %s is larger than %d MB: clear outputs that nobody needs and save it again", file, maxNotebook>>20)
	}
	nb, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("nbhtml: %s: %w", file, err)
	}
	return nb, nil
}

func parse(text []byte) (*notebook, error) {
	var nb notebook
	var version struct {
		Format json.RawMessage `json:"nbformat"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("not a notebook: %w; an .ipynb file is JSON, saved by Jupyter or an editor", err)
	}
	if string(version.Format) != "4" {
		return nil, fmt.Errorf("not a notebook of format 4 (nbformat is %s): open and save it in a current Jupyter", orNone(version.Format))
	}
	if err := json.Unmarshal(text, &nb); err != nil {
		return nil, fmt.Errorf("a damaged notebook: %w; open and save it in Jupyter, or take the last good copy", err)
	}
	if nb.Cells == nil {
		return nil, errors.New("a damaged notebook: it has no list of cells; take the last good copy")
	}
	for i, raw := range nb.Cells {
		var c cell
		err := json.Unmarshal(raw, &c)
		if err == nil && c.Type != "markdown" && c.Type != "code" && c.Type != "raw" {
			err = fmt.Errorf("cell_type is %q, want markdown, code or raw", c.Type)
		}
		if err == nil && c.Source == nil {
			err = errors.New("it has no source")
		}
		if err != nil {
			return nil, fmt.Errorf("a damaged notebook: cell %d: %w; mend that cell, or take the last good copy", i+1, err)
		}
		nb.cells = append(nb.cells, c)
	}
	return &nb, nil
}

func orNone(text []byte) string {
	if len(text) == 0 {
		return "missing"
	}
	return string(text)
}
