package nbhtml

import (
	"slices"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

func TestClean(t *testing.T) {
	const png = "data:image/png;base64,iVBORw0KGgo="
	for _, tc := range []struct{ name, in, want string }{
		{"text", `a < b & "c"`, `a &lt; b &amp; &#34;c&#34;`},
		{"structure", `<h2>T</h2><p>x<br>y <b>z</b></p><table><tr><td colspan="2">1</td></tr></table>`,
			`<h2>T</h2><p>x<br>y <b>z</b></p><table><tbody><tr><td colspan="2">1</td></tr></tbody></table>`},
		{"details stay", `<details open><summary>S</summary>x</details>`, `<details open=""><summary>S</summary>x</details>`},
		{"what is open is closed", `<div><b>x`, `<div><b>x</b></div>`},
		{"what is not open is not closed", `</div></section></body></html>x`, `x`},
		{"scripts", `a<script>alert(1)</script><SCRIPT src=//x></SCRIPT>b`, `ab`},
		{"styles of the page", `<style>body{display:none}</style>x`, `x`},
		{"frames and forms", `<iframe src=x>a</iframe><object data=x></object><embed src=x><form action=//x><button>go</button></form>`, `go`},
		{"what is loaded", `<link rel=stylesheet href=//x><base href=//x><meta http-equiv=refresh content="0;url=//x">x`, `x`},
		{"handlers", `<p onclick="x()" ONLOAD=y>z</p>`, `<p>z</p>`},
		{"links stay", `<a href="https://arxiv.org/abs/1" target=_blank ping=//x>p</a><a href="#top">t</a><a href="sub/a.html">s</a>`,
			`<a href="https://arxiv.org/abs/1">p</a><a href="#p-top">t</a><a href="sub/a.html">s</a>`},
		{"links that run", `<a href="javascript:x">1</a><a href=" JAVA&#10;SCRIPT:x">2</a><a href="data:text/html,x">3</a><a href="vbscript:x">4</a>`,
			`<a>1</a><a>2</a><a>3</a><a>4</a>`},
		{"pictures of the page", `<img src="` + png + `" alt="a" onerror=x>`, `<img src="` + png + `" alt="a">`},
		{"pictures from afar", `<img src="https://x.org/a.png" alt="plot"><img src=//x.org/b>`,
			`<span class="absent">[<a href="https://x.org/a.png">plot</a>: not part of this page]</span><span class="absent">[picture: not part of this page]</span>`},
		{"pictures by another way", `<img srcset="//x 1x" src="` + png + `"><picture><source srcset=//x></picture><video src=//x poster=//x></video>`,
			`<img src="` + png + `" alt="">`},
		{"styles", `<p style="color:red; background:url(https://x); position:fixed; width:calc(1px + 2px)">x</p>`, `<p style="color:red;width:calc(1px + 2px)">x</p>`},
		{"styles with tricks", `<p style="a:u\72l(//x);b:image-set('//x' 1x);c:/**/url(//x);behavior:url(#x);-moz-binding:url(#x);d:expression(1);@import '//x'">x</p>`, `<p>x</p>`},
		{"a quotation mark that stays open", `<p style="font-family:&quot;a;color:red">x</p>`, `<p style="color:red">x</p>`},
		{"classes of the page", `<p class="cell">x</p><span class="k">for</span>`, `<p>x</p><span class="k">for</span>`},
		{"ids once and with a prefix", `<p id="a">1</p><p id="a">2</p>`, `<p id="p-a">1</p><p>2</p>`},
		{"task lists", `<input type=checkbox checked><input type=text autofocus onfocus=x>`, `<input disabled type="checkbox" checked="">`},
		{"drawings", `<svg viewBox="0 0 1 1" onload=x><defs><clipPath id="c"><rect width="1"/></clipPath></defs><g clip-path="url(#c)"><use xlink:href="#c"/></g></svg>`,
			`<svg viewBox="0 0 1 1"><defs><clipPath id="p-c"><rect width="1"></rect></clipPath></defs><g clip-path="url(#p-c)"><use href="#p-c"></use></g></svg>`},
		{"drawings that load", `<svg><image href="https://x"/><use href="//x#a"/><rect fill="url(https://x#a)"/><script>x</script><style>@import '//x'</style><foreignObject><iframe src=x></iframe></foreignObject></svg>`,
			`<svg><image></image><use></use><rect></rect></svg>`},
		{"drawings that move", `<svg><circle><animate attributeName="cx" values="1;2" dur="1s"/><animate attributeName="href" values="javascript:x"/><set attributeName="onclick" to="x"/></circle></svg>`,
			`<svg><circle><animate attributeName="cx" values="1;2" dur="1s"></animate></circle></svg>`},
		{"HTML inside a drawing", `<svg><title><p>t</p></title><desc><img src=x onerror=y></desc></svg>`, `<svg><title>t</title><desc></desc></svg>`},
		{"formulas", `<math><mi>x</mi><mtext><script>x</script>t</mtext><maction actiontype="statusline" xlink:href="//x">u</maction></math>`,
			`<math><mi>x</mi><mtext>t</mtext>u</math>`},
		{"raw text that ends elsewhere", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, ``},
		{"comments", `<!--[if IE]><script>x</script><![endif]-->a<!-- b -->`, `a`},
		{"a first empty line", "<pre>\n\nx</pre>", "<pre>\n\nx</pre>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := cleaner{prefix: "p-", used: map[string]bool{}}.clean(tc.in)
			if tc.name == "raw text that ends elsewhere" {
				if problem := unsafe(got); problem != "" {
					t.Errorf("%s: %s", problem, got)
				}
				return
			}
			if got != tc.want {
				t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
			}
		})
	}
}

func TestCleanTooDeep(t *testing.T) {
	got := cleaner{used: map[string]bool{}}.clean(strings.Repeat("<div>", 600) + "<script>x</script>")
	if !strings.HasPrefix(got, "<pre>&lt;div&gt;") || unsafe(got) != "" {
		t.Errorf("%.100s", got)
	}
}

// unsafe looks at HTML as a browser would, with rules of its own, and names what would run, be fetched or reach out of
// the element that holds it.
func unsafe(text string) string {
	const open, end = `<!DOCTYPE html><html><head></head><body><section id="box-in-a-test">`, `</section><footer id="after-the-box"></footer></body></html>`
	doc, err := nethtml.Parse(strings.NewReader(open + text + end))
	if err != nil {
		return err.Error()
	}
	problem, after := "", 0
	for n := range doc.Descendants() {
		if n.Type == nethtml.CommentNode {
			problem = "a comment"
		}
		if n.Type != nethtml.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "style", "iframe", "frame", "object", "embed", "link", "base", "meta", "form", "foreignobject", "foreignObject",
			"video", "audio", "source", "template", "noscript", "xmp", "plaintext", "textarea"}, n.Data) {
			problem = "an element " + n.Data
		}
		for _, a := range n.Attr {
			v := strings.ToLower(strings.Map(func(r rune) rune {
				if r <= ' ' {
					return -1
				}
				return r
			}, a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "srcset", a.Key == "action", a.Key == "formaction", a.Key == "srcdoc", a.Key == "background", a.Key == "poster", a.Key == "ping":
				problem = "an attribute " + a.Key
			case a.Key == "src" && !strings.HasPrefix(v, "data:image/"):
				problem = "a source " + a.Val
			case a.Key == "href" && n.Data != "a" && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "data:image/"):
				problem = "a reference " + a.Val
			case a.Key == "href" && (strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "vbscript:") || n.Data == "a" && strings.HasPrefix(v, "data:")):
				problem = "a link " + a.Val
			case a.Key != "alt" && a.Key != "title" && a.Key != "href" && a.Key != "src" && !strings.HasPrefix(a.Key, "aria-") && strings.Contains(strings.ReplaceAll(v, "url(#", ""), "url("):
				problem = "an address in " + a.Key
			}
		}
		if n.Data == "footer" {
			if after++; n.Parent.Data != "body" {
				problem = "what follows is inside"
			}
		}
	}
	if after != 1 {
		problem = "what follows is gone"
	}
	return problem
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{`<b>x</b>`, `<svg><a xlink:href="javascript:x"><text>t`, `<math><mtext><table><mglyph><style><img src=x onerror=y>`,
		`<p style="background:url(&#34;//x">`, `<form><math><mtext></form><form><mglyph><svg><mtext><textarea><a title="</textarea><img src onerror=x>">`,
		`<table><td><p></table><a><div></a></div>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, "<pre>\n\nx", `<svg></p><style><a id="</style><img src=1 onerror=x>">`,
		`<a href="jav&#x09;ascript:x">`, `<img src=data:image/svg+xml,x><!--`, `</section></section><p>`, `<svg><title><section></svg></section>`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := cleaner{prefix: "p-", used: map[string]bool{}}
		if problem := unsafe(c.clean(text)); problem != "" {
			t.Errorf("%s in %q, made of %q", problem, cleaner{used: map[string]bool{}}.clean(text), text)
		}
	})
}
