package main

import (
	"strings"
	"testing"
)

func TestLogout(t *testing.T) {
	const session, manager = "0::/user.slice/user-1000.slice/session-3.scope", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-term.scope"
	for _, tc := range []struct {
		l             logout
		state, remedy string
	}{
		{logout{group: session, kills: "false"}, stateOK, ""},
		{logout{group: session, kills: "true"}, stateWarn, "systemd-run --user --scope"},
		{logout{group: session, kills: "true", linger: true}, stateWarn, "systemd-run --user --scope"}, // lingering does not spare a session's programs
		{logout{group: session}, stateWarn, "loginctl enable-linger"},
		{logout{group: manager, kills: "false"}, stateWarn, "loginctl enable-linger"},
		{logout{group: manager, kills: "true", linger: true}, stateOK, ""},
		{logout{group: "0::/system.slice/ssh.service", kills: "true"}, stateOK, ""},
		{logout{}, stateOK, ""},
	} {
		f := tc.l.finding()
		if f.State != tc.state || !strings.Contains(f.Remedy, tc.remedy) || (tc.remedy == "") != (f.Remedy == "") || f.Check != "logout" {
			t.Errorf("%+v: %+v", tc.l, f)
		}
	}
}
