package experiments

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/protocol"
)

// Variant says in a line how an evaluation differs from the one that it was made from, as that would be fixed today at the
// same scale; "" of an evaluation that was made from none. The original's values stand in parentheses. Of a variant that
// trains another experiment it says which, with its batch, schedule and search, and what differs from that experiment's
// own settings. It fails when the original or the experiment is not known to this program.
func Variant(e *protocol.Evaluation) (string, error) {
	if e.Published == "" || e.Name == e.Published {
		return "", nil
	}
	original, err := FindEvaluation(e.Published)
	if err != nil {
		return "", err
	}
	o := EvaluationOptions{Scale: e.Scale}
	if !slices.Contains(EvaluationScales(), o.Scale) { // a scale of somebody's own
		o.Scale = EvalFull
	}
	is, err := readFixed(e)
	if err != nil {
		return "", err
	}
	was, err := original.fixed(o)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("Variant of %s at scale %s, whose values are in parentheses: ", original.ID, o.Scale)
	if is.Training.Experiment == was.Training.Experiment {
		return text + listOf(is.differences(was)) + ".", nil
	}
	text += fmt.Sprintf("trains %s (%s) in batches of %d (%d), %s (%s); search: %s (%s)", is.Training.Experiment, was.Training.Experiment,
		is.game.BatchSize, was.game.BatchSize, lengthOf(is.Training), lengthOf(was.Training), is.searchInWords(), was.searchInWords())
	o.Experiment = is.Training.Experiment
	own, err := original.fixed(o)
	if err != nil {
		return "", err
	}
	if list := is.differences(own); len(list) > 0 {
		text += fmt.Sprintf("; beside what %s has of its own, in parentheses: %s", o.Experiment, listOf(list))
	}
	return text + ".", nil
}

// fixedSettings is an evaluation with its settings decoded: those of the game without its search, which an evaluation
// fixes apart, and without what follows from the number of pictures.
type fixedSettings struct {
	*protocol.Evaluation
	game   anogan.Config
	search anogan.Search
}

func (e Evaluation) fixed(o EvaluationOptions) (f fixedSettings, err error) {
	d, err := e.Draft(o)
	if err != nil {
		return f, err
	}
	return readFixed(d)
}

func readFixed(e *protocol.Evaluation) (fixedSettings, error) {
	f := fixedSettings{Evaluation: e}
	var s Settings
	err := json.Unmarshal(e.Training.Settings, &s)
	if err == nil {
		err = json.Unmarshal(s.Game, &f.game)
	}
	if err == nil {
		err = json.Unmarshal(e.Search.Settings, &f.search)
	}
	if err != nil {
		return f, fmt.Errorf("experiments: the settings of evaluation %s: %w", e.Name, err)
	}
	f.game.BatchSize, f.game.Epochs, f.game.EpochImages, f.game.Search = s.BatchSize, 0, 0, anogan.Search{}
	if f.search.From == "" {
		f.search.From = anogan.FromPrior
	}
	return f, nil
}

// differences lists what differs from an original, each as "name: value (original value)".
func (f fixedSettings) differences(was fixedSettings) (list []string) {
	add := func(name string, is, was any) {
		if a, b := shown(name, reflect.ValueOf(is)), shown(name, reflect.ValueOf(was)); a != b {
			list = append(list, fmt.Sprintf("%s: %s (%s)", name, a, b))
		}
	}
	fields := func(prefix string, is, was any) {
		a, b := reflect.ValueOf(is), reflect.ValueOf(was)
		for _, field := range reflect.VisibleFields(a.Type()) {
			if !field.Anonymous { // the fields of an embedded struct are listed themselves
				add(prefix+nameOf(field), a.FieldByIndex(field.Index).Interface(), b.FieldByIndex(field.Index).Interface())
			}
		}
	}
	add("length", lengthOf(f.Training), lengthOf(was.Training))
	fields("", f.game, was.game)
	fields("", f.search, was.search)
	add("searched at once", f.Evaluation.Search.Batch, was.Evaluation.Search.Batch)
	add("set", f.Data.Set, was.Data.Set)
	split, original := f.Split, was.Split
	split.Words, original.Words = "", ""
	fields("split ", split, original)
	add("classes", f.Classes, was.Classes)
	add("seeds", f.Seeds, was.Seeds)
	add("selection", f.Selection, was.Selection)
	add("scores", f.Scores, was.Scores)
	add("deciding score", f.Deciding, was.Deciding)
	add("threshold", f.Threshold, was.Threshold)
	fields("bootstrap ", f.Bootstrap, was.Bootstrap)
	fields("", f.Baselines, was.Baselines)
	return list
}

// nameOf is the symbol of a setting, as --set takes it, or else its name in files.
func nameOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return orDefault(field.Tag.Get("symbol"), orDefault(name, field.Name))
}

// shown is a value as --set takes it.
func shown(name string, v reflect.Value) string {
	text := ""
	switch {
	case name == "late_epoch" && v.Int() == lateFollows:
		text = "at three quarters"
	case v.Kind() == reflect.Slice:
		text = strings.ReplaceAll(strings.Trim(fmt.Sprint(v.Interface()), "[]"), " ", ",")
	default:
		text = fmt.Sprint(v.Interface())
	}
	return orDefault(text, "none")
}

func listOf(differences []string) string {
	return orDefault(strings.Join(differences, "; "), "nothing differs")
}

func lengthOf(t protocol.Training) string {
	if t.Epochs > 0 {
		return fmt.Sprintf("%d epochs", t.Epochs)
	}
	return fmt.Sprintf("%d iterations", t.Iterations)
}

// searchInWords is the search in short; a mapper describes it in full.
func (f fixedSettings) searchInWords() string {
	s := f.search
	text := "none, z = E(x)"
	if s.Steps > 0 {
		text = fmt.Sprintf("%d steps at %v from the %s", s.Steps, s.Rate, s.From)
	}
	text += fmt.Sprintf(", λ = %v", s.Lambda)
	if s.Squares {
		text += ", of squares"
	}
	if s.Restarts > 1 {
		text += fmt.Sprintf(", the best of %d", s.Restarts)
	}
	return text
}
