package main

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// logout is what decides whether programs started here live on when their user logs out.
type logout struct {
	group  string // control group of this process, "" where there are none
	kills  string // logind's KillUserProcesses: "true", "false", "" when it does not say
	linger bool   // the user's own service manager stays
}

// checkLogout says whether a detached training lives on after its user has logged out of this machine.
func checkLogout(ctx context.Context) finding {
	if runtime.GOOS != "linux" {
		return finding{Check: "logout", State: stateOK, Detail: "a detached training lives as long as " + runtime.GOOS + " lets programs live whose user has logged out"}
	}
	return asLogout(ctx).finding()
}

func asLogout(ctx context.Context) logout {
	var l logout
	if _, err := os.Stat("/run/systemd/system"); err != nil { // no systemd: a container, or another init
		return l
	}
	text, _ := os.ReadFile("/proc/self/cgroup")
	l.group = strings.TrimSpace(string(text))
	if me, err := user.Current(); err == nil {
		_, err := os.Stat(filepath.Join("/var/lib/systemd/linger", me.Username))
		l.linger = err == nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	answer, _ := exec.CommandContext(ctx, "busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1",
		"org.freedesktop.login1.Manager", "KillUserProcesses").Output()
	l.kills = strings.TrimSpace(strings.TrimPrefix(string(answer), "b "))
	return l
}

// Programs of a login lie in its session's scope, those that a desktop starts below the user's service manager.
var (
	inSession = regexp.MustCompile(`/session-[^/]+\.scope`)
	inManager = regexp.MustCompile(`/user@[0-9]+\.service`)
)

func (l logout) finding() finding {
	const remedy = "loginctl enable-linger, and start the lab outside the session: systemd-run --user --scope ./ganbook lab"
	f := finding{Check: "logout", State: stateOK, Detail: "a detached training lives on after logout"}
	switch {
	case inManager.MatchString(l.group) && !l.linger:
		f.State, f.Detail, f.Remedy = stateWarn, "the system ends a detached training when its user logs out (programs of the desktop, no lingering)", "loginctl enable-linger"
	case inManager.MatchString(l.group):
		f.Detail += " (lingering is enabled)"
	case inSession.MatchString(l.group) && l.kills == "true":
		f.State, f.Detail, f.Remedy = stateWarn, "the system ends a detached training when its user logs out (KillUserProcesses)", remedy
	case inSession.MatchString(l.group) && l.kills != "false":
		f.State, f.Detail, f.Remedy = stateWarn, "the system does not say whether a detached training lives on after logout (KillUserProcesses)", remedy
	case l.group == "":
		f.Detail += ": there is no systemd here to end it; a container ends everything in it when it is stopped"
	}
	return f
}
