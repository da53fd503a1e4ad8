package nn

import (
	"strings"
	"testing"
)

// The variable's names, nothing set, and a name that is none: whoever asks first gets an error, not a panic.
func TestPolicyVariable(t *testing.T) {
	for name, want := range map[string]Policy{"": Fast, "direct": Direct, "exact": Exact, "fast": Fast} {
		t.Setenv(PolicyVariable, name)
		if err := CheckPolicy(); err != nil || CurrentPolicy() != want {
			t.Errorf("%q is %v, %v; want %v", name, CurrentPolicy(), err, want)
		}
	}
	if LoweringOf("go:num_executors=2") != CurrentPolicy().String() || LoweringOf("xla:cuda") != nativeName {
		t.Errorf("lowerings are recorded as %s and %s", LoweringOf("go:num_executors=2"), LoweringOf("xla:cuda"))
	}
	t.Setenv(PolicyVariable, "quick")
	err := CheckPolicy()
	for _, part := range []string{PolicyVariable, `"quick"`, "direct, exact, fast"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %s", err, part)
		}
	}
}
