package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// benchCmd measures training steps, ours and a peer's in turn, each in a process of its own; or the notebook kernel.
type benchCmd struct {
	Suite    string   `arg:"" optional:"" enum:"cpu,kernel" default:"cpu" help:"What to measure: cpu (training steps) or kernel (notebooks)."`
	Peer     string   `help:"A Python with torch: its steps are measured in turn with ours." placeholder:"PYTHON"`
	Work     []string `help:"Work as batch:width." default:"16:64,128:64,16:16"`
	Rounds   int      `help:"Rounds; ours and the peer's alternate in each; default: 4, of the kernel suite 15." placeholder:"N"`
	Seconds  float64  `help:"Length of a round, about." default:"5"`
	Pipeline bool     `help:"Measure what is around the steps instead, for the first work: start, data, snapshots, resume."`
	Data     string   `help:"Folder or archive of images for --pipeline, prepared anew; without it: synthetic faces." placeholder:"DIR"`
	JSON     bool     `help:"Print one JSON object per row and nothing else."`
	Worker   string   `hidden:"" help:"Serve rounds of one work on standard input."`
}

// peerVariants are PyTorch as the tutorial has it and at its best. The environment decides how its threads wait;
// which is better depends on the machine, so both are measured.
var peerVariants = []peerVariant{
	{name: "torch, tutorial", flags: "tutorial"},
	{name: "torch, best flags", flags: "channels_last+frozen+fused"},
	{name: "torch, best flags, passive threads", flags: "channels_last+frozen+fused",
		env: []string{"OMP_WAIT_POLICY=PASSIVE", "GOMP_SPINCOUNT=0"}},
}

type peerVariant struct {
	name, flags string
	env         []string
}

// benchRound is a contender's answer: seconds of each step, CPU seconds a step, peak memory so far.
type benchRound struct {
	Wall   []float64 `json:"wall"`
	CPU    float64   `json:"cpu"`
	PeakMB float64   `json:"peak_mb"`
}

// benchResult is one contender's figures for one work.
type benchResult struct {
	Work       string  `json:"work"`
	Contender  string  `json:"contender"`
	Minimum    float64 `json:"minimum_s"`
	Median     float64 `json:"median_s"`
	CPU        float64 `json:"cpu_s"`
	PeakMB     float64 `json:"peak_mb"`
	Ratio      float64 `json:"our_median_by_its,omitempty"` // median over rounds of ours / its, round by round
	RatioOfMin float64 `json:"our_minimum_by_its,omitempty"`
	Steps      int     `json:"steps"`
	Load       string  `json:"load_average"`
}

func (c *benchCmd) Run(a *app) error {
	if c.Worker != "" {
		return serveBench(c.Worker, os.Stdin, os.Stdout)
	}
	if c.Rounds == 0 {
		c.Rounds = map[string]int{"cpu": 4, "kernel": 15}[c.Suite]
	}
	switch {
	case c.Suite == "kernel" && (c.Peer != "" || c.Pipeline || c.Data != ""):
		return usagef("--peer, --pipeline and --data belong to the suite cpu")
	case c.Suite == "kernel" && c.Rounds > 0:
		return c.kernel(a)
	case c.Rounds < 1 || !(c.Seconds > 0) || len(c.Work) == 0:
		return usagef("--rounds %d, --seconds %v, --work %v: at least one round of some length and one work", c.Rounds, c.Seconds, c.Work)
	case c.Data != "" && !c.Pipeline:
		return usagef("--data %s: training steps are measured on synthetic faces; it belongs to --pipeline", c.Data)
	case c.Pipeline:
		return c.pipeline(a)
	}
	for _, work := range c.Work {
		results, err := c.measure(work)
		if err != nil {
			return fmt.Errorf("bench %s: %w", work, err)
		}
		if err := c.print(a.out, results); err != nil {
			return err
		}
	}
	return nil
}

// measure alternates all contenders on one work.
func (c *benchCmd) measure(work string) ([]benchResult, error) {
	batch, width, err := parseWork(work)
	if err != nil {
		return nil, err
	}
	contenders, err := c.start(work, batch, width)
	defer func() {
		for _, k := range contenders {
			k.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	for range c.Rounds {
		for _, k := range contenders {
			if err := k.round(); err != nil {
				return nil, err
			}
		}
	}
	var results []benchResult
	for _, k := range contenders {
		results = append(results, k.result(work, contenders[0]))
	}
	return results, nil
}

func parseWork(work string) (batch, width int, err error) {
	b, w, ok := strings.Cut(work, ":")
	batch, err1 := strconv.Atoi(b)
	width, err2 := strconv.Atoi(w)
	if !ok || err1 != nil || err2 != nil || batch < 2 || width < 1 {
		return 0, 0, fmt.Errorf("work %q; it is batch:width, such as 16:64", work)
	}
	return batch, width, nil
}

// start launches ours first, then the peer's variants, and returns those that run also beside an error. Our first
// probe tells how many steps fit in a round; everybody does as many.
func (c *benchCmd) start(work string, batch, width int) ([]*contender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	steps, err := c.probe(self, work)
	if err != nil {
		return nil, err
	}
	ours, err := startContender("ganbook", nil, self, "bench", "--worker", fmt.Sprintf("%s:%d", work, steps))
	if err != nil {
		return nil, err
	}
	list := []*contender{ours}
	if c.Peer == "" {
		return list, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return list, err
	}
	script := filepath.Join(root, "testdata", "peers", "torch_dcgan.py")
	for _, v := range peerVariants {
		k, err := startContender(v.name, v.env, c.Peer, script, strconv.Itoa(batch), strconv.Itoa(width), strconv.Itoa(steps), v.flags)
		if err != nil {
			return list, err
		}
		list = append(list, k)
	}
	return list, nil
}

// Steps of a round: enough for a median, not more than a round is worth.
const (
	fewestSteps = 3
	mostSteps   = 60
	probeSteps  = 2
)

// probe measures a few warm steps and says how many fit in a round of the length asked for.
func (c *benchCmd) probe(self, work string) (int, error) {
	k, err := startContender("ganbook", nil, self, "bench", "--worker", fmt.Sprintf("%s:%d", work, probeSteps))
	if err != nil {
		return 0, err
	}
	defer k.stop()
	if err := k.round(); err != nil {
		return 0, err
	}
	return stepsIn(c.Seconds, slices.Min(k.rounds[0].Wall)), nil
}

// stepsIn is how many steps of a length fit in a round.
func stepsIn(round, step float64) int {
	return int(min(max(round/step, fewestSteps), mostSteps))
}

// result sums a contender up. The ratio is taken round by round, so that a machine whose speed drifts does not
// favour anyone.
func (k *contender) result(work string, ours *contender) benchResult {
	var all, cpu []float64
	r := benchResult{Work: work, Contender: k.name, Load: loadAverage()}
	for _, round := range k.rounds {
		all = append(all, round.Wall...)
		cpu = append(cpu, round.CPU)
		r.PeakMB = max(r.PeakMB, round.PeakMB)
	}
	r.Minimum, r.Median, r.CPU, r.Steps = slices.Min(all), median(all), median(cpu), len(all)
	if k != ours {
		var ratios, mins []float64
		for i, round := range k.rounds {
			ratios = append(ratios, median(ours.rounds[i].Wall)/median(round.Wall))
			mins = append(mins, slices.Min(ours.rounds[i].Wall)/slices.Min(round.Wall))
		}
		r.Ratio, r.RatioOfMin = median(ratios), median(mins)
	}
	return r
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (c *benchCmd) print(w io.Writer, results []benchResult) error {
	if c.JSON {
		encoder := json.NewEncoder(w)
		for _, r := range results {
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "batch:width\t\tmin s/step\tmedian\tCPU s/step\tpeak MB\tours/its (median)\tours/its (min)\tsteps\tload")
	for _, r := range results {
		ratio, ofMin := "", ""
		if r.Ratio > 0 {
			ratio, ofMin = fmt.Sprintf("%.2f", r.Ratio), fmt.Sprintf("%.2f", r.RatioOfMin)
		}
		fmt.Fprintf(table, "%s\t%s\t%.4f\t%.4f\t%.4f\t%.0f\t%s\t%s\t%d\t%s\n",
			r.Work, r.Contender, r.Minimum, r.Median, r.CPU, r.PeakMB, ratio, ofMin, r.Steps, r.Load)
	}
	return table.Flush()
}

// loadAverage says how busy the machine was in the last minute, "" where the system does not tell.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}
