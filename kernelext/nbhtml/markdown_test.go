package nbhtml

import (
	"reflect"
	"strings"
	"testing"
)

// prose converts Markdown as a page does.
func prose(source string) string {
	used := map[string]bool{}
	raw, _ := markdownHTML(source, used)
	return strings.TrimSpace(cleaner{used: used}.clean(raw))
}

func TestMarkdown(t *testing.T) {
	const x = `<math><mi>x</mi></math>`
	const xBlock = `<math display="block"><mi>x</mi></math>`
	for _, tc := range []struct{ name, in, want string }{
		{"a formula", `a $x$ b`, `<p>a ` + x + ` b</p>`},
		{"two formulas", `$x$ and $x$.`, `<p>` + x + ` and ` + x + `.</p>`},
		{"next to punctuation", `($x$), "$x$"`, `<p>(` + x + `), &#34;` + x + `&#34;</p>`},
		{"emphasis does not reach in", `$a_1$ and $b_1$`, `<p><math><msub><mi>a</mi><mn>1</mn></msub></math> and <math><msub><mi>b</mi><mn>1</mn></msub></math></p>`},
		{"over two lines", "$a\nb$", `<p><math><mrow><mi>a</mi><mi>b</mi></mrow></math></p>`},
		{"money", `It costs $5 or $10.`, `<p>It costs $5 or $10.</p>`},
		{"money, one word each", `$5-$10, US$20 and CA$30`, `<p>$5-$10, US$20 and CA$30</p>`},
		{"one dollar", `only $x`, `<p>only $x</p>`},
		{"escaped", `\$x\$ and $x$`, `<p>$x$ and ` + x + `</p>`},
		{"in code", "`$x$` and $x$ and `$`", `<p><code>$x$</code> and ` + x + ` and <code>$</code></p>`},
		{"money before code", "$5 for `a$ b`", `<p>$5 for <code>a$ b</code></p>`},
		{"in a fence", "```\n$x$\n$$\n```", "<pre><code>$x$\n$$\n</code></pre>"},
		{"a block", "$$x$$", `<p>` + xBlock + `</p>`},
		{"a block of lines", "text\n$$\nx\n$$\nmore", "<p>text</p>\n<p>" + xBlock + "</p>\n<p>more</p>"},
		{"a block that looks like Markdown", "$$\na\n- b\n= c\n$$", `<p><math display="block"><mrow><mi>a</mi><mo>−</mo><mi>b</mi><mo>=</mo><mi>c</mi></mrow></math></p>`},
		{"a block in a list", "- a\n\n  $$x$$", "<ul>\n<li>\n<p>a</p>\n<p>" + xBlock + "</p>\n</li>\n</ul>"},
		{"a block in a line", "a $$x$$ b", `<p>a ` + xBlock + ` b</p>`},
		{"two blocks in a line", "$$x$$ and $$x$$", `<p>` + xBlock + ` and ` + xBlock + `</p>`},
		{"a block without an end", "$$\n\\unknown", "<p><code class=\"formula\">$$\\unknown$$</code></p>"},
		{"outside the subset", `$\unknown<1$`, `<p><code class="formula">$\unknown&lt;1$</code></p>`},
		{"in a table", "| a |\n|--:|\n| $x$ |", "<table>\n<thead>\n<tr>\n<th style=\"text-align:right\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td style=\"text-align:right\">" + x + "</td>\n</tr>\n</tbody>\n</table>"},
		{"details", "<details><summary>S</summary>\n\n**x**\n\n</details>\n\nafter", "<details><summary>S</summary>\n<p><strong>x</strong></p>\n</details>\n<p>after</p>"},
		{"code in Go", "```go\nfunc f() {}\n```", `<pre><code><span class="k">func</span> <span class="f">f</span>() {}` + "\n</code></pre>"},
		{"code in no language", "```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"},
		{"a script", "a\n\n<script>\nalert(1)\n</script>\n\nb <img src=x onerror=y>", "<p>a</p>\n\n<p>b <span class=\"absent\">[picture: not part of this page]</span></p>"},
		{"a link that runs", `[x](javascript:y)`, `<p><a>x</a></p>`},
		{"an address", `see https://arxiv.org/abs/1`, `<p>see <a href="https://arxiv.org/abs/1">https://arxiv.org/abs/1</a></p>`},
		{"a link inside", "# Two words\n\n[x](#Two-words)", "<h1 id=\"Two-words\">Two words</h1>\n<p><a href=\"#Two-words\">x</a></p>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := prose(tc.in); got != tc.want {
				t.Errorf("%q\n got %s\nwant %s", tc.in, got, tc.want)
			}
		})
	}
}

func TestHeadings(t *testing.T) {
	used := map[string]bool{"Loss": true}
	_, got := markdownHTML("# The *game* of $G$ &amp; `D`\n\n## Loss\n\nLoss\n----\n\n##\n", used)
	want := []heading{{1, "The-game-of-G-&-D", "The game of G & D"}, {2, "Loss-2", "Loss"}, {2, "Loss-3", "Loss"}, {2, "section", ""}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestCellCode(t *testing.T) {
	for in, want := range map[string]string{
		"%%\nx := 1":        "<span class=\"m\">%%</span>\nx := <span class=\"n\">1</span>",
		"!ls <x>":           `<span class="m">!ls &lt;x&gt;</span>`,
		"// a <b>":          `<span class="c">// a &lt;b&gt;</span>`,
		"s := `%d` + \"b\"": "s := <span class=\"s\">`%d`</span> + <span class=\"s\">&#34;b&#34;</span>",
		"":                  "",
		"\xff":              "\uFFFD",
	} {
		if got := cellCode(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Whatever the text, a formula is one <math> element or an error, and the page around it stays whole.
func FuzzFormula(f *testing.F) {
	for _, seed := range []string{`x_1^2`, `\frac{a}{b}`, `\left(\begin{cases}1&2\\3\end{cases}\right.`, `\text{<b>}`, `\mathbb{<}`, `\operatorname{a"b}`, `\%\&\<`, `{{}`, "$$\n$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		if xml, err := mathML(tex, true); err == nil {
			if !strings.HasPrefix(xml, "<math") || strings.Count(xml, "<math") != 1 || !strings.HasSuffix(xml, "</math>") {
				t.Errorf("%q became %s", tex, xml)
			}
			if again := (cleaner{used: map[string]bool{}}).clean(xml); strings.Count(again, "<") != strings.Count(xml, "<") {
				t.Errorf("%q became %s, of which the cleaner keeps %s", tex, xml, again)
			}
		}
		if problem := unsafe(prose("$" + tex + "$ $$" + tex + "$$\n\n$$\n" + tex + "\n$$\n")); problem != "" {
			t.Errorf("%q: %s", tex, problem)
		}
	})
}
