package kernelspec

import (
	"slices"
	"testing"
)

// Whatever flags the user has, cells get go.mod as it is and programs without symbol tables, in a form that go accepts.
func TestKernelFlags(t *testing.T) {
	for user, want := range map[string]string{
		"":                                      "-mod=readonly '-ldflags=-s -w'",
		"-mod=mod":                              "-mod=readonly '-ldflags=-s -w'",
		" -tags=xla  -buildvcs=false ":          "-mod=readonly -tags=xla -buildvcs=false '-ldflags=-s -w'",
		"--tags=xla":                            "-mod=readonly -tags=xla '-ldflags=-s -w'",
		"-ldflags=-w":                           "-mod=readonly -ldflags=-w",
		"'-ldflags=-s -X main.a=b'":             "-mod=readonly '-ldflags=-s -X main.a=b'",
		`"-ldflags=-X 'main.a=b c'" -tags=x`:    `-mod=readonly "-ldflags=-X 'main.a=b c'" -tags=x`,
		"-mod=readonly '-ldflags=-s -w'":        "-mod=readonly '-ldflags=-s -w'",
		"'-gcflags=all=-N -l' -mod=vendor -a=1": "-mod=readonly '-gcflags=all=-N -l' -a=1 '-ldflags=-s -w'",
	} {
		got := kernelFlags(user)
		if got != want {
			t.Errorf("%q gives %q, want %q", user, got, want)
		}
		if again := kernelFlags(got); !slices.Equal(splitFlags(again), splitFlags(got)) {
			t.Errorf("%q: a kernel's flags are not kept: %q", got, again)
		}
	}
}

// One tag more, beside those of the user.
func TestWithTag(t *testing.T) {
	for flags, want := range map[string]string{
		"":                               "-tags=xla",
		"-mod=readonly '-ldflags=-s -w'": "-mod=readonly '-ldflags=-s -w' -tags=xla",
		"-tags=a,b -mod=readonly":        "-tags=a,b,xla -mod=readonly",
		"-tags=":                         "-tags=xla",
	} {
		if got := withTag(flags, "xla"); got != want {
			t.Errorf("%q: %q, want %q", flags, got, want)
		}
	}
}
