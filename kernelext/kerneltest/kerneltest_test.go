package kerneltest

import "testing"

// Only the lack of a network may skip a test: all else that keeps the kernel from being built is a mistake of ours.
func TestNoNetwork(t *testing.T) {
	for message, want := range map[string]bool{
		`github.com/x@v1: Get "https://proxy.golang.org/x": dial tcp: lookup proxy.golang.org: no such host`: true,
		`go: github.com/x@v1: module lookup disabled by GOPROXY=off`:                                         true,
		`Get "https://proxy.golang.org/x": dial tcp 1.2.3.4:443: connect: network is unreachable`:            true,
		`go: download go1.27.0: Get "https://proxy.golang.org/x": net/http: TLS handshake timeout`:           true,
		`kernelspec: in /x: go build: exit status 1\n./main.go:7:2: undefined: missing`:                      false,
		`verifying github.com/x@v1: checksum mismatch`:                                                       false,
		`go: updates to go.mod needed; to update it: go mod tidy`:                                            false,
		`missing go.sum entry for module providing package github.com/x`:                                     false,
		`kernelspec: open go.mod: no such file or directory`:                                                 false,
	} {
		if got := noNetwork.MatchString(message); got != want {
			t.Errorf("%q is for lack of a network: %v, want %v", message, got, want)
		}
	}
}
