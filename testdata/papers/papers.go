// Package papers holds the tables of the documents as they are printed, misprints included, and beside them what is
// known to be wrong or different. Tests compare the library's networks with them row by row.
package papers

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Paper is what one document prints.
type Paper struct {
	Document    string       `json:"document"`
	Networks    []Network    `json:"networks"`
	Expected    []Moment     `json:"expected"`
	Errata      []Erratum    `json:"errata"`
	Differences []Difference `json:"differences"`
}

// Network is one table of a network. Shapes are channels first, as the documents print them.
type Network struct {
	Name    string `json:"name"`
	Where   string `json:"where"` // table, slide, section
	Input   []int  `json:"input"` // channels × height × width
	Rows    []Row  `json:"rows"`
	Conv    int    `json:"conv"`    // trainable numbers in convolutions
	Norm    int    `json:"norm"`    // trainable numbers in batch norm
	Total   int    `json:"total"`   // all trainable numbers
	Running int    `json:"running"` // numbers in running averages, not trainable
}

// Row is one block of a network.
type Row struct {
	Block         int    `json:"block"`
	Op            string `json:"op"`
	Kernel        int    `json:"k"`
	Stride        int    `json:"s"`
	Padding       int    `json:"p"`
	OutputPadding int    `json:"a,omitempty"`
	Out           []int  `json:"out"`     // channels × height × width
	Weights       []int  `json:"weights"` // as the document orders the kernel's axes
	Conv          int    `json:"conv"`
	Norm          int    `json:"norm"` // 0: no batch norm
	Activation    string `json:"activation"`
}

// Moment is what published logs show at some moment of the training.
type Moment struct {
	When   string             `json:"when"`
	Ranges map[string][]Range `json:"ranges"` // by the name of the log line: "Loss_D"
}

// Range is a closed interval of published values.
type Range [2]float64

// Erratum is something the document has wrong.
type Erratum struct {
	Where   string `json:"where"`
	Printed string `json:"printed"`
	Right   string `json:"right"`
}

// Difference is where two sources of the same network disagree and neither is wrong.
type Difference struct {
	What  string `json:"what"`
	Paper string `json:"paper"` // in the paper and its figure
	Code  string `json:"code"`  // in the code that the library follows
}

// Load reads a document's tables by file name: "dcgan.json".
func Load(name string) (Paper, error) {
	var p Paper
	text, err := files.ReadFile(name)
	if err != nil {
		return p, fmt.Errorf("papers: there is no %s: %w", name, err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("papers: %s: %w", name, err)
	}
	return p, nil
}
