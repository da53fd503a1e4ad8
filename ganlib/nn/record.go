package nn

import "strings"

// LoweringOf names how layers are computed on a backend, for a run's record: two runs can agree to the bit only when
// it is the same.
func LoweringOf(backend string) string {
	if strings.HasPrefix(backend, "xla") {
		return nativeName
	}
	return "direct"
}
