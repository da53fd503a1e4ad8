package protocol

import "fmt"

// Kinds of splits (the protocols P1 to P3 of the documents).
const (
	OneClass    = "one-class"     // one class is normal, the others are anomalous (as Deep SVDD is judged)
	LeaveOneOut = "leave-one-out" // one class is anomalous, the others are normal (as EGBAD is judged)
	Small       = "small"         // one class of the first so many training images
)

// Split says which pictures train, which calibrate and which test.
type Split struct {
	Kind string `json:"kind"`
	// First is how many images of the training file there are to the evaluation; 0: all.
	First int `json:"first,omitempty"`
	// Train is the share of the pictures that trains where no official division decides, drawn by Seed class by class;
	// 0: the official one decides.
	Train float64 `json:"train,omitempty"`
	// Held is the share of the training pictures that is kept for the threshold and never trained on, drawn by Seed.
	Held float64 `json:"held"`
	Seed int64   `json:"seed"`
	// Contamination is the share of the training pictures that is replaced by anomalous ones.
	Contamination float64 `json:"contamination"`
	Words         string  `json:"words"` // the same for people
}

func (s Split) validate() error {
	switch {
	case s.Kind != OneClass && s.Kind != LeaveOneOut && s.Kind != Small:
		return fmt.Errorf("split %q; it is %q, %q or %q", s.Kind, OneClass, LeaveOneOut, Small)
	case !(s.Train >= 0 && s.Train < 1) || s.Kind != OneClass && s.Train == 0:
		return fmt.Errorf("a %s split that trains on a share of %v; it must be between 0 and 1", s.Kind, s.Train)
	case !(s.Held > 0 && s.Held < 1):
		return fmt.Errorf("a share of %v held out for the threshold; it must be between 0 and 1", s.Held)
	case s.First < 0 || s.Kind == Small && s.First == 0:
		return fmt.Errorf("a %s split of the first %d images; there must be at least one", s.Kind, s.First)
	case !(s.Contamination >= 0 && s.Contamination < 1):
		return fmt.Errorf("a contamination of %v; it must be at least 0 and below 1", s.Contamination)
	case s.Contamination > 0 && s.Kind != OneClass:
		return fmt.Errorf("a contaminated %s split; only the one-class split has anomalous training images to take", s.Kind)
	}
	return nil
}

// normal says whether a class is normal in the row of a class.
func (s Split) normal(row, class int) bool { return (class == row) != (s.Kind == LeaveOneOut) }

// Normal is the rule of the normal classes as experiments write it: "3", or "!3", all but 3.
func (s Split) Normal(row int) string {
	if s.Kind == LeaveOneOut {
		return fmt.Sprintf("!%d", row)
	}
	return fmt.Sprint(row)
}
