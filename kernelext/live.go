package kernelext

import (
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/kernelext/jobs"
)

// liveInterval is the shortest time between two updates of a panel: at most four a second.
const liveInterval = 250 * time.Millisecond

// Panel is a live view of a training: one output of the notebook, updated in place, with the newest sample sheets,
// the curves and a line that says how far the training is. It is a runlog.Sink; a training never waits for it.
type Panel struct {
	show func(html string) // displays a state in place of the one before; nil outside a notebook
	sync func() error      // returns when everything shown has arrived
	lost func() error      // why nothing can be shown any more, nil while it can

	mu       sync.Mutex
	wanted   []string // series to draw; none: all
	curves   map[string]*curve
	sheets   map[string]sheet
	findings []runlog.Finding // the newest of each kind
	progress progress
	recorded bool      // the points are read from a run, with the times of their training
	note     string    // a line of HTML below the progress
	shown    time.Time // of the newest update
	pending  *time.Timer
	closed   bool

	showing chan struct{} // holds one while a state is displayed, so that states arrive in order
}

type sheet struct {
	images        int64
	source        string // "data:" URI: encoded once, shown in every state until the next sheet
	width, height int    // to show it at, in CSS pixels: known beforehand, so that an update moves nothing
}

// sheetHeight is the largest height of a sheet in a panel, in CSS pixels.
const sheetHeight = 480

var (
	_ runlog.FindingSink = (*Panel)(nil)
	_ runlog.RunSink     = (*Panel)(nil)
)

// Live opens a panel that draws the named series, or all when none is named. Series of the same kind ("D/loss" and
// "G/loss"; "D(x)" and "D(G(z))") share a chart. Close it at the end of the cell: the last state stays in the notebook.
func Live(series ...string) *Panel {
	p := &Panel{wanted: series, sync: func() error { return nil }, lost: func() error { return nil }, showing: make(chan struct{}, 1),
		curves: map[string]*curve{}, sheets: map[string]sheet{}}
	if gonbui.IsNotebook {
		// The kernel remembers ids as long as it lives; one used before would show nothing when the cell is run again.
		id := "ganbook-live-" + gonbui.UniqueId()
		p.show = func(text string) { gonbui.UpdateHtml(id, text) }
		p.sync = func() error {
			gonbui.Sync()
			return gonbui.Error()
		}
		p.lost = gonbui.Error
	}
	return p
}

// Goal says how many images the training will show, from which the panel estimates the time left.
func (p *Panel) Goal(images int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress.goal = images
}

// Began takes the goal of the run that the training writes, unless one is set, and says below the panel how to see the run
// again: what comes after the page was reloaded does not reach this output. Trainers call it.
func (p *Panel) Began(run *runlog.Run) {
	if p.show == nil {
		return
	}
	p.mu.Lock()
	if p.progress.goal == 0 {
		p.progress.goal = run.Info().Goal()
	}
	p.mu.Unlock()
	name := filepath.Base(run.Dir())
	if t, err := jobs.Look(jobs.Root, name); err != nil || !sameFolder(t.Dir, run.Dir()) {
		name = run.Dir()
	}
	p.setNote("After the page was reloaded, or in another notebook, see this run with <code>" +
		html.EscapeString(fmt.Sprintf("kernelext.Attach(%q)", name)) + "</code>.")
}

func sameFolder(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// Point adds the numbers of an iteration.
func (p *Panel) Point(pt runlog.Point) error {
	p.add(pt, time.Now())
	return nil
}

// add is Point for numbers that are of another time than now, as they are when a run is read from its folder.
func (p *Panel) add(pt runlog.Point, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.show == nil {
		return
	}
	for name, v := range pt.Values {
		if len(p.wanted) > 0 && !slices.Contains(p.wanted, name) {
			continue
		}
		if p.curves[name] == nil {
			p.curves[name] = &curve{}
		}
		p.curves[name].add(float64(pt.Images), v)
	}
	p.progress.point(pt, at)
	p.changed()
}

// reset forgets what was reported, but not the goal.
func (p *Panel) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.curves)
	clear(p.sheets)
	p.findings = nil
	p.progress = progress{goal: p.progress.goal}
}

// setNote sets the line of HTML below the progress.
func (p *Panel) setNote(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.note != text && !p.closed && p.show != nil {
		p.note = text
		p.changed()
	}
}

// visible reports whether anybody sees the panel.
func (p *Panel) visible() bool { return p.show != nil }

// Image replaces the sample sheet of that name. As in Show, a large one is shown as JPEG: each state carries the sheets.
func (p *Panel) Image(name string, images int64, img image.Image) error {
	if p.show == nil {
		return nil
	}
	mime, content, err := encode(img)
	if err != nil {
		return fmt.Errorf("kernelext: live panel: sheet %q: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		size := img.Bounds()
		width, height := size.Dx(), size.Dy()
		if height > sheetHeight {
			width, height = width*sheetHeight/height, sheetHeight
		}
		p.sheets[name] = sheet{images, dataURI(mime, content), width, height}
		p.changed()
	}
	return nil
}

func dataURI(mime string, content []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(content)
}

// Close shows the last state and returns when the notebook has it. What is reported later is not shown.
func (p *Panel) Close() error { return p.close(true) }

// leave is Close of a panel whose training goes on.
func (p *Panel) leave() error { return p.close(false) }

func (p *Panel) close(ended bool) error {
	p.mu.Lock()
	if p.closed || p.show == nil {
		p.closed = true
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	switch {
	case ended && p.recorded:
		p.progress.end(p.progress.reached.at)
	case ended:
		p.progress.end(time.Now())
	}
	if p.pending != nil {
		p.pending.Stop()
	}
	p.mu.Unlock()
	p.update()
	if err := p.sync(); err != nil {
		return fmt.Errorf("kernelext: live panel: %w", err)
	}
	return nil
}

// changed plans an update as soon as the interval allows; mu is held.
func (p *Panel) changed() {
	if p.pending != nil {
		return
	}
	wait := max(0, liveInterval-time.Since(p.shown))
	p.pending = time.AfterFunc(wait, p.update)
}

// update displays the current state, outside mu: a slow notebook holds up nothing but the next update.
func (p *Panel) update() {
	p.showing <- struct{}{}
	defer func() { <-p.showing }()
	p.mu.Lock()
	p.pending, p.shown = nil, time.Now()
	text := p.html()
	p.mu.Unlock()
	p.show(text)
}
