package papers

import (
	"encoding/json"
	"fmt"
)

// Score is a published AUROC, from 0 to 1; a value of 0 means that none is published.
type Score struct {
	Value float64 `json:"value"`
	SD    float64 `json:"sd"` // over seeds; 0: not given
}

// Scored is a row of a table of anomaly detection.
type Scored struct {
	Evaluation string  `json:"evaluation"` // of ours that it belongs to
	Method     string  `json:"method"`
	Setting    string  `json:"setting"`
	Source     string  `json:"source"`
	Status     string  `json:"status"`  // how sure it is: "recalled, not re-read", "read" …; [Measured]: nobody published it
	Beside     bool    `json:"beside"`  // it stands in the table; others are named below
	Classes    []Score `json:"classes"` // in the order of the classes, none where only a mean is known
	Mean       float64 `json:"mean"`    // over classes; 0: not given
}

// Measured is the status of a row that somebody computed for us.
const Measured = "measured"

// Anomaly lists what is published for an evaluation.
func Anomaly(evaluation string) ([]Scored, error) {
	text, err := files.ReadFile("anomaly.json")
	if err != nil {
		return nil, err
	}
	var table struct {
		Document string   `json:"document"`
		Rows     []Scored `json:"rows"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		return nil, fmt.Errorf("papers: anomaly.json: %w", err)
	}
	var rows []Scored
	for _, r := range table.Rows {
		if r.Evaluation == evaluation {
			rows = append(rows, r)
		}
	}
	return rows, nil
}
