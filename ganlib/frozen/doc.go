// Package frozen computes networks whose weights no longer change, on the host's vector registers: images from latents,
// and gradients by what they are computed from, which is what a search for latents repeats thousands of times.
//
// Every lane of a register belongs to one example, so that as many are computed at once as a register holds numbers
// ([Lanes]): sixteen with AVX-512, eight with AVX2, four with NEON. No number ever moves between lanes. An example's values
// are therefore the same to the bit in every lane and company, and in registers of any width. Nets of few maps, whose time
// goes into moving values where a convolution is made a matrix product, are computed in place: every layer is a gathering
// of products ([Memory.Forward]), and so is its gradient. A build without GOEXPERIMENT=simd computes
// an example at a time, with rounding of its own.
package frozen
