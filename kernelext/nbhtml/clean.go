package nbhtml

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// cleaner writes HTML anew from what a browser would see in it, and keeps of that only what is on the lists: nothing
// that runs, nothing that is fetched when the page is opened, nothing that reaches out of its place. Links to follow
// stay.
type cleaner struct {
	prefix  string                                     // of ids and references to them, so that outputs do not mix them up
	used    map[string]bool                            // ids of the page: each is given once
	picture func(source string) (data string, ok bool) // a picture that is not in the text as a "data:" URI; nil: none
}

// clean returns balanced HTML.
func (c cleaner) clean(text string) string {
	body := &nethtml.Node{Type: nethtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := nethtml.ParseFragment(strings.NewReader(text), body)
	if err != nil { // nested too deeply
		return "<pre>" + html.EscapeString(text) + "</pre>"
	}
	var b strings.Builder
	for _, n := range nodes {
		c.write(&b, n)
	}
	return b.String()
}

func (c cleaner) write(b *strings.Builder, n *nethtml.Node) {
	switch n.Type {
	case nethtml.TextNode:
		b.WriteString(html.EscapeString(n.Data))
		return
	case nethtml.ElementNode:
	default:
		return // comments and the like
	}
	list := elements[n.Namespace]
	if dropped[strings.ToLower(n.Data)] && !list[n.Data] { // what is in them is no text, or read by rules of its own
		return
	}
	if !list[n.Data] || n.Parent != nil && n.Parent.Type == nethtml.ElementNode && n.Parent.Namespace != "" && n.Namespace != n.Parent.Namespace {
		c.children(b, n) // the text of what is not known stays
		return
	}
	switch {
	case n.Namespace == "" && n.Data == "img":
		c.image(b, n)
		return
	case n.Data == "input" && !strings.EqualFold(value(n, "type"), "checkbox"), animations[n.Data] && !animated[value(n, "attributeName")]:
		return
	}
	b.WriteString("<" + n.Data)
	if n.Data == "input" {
		b.WriteString(" disabled")
	}
	c.attributes(b, n)
	b.WriteString(">")
	if n.Namespace == "" && void[n.Data] {
		return
	}
	if n.Data == "pre" && n.FirstChild != nil && strings.HasPrefix(n.FirstChild.Data, "\n") {
		b.WriteString("\n") // the first line end of a pre is not shown
	}
	c.children(b, n)
	b.WriteString("</" + n.Data + ">")
}

func (c cleaner) children(b *strings.Builder, n *nethtml.Node) {
	for child := range n.ChildNodes() {
		c.write(b, child)
	}
}

func value(n *nethtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// image writes a picture that is part of the page, or a note where it would have to be fetched.
func (c cleaner) image(b *strings.Builder, n *nethtml.Node) {
	source := strings.TrimSpace(value(n, "src"))
	data, ok := source, pictureData.MatchString(source)
	if !ok && c.picture != nil {
		data, ok = c.picture(source)
	}
	if !ok {
		name := html.EscapeString(value(n, "alt"))
		if name == "" {
			name = "picture"
		}
		if u, err := url.Parse(source); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			name = `<a href="` + html.EscapeString(source) + `">` + name + `</a>`
		}
		b.WriteString(`<span class="absent">[` + name + `: not part of this page]</span>`)
		return
	}
	b.WriteString(`<img src="` + html.EscapeString(data) + `"`)
	if value(n, "alt") == "" {
		b.WriteString(` alt=""`)
	}
	c.attributes(b, n)
	b.WriteString(">")
}

// pictureData are the formats that browsers draw in an img; an SVG is then drawn without scripts and without network.
var pictureData = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp|avif|bmp|svg\+xml)[;,]`)

func (c cleaner) attributes(b *strings.Builder, n *nethtml.Node) {
	seen := map[string]bool{}
	for _, a := range n.Attr {
		name := a.Key
		if a.Namespace == "xml" {
			name = "xml:" + name
		}
		if v, ok := c.attribute(n, name, a.Val); ok && !seen[name] {
			seen[name] = true
			b.WriteString(" " + name + `="` + html.EscapeString(v) + `"`)
		}
	}
}

// attribute says whether an attribute is kept, and with which value.
func (c cleaner) attribute(n *nethtml.Node, name, v string) (string, bool) {
	switch name {
	case "id":
		if id := c.prefix + v; v != "" && !strings.ContainsAny(v, " \t\r\n\f") && !c.used[id] {
			c.used[id] = true
			return id, true
		}
		return "", false
	case "class":
		return v, ours[v]
	case "style":
		v = c.style(v)
		return v, v != ""
	case "href":
		return c.reference(n, v)
	case "aria-labelledby", "aria-describedby", "for":
		return c.prefix + v, !strings.ContainsAny(v, " \t\r\n\f")
	}
	lower := strings.ToLower(name)
	switch {
	case n.Namespace == "svg" && drawing[name]:
		return c.paint(v)
	case n.Namespace == "math" && formulas[name], n.Namespace == "" && attributes[name]:
		return v, true
	}
	return v, strings.HasPrefix(lower, "aria-") && plainName.MatchString(lower)
}

var plainName = regexp.MustCompile(`^[a-z-]+$`)

// reference keeps links to follow, and inside drawings those to their own parts.
func (c cleaner) reference(n *nethtml.Node, v string) (string, bool) {
	v = strings.TrimSpace(v)
	local, isLocal := strings.CutPrefix(v, "#")
	switch {
	case n.Namespace == "svg" && n.Data == "image":
		return v, pictureData.MatchString(v)
	case n.Namespace != "":
		return "#" + c.prefix + local, isLocal && local != ""
	case n.Data != "a":
		return "", false
	case isLocal:
		return "#" + c.prefix + local, true
	}
	u, err := url.Parse(v)
	if err != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https", "mailto":
		return v, true
	}
	return v, u.Scheme == "" && !strings.Contains(strings.SplitN(v, "/", 2)[0], ":")
}

// paint is an attribute of a drawing; one that refers to something refers to a part of the drawing.
func (c cleaner) paint(v string) (string, bool) {
	if strings.ContainsAny(v, `\<`) || strings.Contains(v, "/*") {
		return "", false
	}
	v = localURL.ReplaceAllString(v, "url(#"+strings.ReplaceAll(c.prefix, "$", "$$")+"$1)")
	for _, f := range functionCall.FindAllStringSubmatch(v, -1) {
		if name := strings.ToLower(f[1]); name == "url" && !strings.HasPrefix(f[2], "#") || !cssFunctions[name] {
			return "", false
		}
	}
	return v, true
}

var (
	localURL     = regexp.MustCompile(`(?i)url\(\s*["']?#([^"')\s]+)["']?\s*\)`)
	functionCall = regexp.MustCompile(`([\w-]*)\(\s*(#?)`)
	property     = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// style keeps the declarations that set how something looks in its place.
func (c cleaner) style(v string) string {
	var kept []string
	for declaration := range strings.SplitSeq(v, ";") {
		name, what, ok := strings.Cut(declaration, ":")
		name, what = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(what)
		if !ok || !property.MatchString(name) || strings.ContainsAny(what, "@{}") || what == "" ||
			strings.Count(what, `"`)%2+strings.Count(what, "'")%2 > 0 {
			continue
		}
		if name == "behavior" || strings.HasPrefix(name, "-") || name == "position" && !strings.EqualFold(what, "relative") {
			continue
		}
		if what, ok := c.paint(what); ok {
			kept = append(kept, name+":"+what)
		}
	}
	return strings.Join(kept, ";")
}
