// Package golden holds the files of expected numbers that the library is tested against, for programs that show them.
package golden

import "embed"

// Files are the expected numbers, by kind: "conv_arithmetic.json". README.md says where they come from.
//
//go:embed conv_arithmetic.json dcgan_step.json dcgan_real.json
var Files embed.FS
