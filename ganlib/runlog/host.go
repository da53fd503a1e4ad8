package runlog

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// HostInfo is the machine and the build, as far as they matter for speed or for the last bit of a number.
type HostInfo struct {
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	CPU      string   `json:"cpu"`      // model name, "" where the system does not tell
	Features []string `json:"features"` // instruction sets for arithmetic, sorted: "avx2", "avx512f", "fma", "asimd" …
	Cores    int      `json:"cores"`    // logical processors
	Go       string   `json:"go"`       // "go1.27.0"
	SIMD     bool     `json:"simd"`     // built with GOEXPERIMENT=simd
}

// Host describes this machine and this program.
func Host() HostInfo {
	model, features := processor()
	version, _, _ := strings.Cut(runtime.Version(), "X:") // "go1.27.0-X:simd" names the experiments too
	return HostInfo{
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPU: strings.Join(strings.Fields(model), " "), Features: arithmetic(features),
		Cores: runtime.NumCPU(), Go: strings.TrimRight(version, " -"), SIMD: builtWithSIMD(),
	}
}

// arithmetic keeps the processor features that numeric code is chosen by.
func arithmetic(flags []string) []string {
	prefixes := []string{"avx", "fma", "f16c", "amx", "sse4", "asimd", "neon", "sve", "fp16", "fphp", "bf16", "i8mm"}
	kept := []string{}
	for _, f := range flags {
		f = strings.ToLower(f)
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f, p) }) {
			kept = append(kept, f)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

func builtWithSIMD() bool {
	// The experiments that differ from the default are part of the version: "go1.27.0-X:simd".
	if _, experiments, ok := strings.Cut(runtime.Version(), "X:"); ok && slices.Contains(strings.Split(experiments, ","), "simd") {
		return true
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	return slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool {
		return s.Key == "GOEXPERIMENT" && slices.Contains(strings.Split(s.Value, ","), "simd")
	})
}

// Modules returns the versions of the modules in this program: path → version, or → "path@version" of a replacement.
func Modules() map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
		if m.Replace != nil {
			versions[m.Path] = m.Replace.Path + "@" + m.Replace.Version
		}
	}
	return versions
}

// commit is what the launcher found when it built the program.
var commit string

// Commit is that of the sources this program was built from, with "+dirty" behind it where they were not those of the
// commit; "" of a program whose build did not look, such as a test. Built by go build itself, anything that the
// repository does not know makes it dirty.
func Commit() string {
	if commit != "" {
		return commit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commitOf(info.Settings)
}

func commitOf(settings []debug.BuildSetting) (commit string) {
	value := map[string]string{}
	for _, s := range settings {
		value[s.Key] = s.Value
	}
	if commit = value["vcs.revision"]; commit != "" && value["vcs.modified"] == "true" {
		commit += "+dirty"
	}
	return commit
}
