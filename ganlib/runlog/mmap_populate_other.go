//go:build unix && !linux && !solaris && !aix

package runlog

const populate = 0
