package kernelext

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image"
	"io"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// record makes a panel that keeps every state it shows.
func record(p *Panel) *[]string {
	var mu sync.Mutex
	var states []string
	p.show = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, text)
	}
	return &states
}

func point(i int64, values runlog.Values) runlog.Point {
	return runlog.Point{Iteration: i, Images: 64 * i, Epoch: i / 10, Batch: int(i % 10), Batches: 10, Values: values}
}

// A panel of a training that keeps a run takes over its goal, and says how to see it again.
func TestLiveSaysHowToSeeTheRunAgain(t *testing.T) {
	t.Setenv("GANBOOK_ROOT", "")
	t.Chdir(t.TempDir())
	for root, want := range map[string]string{"runs": `kernelext.Attach(&#34;00001-dcgan&#34;)`, "elsewhere": `kernelext.Attach(&#34;elsewhere/00001-dcgan&#34;)`} {
		run, err := runlog.Create(root, runlog.Info{Experiment: "dcgan", Config: map[string]int{"images": 6400}})
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		p := Live()
		states := record(p)
		p.Began(run)
		if err := errors.Join(p.Point(point(50, nil)), p.Close()); err != nil {
			t.Fatal(err)
		}
		if last := (*states)[len(*states)-1]; !strings.Contains(last, want) || !strings.Contains(last, "3,200 of 6,400 images") {
			t.Errorf("the panel lacks %s or its goal:\n%s", want, last)
		}
	}
}

func TestLiveUpdatesAtMostFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Live("D/loss")
		states := record(p)
		p.Goal(64 * 1000)
		for i := range int64(500) { // five seconds
			if err := p.Point(point(i+1, runlog.Values{"D/loss": float64(i), "G/loss": 1})); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		if n := len(*states); n < 19 || n > 21 {
			t.Errorf("%d updates in 5 s, want 20", n)
		}
		// What came within the interval is shown without waiting for a next point.
		if last := (*states)[len(*states)-1]; !strings.Contains(last, "iteration 500,") {
			t.Errorf("the last point is not shown:\n%s", last)
		}
		before := len(*states)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p.Point(point(999, nil))
		p.Image("", 1, image.NewGray(image.Rect(0, 0, 1, 1)))
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if n := len(*states); n != before+1 {
			t.Errorf("%d updates at and after Close, want 1", n-before)
		}
		final := (*states)[before]
		if want := "iteration 500, epoch 51, batch 1 of 10, 32,000 of 64,000 images, 6400 images/s, stopped after 6 s"; !strings.Contains(final, want) {
			t.Errorf("final state lacks %q:\n%s", want, final)
		}
		if strings.Contains(final, "G/loss") {
			t.Error("a series that was not asked for is drawn")
		}
	})
}

// A slow notebook must not hold up the training.
func TestLiveDoesNotWaitForTheNotebook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Live()
		p.show = func(string) { time.Sleep(10 * time.Second) }
		began := time.Now()
		for i := range int64(100) {
			p.Point(point(i, runlog.Values{"x": 1}))
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("100 points took %v, want 1s", took)
		}
		p.Close()
	})
}

var (
	externals = regexp.MustCompile(`(?i)<script|on\w+=|url\(|src="[^d]|href=`)
	numbers   = regexp.MustCompile(`[ML]([-\d.]+) ([-\d.]+)`)
)

func TestLiveStateNeedsNoScriptAndNoNetwork(t *testing.T) {
	p := Live()
	states := record(p)
	p.Image("", 6400, image.NewRGBA(image.Rect(0, 0, 8, 8)))
	p.Image(`<fade> "1"`, 6400, image.NewRGBA(image.Rect(0, 0, 8, 8)))
	for i := range int64(700) {
		v := runlog.Values{"D/loss": -float64(i), "G/loss": math.Sin(float64(i) / 20), "D(x)": 0.7, "D(G(z))": 0.3, "<script>alert(1)</script>": 1}
		switch {
		case i%100 == 50:
			v["D/loss"] = math.NaN()
		case i == 333:
			v["G/loss"] = math.Inf(1)
		case i == 334:
			v["G/loss"] = -math.MaxFloat64
		}
		p.Point(point(i, v))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	final := (*states)[len(*states)-1]
	if bad := externals.FindString(final); bad != "" {
		t.Errorf("the state contains %q", bad)
	}
	if strings.Contains(final, "<svg") {
		t.Error("the last state has SVG elements, which are taken out of a notebook that somebody else saved")
	}
	final = drawn(t, final)
	if bad := externals.FindString(final); bad != "" {
		t.Errorf("a chart contains %q", bad)
	}
	for want, n := range map[string]int{"<svg ": 3, "data:image/png;base64,": 2, ">D/loss<": 1, ">D(G(z))<": 1, "after 6,400 images": 4} {
		if got := strings.Count(final, want); got != n {
			t.Errorf("%d times %q, want %d", got, want, n)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(final))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
	}
	for _, m := range numbers.FindAllStringSubmatch(final, -1) {
		if strings.Contains(m[0], "NaN") || strings.Contains(m[0], "Inf") {
			t.Fatalf("a coordinate is no number: %s", m[0])
		}
	}
	if len(final) > 60_000 {
		t.Errorf("a state takes %d bytes, want at most 60,000", len(final))
	}
}

var charts = regexp.MustCompile(`<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"/>`)

// drawn puts the charts of a last state in place of the images that carry them.
func drawn(t *testing.T, state string) string {
	t.Helper()
	return charts.ReplaceAllStringFunc(state, func(img string) string {
		svg, err := base64.StdEncoding.DecodeString(charts.FindStringSubmatch(img)[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(svg)
	})
}

func TestLiveShowsFindingsUntilTheyAreOver(t *testing.T) {
	p := Live("D/loss")
	states := record(p)
	collapse := runlog.Finding{Kind: "collapse", Title: "mode collapse", Since: 1200, Iteration: 1300, Measure: "distance", Value: math.NaN(), Limit: 0.5, Cause: "G draws <one> picture.", Remedy: "Use --set lr=0.0001."}
	over := runlog.Finding{Kind: "imbalance", Title: "imbalance", Since: 5, Iteration: 900, Resolved: true}
	if err := errors.Join(p.Finding(runlog.Finding{Kind: "imbalance", Title: "imbalance", Since: 5}), p.Finding(collapse), p.Finding(over), p.Close(), p.Finding(collapse)); err != nil {
		t.Fatal(err)
	}
	final := (*states)[len(*states)-1]
	for _, want := range []string{"<b>mode collapse</b> since iteration 1,200 (distance NaN, limit 0.5). G draws &lt;one&gt; picture. Use --set lr=0.0001.", "imbalance: over since iteration 900."} {
		if strings.Count(final, want) != 1 {
			t.Errorf("not once %q in\n%s", want, final)
		}
	}
	if strings.Contains(final, "<b>imbalance") {
		t.Error("what is over is still shown as lasting")
	}
}

// Each state carries the sheets, so a large one is a JPEG there as it is in Show, and the same text every time.
func TestLiveShowsLargeSheetsAsJPEG(t *testing.T) {
	photograph := noisy(256, 256)
	_, want, _, err := render(photograph)
	if err != nil {
		t.Fatal(err)
	}
	p := Live()
	states := record(p)
	p.Image("", 6400, photograph)
	p.Point(point(1, runlog.Values{"x": 1}))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	final := (*states)[len(*states)-1]
	if source := "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(want); !strings.Contains(final, `src="`+source+`"`) {
		t.Errorf("the sheet is not shown as Show would: %.200q", final)
	}
}

func TestLiveOutsideANotebookShowsNothing(t *testing.T) {
	p := Live("D/loss")
	if err := errors.Join(p.Point(point(1, runlog.Values{"D/loss": 1})), p.Image("", 1, image.NewGray(image.Rect(0, 0, 0, 0))), p.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestLiveTrainingThatReportedNothing(t *testing.T) {
	p := Live("D/loss")
	states := record(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if len(*states) != 1 || !strings.Contains((*states)[0], "waiting for the first iteration") {
		t.Errorf("states %q", *states)
	}
}

func TestCurveKeepsMeansExtremesAndGaps(t *testing.T) {
	var c curve
	const n = 100_000
	for i := range n {
		v := float64(i % 7)
		switch i {
		case 50_001:
			v = 1000
		case 70_001:
			v = -1000
		case 20_001, 20_002:
			v = math.NaN()
		}
		c.add(float64(i), v)
	}
	if len(c.buckets) > 2*curveBuckets {
		t.Fatalf("%d buckets", len(c.buckets))
	}
	points, finite, low, high, gaps := 0, 0, 0.0, 0.0, 0
	for i, b := range c.buckets {
		points, finite = points+b.points, finite+b.finite
		low, high = min(low, b.low), max(high, b.high)
		if b.interrupted {
			gaps++
		}
		if i > 0 && b.first <= c.buckets[i-1].end {
			t.Fatalf("bucket %d begins at %g, inside the one before", i, b.first)
		}
	}
	if points != n || finite != n-2 || low != -1000 || high != 1000 || gaps != 1 {
		t.Errorf("%d points, %d finite, range %g to %g, %d gaps", points, finite, low, high, gaps)
	}
	if got := len(c.segments()); got != 3 { // before, the interrupted bucket alone, after
		t.Errorf("%d segments, want 3", got)
	}
}

func TestSegments(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		values []float64
		want   []int // lengths
	}{
		{[]float64{1, 2, 3}, []int{3}},
		{[]float64{nan, 1, 2, nan, nan, 3, nan}, []int{2, 1}},
		{[]float64{nan}, nil},
		{nil, nil},
		{[]float64{1, math.Inf(-1), 2}, []int{1, 1}},
	} {
		var c curve
		for i, v := range tc.values {
			c.add(float64(i), v)
		}
		parts := c.segments()
		if len(parts) != len(tc.want) {
			t.Errorf("%v: %d segments, want %v", tc.values, len(parts), tc.want)
			continue
		}
		for i, p := range parts {
			if len(p) != tc.want[i] {
				t.Errorf("%v: segment %d has %d points, want %d", tc.values, i, len(p), tc.want[i])
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, tc := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{-3.2, 7, "-2 0 2 4 6"},
		{-1e-3, 1e-3, "-0.0010 -0.0005 0.0000 0.0005 0.0010"},
		{995, 1005, "996 998 1000 1002 1004"},
		{0, 2e6, "0 5e+05 1e+06 1.5e+06 2e+06"},
		{-4e99, 4e99, "-4e+99 -2e+99 0 2e+99 4e+99"},
	} {
		values, step := ticks(tc.low, tc.high, 5)
		var labels []string
		for _, v := range values {
			labels = append(labels, tickLabel(v, step))
		}
		if got := strings.Join(labels, " "); got != tc.want {
			t.Errorf("ticks of %g to %g: %s, want %s", tc.low, tc.high, got, tc.want)
		}
	}
}

func TestProgressText(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{400 * time.Millisecond: "0 s", 59600 * time.Millisecond: "1 min 0 s", 200 * time.Second: "3 min 20 s", 2*time.Hour + 5*time.Minute: "2 h 5 min"} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %s, want %s", d, got, want)
		}
	}
	// The speed follows a change: 1000 images/s, then 100.
	var p progress
	now := time.Unix(0, 0)
	p.goal = 70_000
	images := int64(0)
	for second := range int64(120) {
		p.point(runlog.Point{Iteration: second, Images: images}, now)
		now = now.Add(time.Second)
		if second < 60 {
			images += 1000
		} else {
			images += 100
		}
	}
	if got, want := p.line(), "iteration 119, 65,900 of 70,000 images, 100 images/s, 41 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
