//go:build goexperiment.simd

package frozen

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const widthEnv = "GANBOOK_TEST_WIDTH"

// Registers of every width that the machine has compute the same to the bit, so that a score is that of other machines.
// Go's imitation of registers, for machines that have none, rounds once more in x·y + z.
func TestWidthsAgree(t *testing.T) {
	if os.Getenv(widthEnv) != "" {
		fmt.Printf("%d lanes: %s\n", Lanes(), digest(t))
		return
	}
	if Lanes() == 4 {
		t.Skip("there are no narrower registers")
	}
	want := digest(t)
	for width := 128; width < 32*Lanes(); width *= 2 {
		program := exec.Command(os.Args[0], "-test.run=^TestWidthsAgree$")
		program.Env = append(os.Environ(), widthEnv+"=1", fmt.Sprintf("GODEBUG=simd=%d", width))
		out, err := program.CombinedOutput()
		if err != nil {
			t.Fatalf("width %d: %v\n%s", width, err, out)
		}
		if line := fmt.Sprintf("%d lanes: %s", width/32, want); !strings.Contains(string(out), line) {
			t.Errorf("width %d: want %q, got\n%s", width, line, out)
		}
	}
}

// digest is of an example's activations and gradients, and of its distances.
func digest(t *testing.T) string {
	n, all := build(t, 1, chains()["generator and discriminator"])
	m := n.NewMemory()
	copy(m.Values(0), n.Pack(0, noise(rand.New(rand.NewPCG(1, 2)), n.Size(0))))
	m.Forward(0, len(all))
	m.Gradient(len(all))[0] = 1
	x := n.Pack(4, noise(rand.New(rand.NewPCG(3, 4)), n.Size(4)))
	squares, amounts := make([]float32, Lanes()), make([]float32, Lanes())
	Distance(amounts, m.Values(4), x, m.Gradient(4), 1, false)
	Distance(squares, m.Values(4), x, m.Gradient(4), 1, true)
	m.Backward(len(all), 0)
	h := sha256.New()
	for i := range len(all) + 1 {
		for _, packed := range [][]float32{m.Values(i), m.Gradient(i)} {
			numbers := make([]float32, n.Size(i))
			n.Take(i, packed, 0, numbers)
			fmt.Fprint(h, numbers)
		}
	}
	fmt.Fprint(h, amounts[0], squares[0])
	return fmt.Sprintf("%x", h.Sum(nil))
}
