package backend

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoMemory is wrapped by what [Explain] makes of an error of a device that is out of memory.
var ErrNoMemory = errors.New("the device is out of memory")

// exhausted matches PJRT's error 8, RESOURCE_EXHAUSTED, and asked the amount in its text:
// "Out of memory while trying to allocate 1073741824 bytes", "… allocating 64.00GiB".
var (
	exhausted = regexp.MustCompile(`PJRT error \(code=8\)|RESOURCE_EXHAUSTED`)
	asked     = regexp.MustCompile(`allocat(?:e|ing) ([0-9][0-9.]*) ?([kKMGTP]i?B|bytes|B)`)
)

// Explain says of an error of a computation that the device's memory is too small, how much was asked for and what to
// do. Any other error is returned as it is.
func Explain(err error) error {
	if err == nil || !exhausted.MatchString(err.Error()) || errors.Is(err, ErrNoMemory) {
		return err
	}
	needed := ""
	if m := asked.FindStringSubmatch(err.Error()); m != nil {
		needed = "; it needed another " + gigabytes(m[1], m[2]) + " in one piece"
	}
	return fmt.Errorf("backend: %w%s"+
		"\n→ use a smaller --batch or --width, end other programs on the device (nvidia-smi lists them), or compute on the CPU: --backend go\n%w",
		ErrNoMemory, needed, err)
}

// gigabytes writes an amount as GB, or as it stands when it is no number.
func gigabytes(number, unit string) string {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number + " " + unit
	}
	power := strings.IndexByte("KMGTP", strings.ToUpper(unit)[0]) + 1 // bytes: "B" is none of them
	base := 1000.0
	if strings.Contains(unit, "i") {
		base = 1024
	}
	for range power {
		n *= base
	}
	if n < 1e8 {
		return fmt.Sprintf("%.1f MB", n/1e6)
	}
	return fmt.Sprintf("%.1f GB", n/1e9)
}
