package runlog

import "syscall"

// populate maps all pages in one call instead of a fault each.
const populate = syscall.MAP_POPULATE
