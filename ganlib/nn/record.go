package nn

import (
	"fmt"
	"os"
	"strings"
)

// Policy says which lowerings of convolutions may be used on the Go backend.
type Policy int

const (
	Direct Policy = iota // sums of products as they are written
	Exact                // also F(2, r), whose rounding differs from direct sums by about one unit in the last place
	Fast                 // also F(4, r), a few units
)

var policyNames = []string{"direct", "exact", "fast"}

func (p Policy) String() string { return policyNames[p] }

// PolicyVariable names the environment variable that sets the policy: direct, exact or fast.
const PolicyVariable = "GANBOOK_LOWERING"

// DefaultPolicy is used where nobody says otherwise. Trainings under it and under Direct are compared by
// `ganbook compare lowerings`.
const DefaultPolicy = Fast

// CurrentPolicy is what [PolicyVariable] says, or [DefaultPolicy]. Another value panics; see [CheckPolicy].
func CurrentPolicy() Policy {
	p, err := policyNamed(os.Getenv(PolicyVariable))
	if err != nil {
		panic(err)
	}
	return p
}

// CheckPolicy returns an error when [PolicyVariable] has a value that is no policy. Whoever computes asks first, so that
// a mistyped one costs nothing.
func CheckPolicy() error {
	_, err := policyNamed(os.Getenv(PolicyVariable))
	return err
}

func policyNamed(name string) (Policy, error) {
	if name == "" {
		return DefaultPolicy, nil
	}
	for i, n := range policyNames {
		if n == name {
			return Policy(i), nil
		}
	}
	return DefaultPolicy, fmt.Errorf("$%s is %q; it is one of %s, or unset", PolicyVariable, name, strings.Join(policyNames, ", "))
}

// LoweringOf names how layers are computed on a backend, for a run's record: two runs can agree to the bit only when
// it is the same.
func LoweringOf(backend string) string {
	if strings.HasPrefix(backend, "xla") {
		return nativeName
	}
	return CurrentPolicy().String()
}
