package train

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
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

// garbage is one trainer's part in the limit.
type garbage struct {
	iterations int
	counted    bool // in limit.trainers
	cycles     uint64
}

// limit is the process's, kept by all that train in it together; the last one to end takes it away.
var limit struct {
	sync.Mutex
	trainers    int
	now, before int64
}

// stepped is called after every iteration.
func (g *garbage) stepped() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return // the user's choice
	}
	if g.iterations++; g.iterations < settled {
		return
	}
	limit.Lock()
	defer limit.Unlock()
	cycles := collections()
	switch {
	case !g.counted:
		g.counted = true
		limit.trainers++
		limit.now = mapped() + garbageAllowed
		if before := debug.SetMemoryLimit(limit.now); limit.trainers == 1 {
			limit.before = before
		}
	case cycles-g.cycles > hectic:
		limit.now += limit.now / 4
		debug.SetMemoryLimit(limit.now)
	}
	g.cycles = cycles
}

// lift takes the limit away, unless others train: other graphs need other buffers, and who has ended needs none.
func (g *garbage) lift() {
	limit.Lock()
	defer limit.Unlock()
	if g.counted {
		if limit.trainers--; limit.trainers == 0 {
			debug.SetMemoryLimit(limit.before)
		}
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
