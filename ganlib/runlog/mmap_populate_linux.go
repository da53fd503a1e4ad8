package runlog

import "syscall"

// The whole file is read anyway, to verify it: map all pages in one call instead of a fault each.
const populate = syscall.MAP_POPULATE
