// Package ganlib is the vocabulary in which every adversarial game of this project is written down.
//
// A [GAN] says what is learned, from what, and in which order. Package train plays it; packages dcgan, anogan,
// omasgan and progan fill it in, one file a paper. The architecture follows one rule: a game is data and graph
// functions, never a loop of its own.
package ganlib

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// One scope per network. A step updates the variables of one scope only, so freezing a network means not naming it.
const (
	ScopeGenerator     = "/generator"
	ScopeGeneratorEMA  = "/generator_ema"
	ScopeDiscriminator = "/discriminator"
	ScopeEncoder       = "/encoder"
	ScopeBoundary      = "/boundary"

	scopeAdam = "/adam" // moments, one sub-scope a step
)

// GAN is one adversarial game.
type GAN struct {
	Name   string
	Config any   // typed; recorded verbatim in run.json
	Image  Image // full-size example
	Prior  Prior // p(z)

	// Schedule says what changes with the images shown; nil: nothing does. It is asked again every
	// PhaseEvery iterations (0: every one).
	Schedule   Schedule
	PhaseEvery int64

	EMA EMA // averaged generator; zero: none

	Generate     func(in Inputs) *Node           // x̂ = G(in.Z), [B, R, R, C]
	Discriminate func(in Inputs, x *Node) Scores // D(x) and f(x)
	Encode       func(in Inputs, x *Node) *Node  // ẑ = E(x), [B, Z]; nil when there is none

	Steps []Step // in order, at every iteration

	Networks []Network // for tables
}

// Image is the shape of one example, height × width × channels.
type Image struct{ Height, Width, Channels int }

// Scores is what a discriminator says of a batch.
type Scores struct {
	Logits   *Node // [B, 1], before any sigmoid
	Features *Node // f(x): the activations AnoGAN matches; nil when the game has no use for them
}

// Step is one update of one network.
type Step struct {
	Name  string // "D", "G", "E": prefix of what it reports, "D/loss"
	Scope string // the network it updates: all trainable variables below this scope
	Adam  Adam
	Loss  func(in Inputs) (loss *Node, report []Term)

	// Repeats is how often the step is done in an iteration (n_critic of a Wasserstein game); 0 means once.
	// Steps on a fresh batch draw one for each repetition, the others stay on theirs.
	Repeats int

	// Batch says which examples and latents the step sees, and through which weights.
	Batch Batch

	// LatentOnly steps see no real images: in.Real is nil and the step does not count as images shown.
	LatentOnly bool

	// Stage limits the step to phases of that name; "" takes part in all.
	Stage string
}

// Batch is how a step relates to the one before it.
type Batch int

const (
	// FreshBatch draws new real images and new latents.
	FreshBatch Batch = iota
	// SameBatch keeps both, in one compiled call with the step before, and sees the weights that step has just
	// updated: DCGAN's G after its D, AnoGAN's second G step on the same z.
	SameBatch
	// SameForward keeps both and the weights too: its gradient is taken before the step before moves anything
	// (OMASGAN Task 1: one forward pass, two updates).
	SameForward
)

// Term is one scalar that a step reports beside its loss, under a name as in the figures: "D(x)", "gp".
type Term struct {
	Name  string
	Value *Node // scalar
}

// EMA averages the generator's variables: w̄ ← Decay·w̄ + (1−Decay)·w, into ScopeGeneratorEMA.
type EMA struct {
	Decay float64
	// After names the step whose call ends with the average; "" means the last step that updates the generator.
	// Progressive GAN averages after "D", that is before G's own update.
	After string
}
