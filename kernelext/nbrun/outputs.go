package nbrun

import (
	"encoding/json"
	"strings"

	"github.com/ganbook/ganbook/kernelext/client"
	"github.com/ganbook/ganbook/kernelext/internal/terminal"
	"github.com/ganbook/ganbook/kernelext/wire"
)

// output is one entry of a cell's outputs as nbformat writes it; text is one string until the notebook is saved.
type output map[string]any

// collector turns the messages of a notebook's cells into outputs. Display ids are the kernel's: a cell may
// update what an earlier cell showed.
type collector struct {
	cells    map[string]*cellOutputs // by id of the execute_request
	displays map[string][]output     // by display id
}

type cellOutputs struct {
	list       []output
	idle       bool
	clearFirst bool // clear_output(wait): at the next output
}

func newCollector() *collector {
	return &collector{cells: map[string]*cellOutputs{}, displays: map[string][]output{}}
}

type outputContent struct {
	Name      string          `json:"name"`
	Text      string          `json:"text"`
	Data      map[string]any  `json:"data"`
	Metadata  map[string]any  `json:"metadata"`
	Count     json.RawMessage `json:"execution_count"`
	Ename     string          `json:"ename"`
	Evalue    string          `json:"evalue"`
	Traceback []string        `json:"traceback"`
	Wait      bool            `json:"wait"`
	Transient struct {
		DisplayID string `json:"display_id"`
	} `json:"transient"`
}

// add files one message of iopub. Messages that belong to no cell of this notebook, and unreadable ones, are
// not output.
func (c *collector) add(m wire.Message) {
	cell := c.cells[m.Parent.ID]
	var v outputContent
	if cell == nil || json.Unmarshal(m.Content, &v) != nil {
		return
	}
	switch m.Header.Type {
	case "status":
		cell.idle = cell.idle || client.IsIdle(m)
	case "stream":
		cell.stream(v.Name, v.Text)
	case "display_data":
		c.display(cell, output{"output_type": "display_data"}, v)
	case "execute_result":
		c.display(cell, output{"output_type": "execute_result", "execution_count": v.Count}, v)
	case "update_display_data":
		for _, o := range c.displays[v.Transient.DisplayID] {
			o["data"], o["metadata"] = orEmpty(v.Data), orEmpty(v.Metadata)
		}
	case "clear_output":
		cell.clearFirst = true
		if !v.Wait {
			cell.clear()
		}
	case "error":
		cell.append(output{"output_type": "error", "ename": v.Ename, "evalue": v.Evalue, "traceback": v.Traceback})
	}
}

func (c *collector) display(cell *cellOutputs, o output, v outputContent) {
	o["data"], o["metadata"] = orEmpty(v.Data), orEmpty(v.Metadata)
	if id := v.Transient.DisplayID; id != "" {
		c.displays[id] = append(c.displays[id], o)
	}
	cell.append(o)
}

func (cell *cellOutputs) append(o output) {
	cell.clear()
	cell.list = append(cell.list, o)
}

// stream joins pieces of the same stream that follow each other, as front ends show them.
func (cell *cellOutputs) stream(name, text string) {
	cell.clear()
	if n := len(cell.list); n > 0 {
		if last := cell.list[n-1]; last["output_type"] == "stream" && last["name"] == name {
			last["text"] = last["text"].(string) + text
			return
		}
	}
	cell.list = append(cell.list, output{"output_type": "stream", "name": name, "text": text})
}

func (cell *cellOutputs) clear() {
	if cell.clearFirst {
		cell.list, cell.clearFirst = nil, false
	}
}

// text joins everything a stream said.
func (cell *cellOutputs) text(stream string) string {
	var b strings.Builder
	for _, o := range cell.list {
		if o["output_type"] == "stream" && o["name"] == stream {
			b.WriteString(o["text"].(string))
		}
	}
	return b.String()
}

// fold applies carriage returns in every stream, which leaves of a progress line its last state.
func (cell *cellOutputs) fold() {
	for _, o := range cell.list {
		if text, ok := o["text"].(string); ok {
			o["text"] = terminal.Fold(text)
		}
	}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
