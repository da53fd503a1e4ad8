package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// PluginVariable names folders with plug-ins, between colons. They come after the environment that setup made.
const PluginVariable = "PJRT_PLUGIN_LIBRARY_PATH"

// Plugin is a library that XLA computes in, by the interface PJRT.
type Plugin struct {
	Device string // "cpu" or "cuda"
	Path   string // absolute
	Data   string // CUDA's tools and bitcode (ptxas, libdevice), for --xla_gpu_cuda_data_dir; "" on the CPU and when there are none
}

// device says where the plug-in of a device lies: in the Python packages of an environment, and under which names in
// the folders of [PluginVariable].
type device struct {
	name, inPackages string
	patterns         []string
	data             []string // beside the plug-in's folder
	remedy           string
}

var devices = []device{
	{
		name:       "cuda",
		inPackages: "jax_plugins/xla_cuda13/xla_cuda_plugin.so",
		patterns:   []string{"xla_cuda_plugin.so", "pjrt_c_api_cuda*_plugin.so", "pjrt[-_]plugin[-_]cuda*.so"},
		data:       []string{"../../nvidia/cu13", "../nvidia/cu13", "../nvidia", "nvidia/cu13", "nvidia"},
		remedy:     "→ ./ganbook setup --gpu installs it (2.5 GB), on the machine with the GPU",
	},
	{
		name:       "cpu",
		inPackages: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		patterns:   []string{"pjrt_c_api_cpu*_plugin.so", "pjrt[-_]plugin[-_]cpu*.so"},
		remedy:     "→ ./ganbook setup --xla-cpu installs it (63 MB), for tests: on the CPU the Go backend is as fast",
	},
}

// Locate finds the plug-in of a device, "cpu" or "cuda": in the environment that [EnvironmentVariable] names or setup
// made, else in the folders of [PluginVariable]. A device may also be the absolute path of a plug-in.
func Locate(name string) (Plugin, error) {
	if filepath.IsAbs(name) {
		return locatePath(name)
	}
	i := slices.IndexFunc(devices, func(d device) bool { return d.name == name })
	if i < 0 {
		return Plugin{}, unknownDevice(name)
	}
	d := devices[i]
	var looked []string
	if env := Installed().Environment; env != "" {
		if p, ok := d.inEnvironment(env); ok {
			return p, nil
		}
		looked = append(looked, env)
	}
	for _, dir := range filepath.SplitList(os.Getenv(PluginVariable)) {
		if dir == "" {
			continue
		}
		for _, pattern := range d.patterns {
			if p, ok := d.find(dir, pattern); ok {
				return p, nil
			}
		}
		looked = append(looked, dir)
	}
	text := "setup has installed none, and $" + PluginVariable + " is not set"
	if len(looked) > 0 {
		text = "looked in " + strings.Join(looked, ", ")
	}
	return Plugin{}, fmt.Errorf("backend: xla:%s: there is no plug-in for it (%s)\n%s\n→ or another one: --backend go is always there", name, text, d.remedy)
}

// LocateIn finds the plug-in of a device in an environment.
func LocateIn(env, name string) (p Plugin, ok bool) {
	for _, d := range devices {
		if d.name == name && !ok {
			p, ok = d.inEnvironment(env)
		}
	}
	return p, ok
}

// inEnvironment looks in the Python packages of a virtual environment, or in those that env itself holds.
func (d device) inEnvironment(env string) (p Plugin, ok bool) {
	for _, packages := range []string{"lib/python3.*/site-packages/", ""} {
		if p, ok = d.find(env, packages+d.inPackages); ok {
			break
		}
	}
	return p, ok
}

// find returns the first file below a folder that matches a pattern.
func (d device) find(dir, pattern string) (Plugin, bool) {
	found, _ := filepath.Glob(filepath.Join(globEscape.Replace(dir), filepath.FromSlash(pattern)))
	for _, file := range found {
		path, err := filepath.Abs(file)
		if err != nil || !isFile(path) {
			continue
		}
		p := Plugin{Device: d.name, Path: path}
		for _, data := range d.data {
			if dir := filepath.Join(filepath.Dir(path), filepath.FromSlash(data)); isDir(dir) {
				p.Data = dir
				break
			}
		}
		return p, true
	}
	return Plugin{}, false
}

// locatePath is a plug-in by its path. Which device it is for is read off the path, as go-xla does.
func locatePath(path string) (Plugin, error) {
	if !isFile(path) {
		return Plugin{}, fmt.Errorf("backend: xla:%s: there is no such file; give the absolute path of a PJRT plug-in, or xla:cpu or xla:cuda", path)
	}
	for _, d := range devices {
		if strings.Contains(strings.ToLower(path), d.name) {
			p, _ := d.find(filepath.Dir(path), globEscape.Replace(filepath.Base(path)))
			return p, nil
		}
	}
	return Plugin{}, fmt.Errorf("backend: xla:%s: a plug-in's path must contain cpu or cuda, which says what it is for", path)
}

var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

func unknownDevice(name string) error {
	hint := ""
	if strings.EqualFold(name, "gpu") || strings.EqualFold(name, "cuda") {
		hint = "; did you mean xla:cuda?"
	}
	return fmt.Errorf("backend: XLA has no device %q here: xla:cpu, xla:cuda or xla:/path/of/a/plug-in%s", name, hint)
}

// parseXLA splits "xla:cuda,tf32=false" into the device and its options. No device is "cuda" where its plug-in is, else
// "cpu" where that is, else "cuda".
func parseXLA(config string) (device string, options []string) {
	_, rest, _ := strings.Cut(config, ":")
	parts := strings.Split(rest, ",")
	if device = parts[0]; device == "" {
		device = "cuda"
		if _, err := Locate("cuda"); err != nil {
			if _, err := Locate("cpu"); err == nil {
				device = "cpu"
			}
		}
	}
	return device, parts[1:]
}

// xlaConfig is a configuration in full: CUDA's says whether products are rounded to TF32.
func xlaConfig(device string, options []string) string {
	if _, said := tf32(options); !said && isCUDA(device) {
		options = append(options, "tf32=true")
	}
	return strings.Join(append([]string{"xla:" + device}, options...), ",")
}

func isCUDA(device string) bool { return strings.Contains(strings.ToLower(device), "cuda") }

// tf32 reads go-xla's option: whether float32 products may be computed from factors of 10 bits.
func tf32(options []string) (on, said bool) {
	for _, o := range options {
		name, value, given := strings.Cut(o, "=")
		switch {
		case name == "notf32":
			on, said = false, true
		case name == "tf32" && !given:
			on, said = true, true
		case name == "tf32":
			on, _ = strconv.ParseBool(value)
			said = true
		}
	}
	return on, said
}

// WithPrecision is a configuration that computes products at a precision: "f32", exactly rounded, or "tf32", from
// factors of 10 bits, which is CUDA's default and several times as fast; "" changes nothing.
func WithPrecision(config, precision string) (string, error) {
	config = Config(config)
	cuda := false
	var parts []string
	if strings.HasPrefix(config, "xla:") {
		device, options := parseXLA(config)
		cuda = isCUDA(device)
		parts = append([]string{"xla:" + device}, slices.DeleteFunc(options, func(o string) bool {
			name, _, _ := strings.Cut(o, "=")
			return name == "tf32" || name == "notf32"
		})...)
	}
	switch {
	case precision == "", precision == "f32" && !cuda:
		return config, nil
	case precision == "f32":
		return strings.Join(append(parts, "tf32=false"), ","), nil
	case precision == "tf32" && cuda:
		return strings.Join(append(parts, "tf32=true"), ","), nil
	case precision == "tf32":
		return "", fmt.Errorf("backend: precision tf32 belongs to xla:cuda; %s computes in f32", config)
	}
	return "", fmt.Errorf("backend: there is no precision %q: f32 or tf32", precision)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
