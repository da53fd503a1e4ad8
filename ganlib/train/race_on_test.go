//go:build race

package train

// raceDetector says that the race detector is at work, which multiplies memory.
const raceDetector = true
