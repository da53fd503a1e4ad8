package runlog

import (
	"runtime/debug"
	"testing"
)

func TestCommitOfABuild(t *testing.T) {
	for want, settings := range map[string][]debug.BuildSetting{
		"":         {{Key: "GOOS", Value: "linux"}, {Key: "vcs.modified", Value: "true"}},
		"c0ffee":   {{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "c0ffee"}, {Key: "vcs.modified", Value: "false"}},
		"0a+dirty": {{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0a"}},
	} {
		if got := commitOf(settings); got != want {
			t.Errorf("%v: %q, want %q", settings, got, want)
		}
	}
}
