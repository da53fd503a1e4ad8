package kernelext

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/runlog"
)

// rateWindow is how far back the speed is measured, at least: long enough to be steady, short enough to follow a
// change of resolution.
const rateWindow = 20 * time.Second

// progress says how far a training is and how fast.
type progress struct {
	goal          int64 // images, 0: unknown
	newest        runlog.Point
	began         time.Time
	anchor, later mark // the speed is measured since anchor; later becomes the next anchor
	reached       mark
	ended         time.Time // zero while running
}

type mark struct {
	at     time.Time
	images int64
}

func (p *progress) point(pt runlog.Point, now time.Time) {
	p.newest, p.reached = pt, mark{now, pt.Images}
	if p.began.IsZero() {
		p.began, p.anchor, p.later = now, p.reached, p.reached
	}
	if now.Sub(p.later.at) >= rateWindow {
		p.anchor, p.later = p.later, p.reached
	}
}

func (p *progress) end(now time.Time) { p.ended = now }

// rate is in images per second; 0 while it is not known.
func (p *progress) rate() float64 {
	if seconds := p.reached.at.Sub(p.anchor.at).Seconds(); seconds > 0 {
		return float64(p.reached.images-p.anchor.images) / seconds
	}
	return 0
}

// line is "iteration 300, epoch 2, batch 144 of 157: 38,400 of 100,000 images, 812 images/s, 1 min 16 s left".
func (p *progress) line() string {
	if p.began.IsZero() {
		return "waiting for the first iteration"
	}
	pt := p.newest
	var b strings.Builder
	fmt.Fprintf(&b, "iteration %s, ", thousands(pt.Iteration))
	if pt.Batches > 0 {
		fmt.Fprintf(&b, "epoch %d, batch %s of %s, ", pt.Epoch+1, thousands(int64(pt.Batch)+1), thousands(int64(pt.Batches)))
	}
	b.WriteString(thousands(pt.Images))
	if p.goal > 0 {
		b.WriteString(" of " + thousands(p.goal))
	}
	b.WriteString(" images")
	rate := p.rate()
	if rate > 0 {
		fmt.Fprintf(&b, ", %s images/s", strconv.FormatFloat(rate, 'f', decimals(rate), 64))
	}
	switch left := p.goal - pt.Images; {
	case !p.ended.IsZero() && p.goal > 0 && left > 0:
		fmt.Fprintf(&b, ", stopped after %s", duration(p.ended.Sub(p.began)))
	case !p.ended.IsZero():
		fmt.Fprintf(&b, ", done in %s", duration(p.ended.Sub(p.began)))
	case rate > 0 && left > 0:
		fmt.Fprintf(&b, ", %s left", duration(time.Duration(float64(left)/rate*float64(time.Second))))
	}
	return b.String()
}

func (p *progress) html() string {
	bar := ""
	if p.goal > 0 {
		bar = fmt.Sprintf(`<progress max="%d" value="%d" style="width:12em"></progress> `, p.goal, min(p.newest.Images, p.goal))
	}
	return "<div>" + bar + p.line() + "</div>"
}

func decimals(rate float64) int {
	if rate < 10 {
		return 1
	}
	return 0
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// duration writes the two largest units: 42 s, 3 min 20 s, 2 h 5 min.
func duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
}
