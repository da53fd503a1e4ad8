package nbrun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/kernelspec"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// notebook is an nbformat 4 document; what this package does not know is kept as it is.
type notebook struct {
	doc   map[string]any
	cells []cell
}

type cell map[string]any

func load(file string) (*notebook, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func parse(text []byte) (*notebook, error) {
	nb := &notebook{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // numbers are written back as they were
	if err := decoder.Decode(&nb.doc); err != nil {
		return nil, fmt.Errorf("not a notebook: %w; an .ipynb file is JSON, saved by Jupyter or an editor", err)
	}
	if version := fmt.Sprint(nb.doc["nbformat"]); version != "4" {
		return nil, fmt.Errorf("not a notebook of format 4 (nbformat is %s): save it from a current Jupyter", version)
	}
	list, ok := nb.doc["cells"].([]any)
	if !ok {
		return nil, errors.New("not a notebook: it has no list of cells")
	}
	for i, entry := range list {
		c, ok := entry.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("not a notebook: cell %d is no object", i+1)
		}
		nb.cells = append(nb.cells, c)
	}
	return nb, nil
}

// source is the cell's text, which a file holds as one string or as lines.
func (c cell) source() string { return joined(c["source"]) }

// runs says whether the cell is code that the kernel is given.
func (c cell) runs() bool { return c["cell_type"] == "code" && strings.TrimSpace(c.source()) != "" }

func joined(v any) string {
	switch s := v.(type) {
	case string:
		return s
	case []any:
		var b strings.Builder
		for _, line := range s {
			text, _ := line.(string)
			b.WriteString(text)
		}
		return b.String()
	}
	return ""
}

// ran remembers in the cell's metadata which source its outputs belong to.
func (c cell) ran() {
	meta, _ := c["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		c["metadata"] = meta
	}
	meta[kernelspec.Name] = map[string]any{"ran": c.fingerprint()}
}

// edited says whether the source changed after ran.
func (c cell) edited() bool {
	meta, _ := c["metadata"].(map[string]any)
	ours, _ := meta[kernelspec.Name].(map[string]any)
	ran, ok := ours["ran"].(string)
	return ok && ran != c.fingerprint()
}

func (c cell) fingerprint() string {
	sum := sha256.Sum256([]byte(c.source()))
	return hex.EncodeToString(sum[:8])
}

// setKernel names the kernel that made the outputs, so that Jupyter opens the notebook with it.
func (nb *notebook) setKernel(spec kernelspec.Spec, language map[string]any) {
	meta, _ := nb.doc["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		nb.doc["metadata"] = meta
	}
	meta["kernelspec"] = map[string]any{"name": kernelspec.Name, "display_name": spec.DisplayName, "language": spec.Language}
	meta["language_info"] = language
}

// save writes nbformat 4.5 as Jupyter does: keys sorted, one space a level, text as lists of lines.
func (nb *notebook) save(file string) error {
	nb.doc["nbformat_minor"] = 5
	for _, c := range nb.cells {
		if _, ok := c["id"].(string); !ok {
			c["id"] = wire.NewID()[:8]
		}
		if c["metadata"] == nil {
			c["metadata"] = map[string]any{}
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(nb.doc); err != nil {
		return err
	}
	return runlog.WriteFile(file, b.Bytes())
}

// setOutputs puts a cell's outputs into the notebook.
func (c cell) setOutputs(list []output, count any) {
	c["execution_count"] = count
	outputs := make([]any, len(list))
	for i, o := range list {
		if text, ok := o["text"].(string); ok {
			o["text"] = lines(text)
		}
		if data, ok := o["data"].(map[string]any); ok {
			for mime, v := range data {
				if text, ok := v.(string); ok && (strings.HasPrefix(mime, "text/") || mime == "image/svg+xml") {
					data[mime] = lines(text)
				}
			}
		}
		outputs[i] = o
	}
	c["outputs"] = outputs
}

func lines(text string) []any {
	list := []any{}
	for line := range strings.Lines(text) {
		list = append(list, line)
	}
	return list
}
