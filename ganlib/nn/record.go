package nn

import (
	"os"
	"strings"
	"sync"

	"github.com/gomlx/gomlx/support/exceptions"
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

// CurrentPolicy is what [PolicyVariable] says, or Direct. Another value panics.
var CurrentPolicy = sync.OnceValue(func() Policy { return policyNamed(os.Getenv(PolicyVariable)) })

func policyNamed(name string) Policy {
	if name == "" {
		return Direct
	}
	for i, n := range policyNames {
		if n == name {
			return Policy(i)
		}
	}
	exceptions.Panicf("nn: %s=%q: want one of %s", PolicyVariable, name, strings.Join(policyNames, ", "))
	return Direct
}

// LoweringOf names how layers are computed on a backend, for a run's record: two runs can agree to the bit only when
// it is the same.
func LoweringOf(backend string) string {
	if strings.HasPrefix(backend, "xla") {
		return nativeName
	}
	return CurrentPolicy().String()
}
