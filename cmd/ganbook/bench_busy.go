package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// busyness says what else a machine did during a measurement. Zero values: the system does not tell.
type busyness struct {
	Before float64 `json:"load_before"`      // load average of a minute: processes that ran or wanted to
	After  float64 `json:"load_after"`       //
	Others float64 `json:"others_cpu_share"` // of all processors' time, used by neither the contender nor us; the largest of the rounds
}

// and joins the busyness of a later round to that of the rounds before, of which there may be none.
func (b busyness) and(later busyness, first bool) busyness {
	if first {
		return later
	}
	return busyness{Before: b.Before, After: later.After, Others: max(b.Others, later.Others)}
}

// watch is a measurement's beginning.
type watch struct {
	began   time.Time
	load    float64
	worked  time.Duration // by all processors
	ours    time.Duration // by this process
	cores   int
	unknown bool
}

func watchMachine() watch {
	worked, cores, ok := machineCPU()
	return watch{began: time.Now(), load: loadAverage(), worked: worked, ours: processCPU(), cores: cores, unknown: !ok}
}

// since is the busyness from the beginning of the watch, in which a contender used so many seconds of the processors.
func (w watch) since(contender float64) busyness {
	b := busyness{Before: w.load, After: loadAverage()}
	worked, _, ok := machineCPU()
	if w.unknown || !ok {
		return b
	}
	b.Others = othersShare(worked-w.worked, processCPU()-w.ours, contender, time.Since(w.began), w.cores)
	return b
}

// othersShare is the share of the processors' time that was neither ours nor the contender's.
func othersShare(worked, ours time.Duration, contender float64, took time.Duration, cores int) float64 {
	others := worked.Seconds() - ours.Seconds() - contender
	return min(max(others/(took.Seconds()*float64(cores)), 0), 1)
}

// ticksPerSecond is the unit of /proc/stat on every Linux that Go runs on.
const ticksPerSecond = 100

// machineCPU is the time that the processors have worked since the system started, and their number.
func machineCPU() (worked time.Duration, cores int, ok bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	return parseStat(string(text))
}

// parseStat adds up user, nice, system, irq, softirq and steal of the first line; idle and iowait are no work.
func parseStat(text string) (worked time.Duration, cores int, ok bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || !strings.HasPrefix(fields[0], "cpu") {
			continue
		}
		if fields[0] != "cpu" {
			cores++
			continue
		}
		if len(fields) < 9 {
			return 0, 0, false
		}
		for _, i := range []int{1, 2, 3, 6, 7, 8} {
			ticks, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, 0, false
			}
			worked += time.Duration(ticks) * (time.Second / ticksPerSecond)
		}
	}
	return worked, cores, cores > 0
}

// loadAverage is that of the last minute, 0 where the system does not tell.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	load, _, _ := strings.Cut(string(text), " ")
	value, _ := strconv.ParseFloat(load, 64)
	return value
}
