//go:build xla

package backend

import _ "github.com/gomlx/go-xla/compute/xla" // registers "xla"; never its autoinstall package, which downloads unpinned
