package experiments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ganbook/ganbook/ganlib/data"
)

// classRule says which classes are normal.
type classRule struct {
	name    string // "class 1", "classes 0, 2", "all but class 4"; "" for all
	classes []int
	others  bool // all but those listed
}

// parseClasses reads "1", "0,2", "!4" (all but 4) or "all".
func parseClasses(text string) (classRule, error) {
	var r classRule
	if text == "all" {
		return r, nil
	}
	list, but := strings.CutPrefix(text, "!")
	r.others = but
	for word := range strings.SplitSeq(list, ",") {
		class, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || class < 0 || class > 255 {
			return r, fmt.Errorf("experiments: normal=%s: %q is no class; write 1, or 0,2, or !4 for all but 4, or all", text, word)
		}
		if slices.Contains(r.classes, class) {
			return r, fmt.Errorf("experiments: normal=%s: class %d is named twice", text, class)
		}
		r.classes = append(r.classes, class)
	}
	slices.Sort(r.classes)
	r.name = "class " + strconv.Itoa(r.classes[0])
	if len(r.classes) > 1 {
		r.name = "classes " + strings.Trim(strings.ReplaceAll(fmt.Sprint(r.classes), " ", ", "), "[]")
	}
	if but {
		r.name = "all but " + r.name
	}
	return r, nil
}

func (r classRule) has(class int) bool { return slices.Contains(r.classes, class) != r.others }

// normalOnly is the images of the normal classes, without their labels.
func normalOnly(src *data.Source, normal string) (*data.Source, error) {
	r, err := parseClasses(normal)
	if err != nil {
		return nil, err
	}
	if r.name != "" {
		if src, err = src.Of(r.name, r.has); err != nil {
			return nil, fmt.Errorf("experiments: normal=%s: %w", normal, err)
		}
	}
	return src.Unlabelled(), nil
}
