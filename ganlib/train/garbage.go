package train

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The backend leaves 100 kB of garbage with every large product. Go collects it when there is as much of it as there is
// memory in use, which after half a minute is a second peak. Collecting more often would empty the backend's pools of
// buffers, which a collection takes for garbage, too, and a step would spend its time filling them again. So once
// the pools are full, Go's memory limit is set to what is in use and a little more: then it collects every few
// steps, and finds nothing in the pools that was not used since the last time.
const (
	settled        = 3         // iterations after which a graph has all the buffers it needs
	garbageAllowed = 128 << 20 // what may lie about
	hectic         = 8         // collections in an iteration that tell of a limit that has become too tight
)

// garbage keeps the limit of one trainer.
type garbage struct {
	iterations int
	limit      int64 // 0: not set
	before     int64 // what it was
	cycles     uint64
}

// stepped is called after every iteration.
func (g *garbage) stepped() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return // the user's choice
	}
	if g.iterations++; g.iterations < settled {
		return
	}
	cycles := collections()
	switch {
	case g.limit == 0:
		g.limit = mapped() + garbageAllowed
		g.before = debug.SetMemoryLimit(g.limit)
	case cycles-g.cycles > hectic:
		g.limit += g.limit / 4
		debug.SetMemoryLimit(g.limit)
	}
	g.cycles = cycles
}

// lift takes the limit away: other graphs need other buffers.
func (g *garbage) lift() {
	if g.limit != 0 {
		debug.SetMemoryLimit(g.before)
	}
	*g = garbage{}
}

// mapped is the memory that counts against the limit.
func mapped() int64 {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return int64(now.Sys - now.HeapReleased)
}

// collections counts the garbage collections so far.
func collections() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
