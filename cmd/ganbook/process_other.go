//go:build !unix

package main

import "time"

// processCPU and processPeakMB are unknown here.
func processCPU() time.Duration { return 0 }
func processPeakMB() float64    { return 0 }
