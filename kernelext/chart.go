package kernelext

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Size of a chart and of the margins around its axes, in pixels.
const (
	chartWidth, chartHeight = 430, 230
	marginLeft, marginRight = 52, 8
	marginTop, marginBottom = 24, 22
)

// colours are those of Okabe and Ito, which readers with colour blindness can tell apart.
var colours = []string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"}

// chart draws curves over the images shown as inline SVG: linear axes, a line at zero where the values cross it, the
// mean of neighbouring points as a line and their range as a band. Text takes the colour of the page.
func chart(names []string, curves []*curve) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="%s" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`,
		html.EscapeString(strings.Join(names, ", ")), chartWidth, chartHeight, chartWidth, chartHeight)
	legend(&b, names, curves)
	x0, x1, y0, y1, ok := extent(curves)
	if !ok {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="currentColor">no finite value yet</text></svg>`, marginLeft, chartHeight/2)
		return b.String()
	}
	if x0 == x1 {
		x1 = x0 + 1
	}
	if y0 == y1 {
		half := max(math.Abs(y0)/2, 0.5)
		y0, y1 = y0-half, y1+half
	}
	a := axes{x0, x1, y0, y1}
	a.draw(&b)
	for i, c := range curves {
		a.curve(&b, c, colours[i%len(colours)])
	}
	b.WriteString("</svg>")
	return b.String()
}

// pageColour stands for the page's colour of text in a picture, which cannot know it: grey, readable on light and dark.
const pageColour = "#767676"

// picture makes a drawing an image. A notebook that was saved by somebody else is shown without its SVG elements, so the
// last state of a panel carries its charts as images.
func picture(svg, alt string) string {
	return fmt.Sprintf(`<img alt="%s" width="%d" height="%d" style="max-width:100%%;height:auto" src="%s"/>`, html.EscapeString(alt),
		chartWidth, chartHeight, dataURI("image/svg+xml", []byte(strings.ReplaceAll(svg, "currentColor", pageColour))))
}

// legend names the curves, each in its colour and with its newest value.
func legend(b *strings.Builder, names []string, curves []*curve) {
	fmt.Fprintf(b, `<text x="%d" y="12">`, marginLeft)
	for i, name := range names {
		fmt.Fprintf(b, `<tspan fill="%s" font-weight="bold">%s</tspan><tspan fill="currentColor" xml:space="preserve"> %.4g   </tspan>`,
			colours[i%len(colours)], html.EscapeString(name), curves[i].last)
	}
	b.WriteString("</text>")
}

// axes maps values to pixels.
type axes struct{ x0, x1, y0, y1 float64 }

func (a axes) px(x float64) float64 {
	return marginLeft + (x-a.x0)/(a.x1-a.x0)*(chartWidth-marginLeft-marginRight)
}

func (a axes) py(y float64) float64 {
	return chartHeight - marginBottom - (y-a.y0)/(a.y1-a.y0)*(chartHeight-marginTop-marginBottom)
}

func (a axes) draw(b *strings.Builder) {
	const left, right, bottom, top = marginLeft, chartWidth - marginRight, chartHeight - marginBottom, marginTop
	fmt.Fprintf(b, `<g stroke="currentColor" stroke-opacity=".2"><path d="M%d %dV%dH%d" fill="none" stroke-opacity=".6"/>`, left, top, bottom, right)
	values, step := ticks(a.y0, a.y1, 5)
	for _, v := range values {
		opacity := ""
		if v == 0 {
			opacity = ` stroke-opacity=".6"`
		}
		fmt.Fprintf(b, `<path d="M%d %.1fH%d"%s/>`, left, a.py(v), right, opacity)
	}
	b.WriteString(`</g><g fill="currentColor" text-anchor="end">`)
	for _, v := range values {
		fmt.Fprintf(b, `<text x="%d" y="%.1f">%s</text>`, left-5, a.py(v)+4, tickLabel(v, step))
	}
	b.WriteString(`</g><g fill="currentColor" text-anchor="middle">`)
	values, _ = ticks(a.x0, a.x1, 4)
	for _, v := range values {
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`, a.px(v), bottom+15, short(v))
	}
	fmt.Fprintf(b, `</g><text x="%d" y="%d" fill="currentColor" text-anchor="end">images</text>`, left-8, bottom+15)
}

func (a axes) curve(b *strings.Builder, c *curve, colour string) {
	var line, band strings.Builder
	for _, part := range c.segments() {
		var upper, lower []string
		for i, p := range part {
			x, y := a.px(p.x/float64(p.finite)), a.py(p.y/float64(p.finite))
			fmt.Fprintf(&line, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
			upper = append(upper, fmt.Sprintf("%.1f %.1f", x, a.py(p.high)))
			lower = append(lower, fmt.Sprintf("%.1f %.1f", x, a.py(p.low)))
		}
		if len(part) == 1 {
			line.WriteString("h0") // with a round cap: a dot
			continue
		}
		if c.perBucket > 1 {
			band.WriteString("M" + strings.Join(upper, "L"))
			for i := len(lower) - 1; i >= 0; i-- {
				band.WriteString("L" + lower[i])
			}
			band.WriteString("Z")
		}
	}
	if band.Len() > 0 {
		fmt.Fprintf(b, `<path d="%s" fill="%s" fill-opacity=".2"/>`, band.String(), colour)
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`, line.String(), colour)
}

// ticks returns the multiples of 1, 2 or 5 times a power of ten inside [low, high], about n of them, and their distance.
func ticks(low, high float64, n int) (values []float64, step float64) {
	step = math.Pow(10, math.Floor(math.Log10((high-low)/float64(n))))
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (high-low)/step <= float64(n+1) {
			break
		}
		step *= factor
	}
	const rounding = 1e-9 // of a step: the ends count as inside
	for i := math.Ceil(low/step - rounding); i <= high/step+rounding; i++ {
		values = append(values, i*step+0) // +0: no negative zero
	}
	return values, step
}

// tickLabel writes a value with the digits that tell it from its neighbours.
func tickLabel(v, step float64) string {
	if m := math.Abs(v); m >= 1e5 || step < 1e-4 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, -int(math.Floor(math.Log10(step)+1e-9))), 64)
}

// short writes a number of images: 800, 20k, 1.5M.
func short(v float64) string {
	switch {
	case math.Abs(v) >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case math.Abs(v) >= 1e3:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
