package kernelspec

import (
	"os"
	"path/filepath"
	"strings"
)

// spec is the kernel of this checkout: our proxy in front of gonb, where the checkout has one.
func (m *checkout) spec() Spec {
	experiment := os.Getenv("GOEXPERIMENT")
	if experiment == "" {
		experiment = "simd" // without it training is 10 to 15 times slower
	}
	// -raw_error: compile errors as text, which a headless run can show.
	argv := []string{m.gonb(), "--kernel", "{connection_file}", "-go_work=" + m.root, "-raw_error"}
	if m.proxy != "" {
		argv = []string{m.proxy, "{connection_file}", "--", m.gonb(), "-go_work=" + m.root, "-raw_error"}
	}
	s := Spec{
		Argv:        argv,
		DisplayName: DisplayName, Language: "go", InterruptMode: "message",
		Env: map[string]string{
			"PATH":         strings.Join(append([]string{m.bin}, append(m.goDirs, "${PATH}")...), string(os.PathListSeparator)),
			"GOPROXY":      "off", // GoNB calls "go get" before each cell: never the network, never other versions
			"GOFLAGS":      kernelFlags(os.Getenv("GOFLAGS")),
			"GOWORK":       "", // GoNB writes a go.work of its own
			"GOTOOLCHAIN":  m.toolchain,
			"GOEXPERIMENT": experiment,
			"GANBOOK_ROOT": m.root,
		},
	}
	if m.xla != "" {
		m.withXLA(&s)
	}
	return s
}

// withXLA makes a kernel one whose cells are compiled with XLA, by a C compiler, and compute on it: on the GPU where its plug-in is
// installed, else on the processor.
func (m *checkout) withXLA(s *Spec) {
	s.DisplayName = XLADisplayName
	s.Env["GOFLAGS"] = withTag(s.Env["GOFLAGS"], "xla")
	s.Env["CGO_ENABLED"] = "1"
	s.Env["GOMLX_BACKEND"] = "xla"
	s.Env["GANBOOK_XLA"] = m.xla
	if cc := os.Getenv("CC"); cc != "" {
		s.Env["CC"] = cc
	}
}

// interactive is the kernel with gopls, for people who type; a headless run completes nothing.
func (m *checkout) interactive() Spec {
	s := m.spec()
	if m.gopls != "" {
		s.Env["GANBOOK_GOPLS"] = filepath.ToSlash(m.gopls)
	}
	return s
}
