package nbhtml

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

func writeFile(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// notebookOf makes a notebook of cells given as JSON.
func notebookOf(cells ...string) string {
	return `{"nbformat":4,"nbformat_minor":5,"metadata":{"language_info":{"name":"go"}},"cells":[` + strings.Join(cells, ",") + `]}`
}

func markdownCell(t *testing.T, source string) string {
	text, err := json.Marshal(map[string]any{"cell_type": "markdown", "metadata": map[string]any{}, "source": source})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func codeCell(source, outputs string) string {
	return `{"cell_type":"code","metadata":{},"execution_count":3,"source":` + source + `,"outputs":[` + outputs + `]}`
}

func shown(data string) string {
	return `{"output_type":"display_data","metadata":{},"data":{` + data + `}}`
}

func convert(t *testing.T, notebook string) string {
	t.Helper()
	text, err := Convert(writeFile(t, filepath.Join(t.TempDir(), "n.ipynb"), notebook))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func picture(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestOutputs(t *testing.T) {
	p := picture(t)
	for _, tc := range []struct{ name, output, want string }{
		{"stdout", `{"output_type":"stream","name":"stdout","text":["1/2\r2/2\n","<b>\u001b[31mred\u001b[0m\n"]}`, "<pre class=\"stream\">2/2\n&lt;b&gt;red\n</pre>"},
		{"stderr", `{"output_type":"stream","name":"stderr","text":"oh"}`, `<pre class="stream stderr">oh</pre>`},
		{"an error", `{"output_type":"error","ename":"E","evalue":"boom","traceback":["\u001b[1mE\u001b[0m: boom","line 2"]}`, "<pre class=\"failure\">E: boom\nline 2</pre>"},
		{"an error without traceback", `{"output_type":"error","ename":"E","evalue":"boom","traceback":[]}`, `<pre class="failure">E: boom</pre>`},
		{"a picture", shown(`"text/plain":"a face","image/png":"` + p[:20] + `\n` + p[20:] + `\n"`), `<img alt="a face" src="data:image/png;base64,` + p + `">`},
		{"a picture is better than HTML", shown(`"text/html":"<script>x</script>","image/png":"` + p + `"`), `<img alt="" src="data:image/png;base64,` + p + `">`},
		{"a picture that is none", shown(`"text/plain":"x","image/png":"PHNjcmlwdD4="`), `<pre class="stream">x</pre>`},
		{"a damaged picture", shown(`"text/plain":"x","image/png":"%%"`), `<pre class="stream">x</pre>`},
		{"a drawing", shown(`"image/svg+xml":["<svg onload='x'>","<path id='a'/></svg>"]`), `<div class="shown paper"><svg><path id="output-1-a"></path></svg></div>`},
		{"a drawing in the page's colour", shown(`"image/svg+xml":"<svg><text fill='currentColor'>x</text></svg>"`), `<div class="shown"><svg>`},
		{"HTML", shown(`"text/html":"<table><tr><td onclick=x>1</table>","text/plain":"1"`), `<div class="shown"><table><tbody><tr><td>1</td></tr></tbody></table></div>`},
		{"HTML that is only a script", shown(`"text/html":"<script>x</script>","text/plain":"instead"`), `<pre class="stream">instead</pre>`},
		{"Markdown", shown(`"text/markdown":"**x** $y$"`), `<div class="shown prose"><p><strong>x</strong> <math><mi>y</mi></math></p>`},
		{"a formula", shown(`"text/latex":"$\\displaystyle x$"`), `<math display="block"><mi>x</mi></math>`},
		{"an unknown format", shown(`"application/json":{"a":1}`), `only the running notebook can show`},
		{"a result", `{"output_type":"execute_result","execution_count":3,"metadata":{},"data":{"text/plain":"3 < 4"}}`, `<pre class="stream">3 &lt; 4</pre>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if text := convert(t, notebookOf(codeCell(`"x"`, tc.output))); !strings.Contains(text, tc.want) {
				_, outputs, _ := strings.Cut(text, "<main>")
				t.Errorf("%s\nwant %s", outputs, tc.want)
			}
		})
	}
}

func TestPage(t *testing.T) {
	folder := t.TempDir()
	p := picture(t)
	content, err := base64.StdEncoding.DecodeString(p)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(folder, "local picture.png"), string(content))
	writeFile(t, filepath.Join(folder, "drawing.svg"), "<svg/>")
	writeFile(t, filepath.Join(folder, "secret.txt"), "secret")
	inner := filepath.Join(folder, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	attached := `{"cell_type":"markdown","metadata":{},"source":"# One &lt;title&gt;\n![A](attachment:a%20b.png) ![L](local%20picture.png) ![D](drawing.svg) ![S](secret.txt) ![U](../x.png) ![R](https://x.org/r.png)","attachments":{"a b.png":{"image/png":"` + p + `"}}}`
	hidden := `{"cell_type":"code","metadata":{"jupyter":{"source_hidden":true,"outputs_hidden":true}},"execution_count":null,"source":"x","outputs":[{"output_type":"stream","name":"stdout","text":"y"}]}`
	notebook := notebookOf(attached, markdownCell(t, "## Two\n\n### Three\n\n#### Four\n\n## Two"), hidden, codeCell(`["%%\n","f()\n"]`, ""), codeCell(`""`, ""),
		`{"cell_type":"raw","metadata":{},"source":"raw <x>"}`)
	text, err := Convert(writeFile(t, filepath.Join(folder, "n.ko.ipynb"), notebook))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<html lang="ko">`, `<title>One &lt;title&gt;</title>`, `<img src="data:image/png;base64,` + p + `" alt="A">`, `<img src="data:image/png;base64,` + p + `" alt="L">`,
		`<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="D">`, `[S: not part of this page]`, `[U: not part of this page]`, `[<a href="https://x.org/r.png">R</a>: not part`,
		`<li class="level2"><a href="#Two">Two</a></li>`, `<li class="level3"><a href="#Three">Three</a></li>`, `<li class="level2"><a href="#Two-2">Two</a></li>`,
		`<h2 id="Two-2">Two</h2>`, `<details><summary>Code</summary>`, `<details><summary>Output</summary>`, `<span class="prompt">[ ]</span>`, `<span class="prompt">[3]</span>`,
		`raw &lt;x&gt;`, `prefers-color-scheme: dark`, `@media print`, `default-src 'none'`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{`href="#Four"`, "c2VjcmV0", "<script"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
	if again, err := Convert(filepath.Join(folder, "n.ko.ipynb")); err != nil || !bytes.Equal(again, text) {
		t.Errorf("a second export differs, %v", err)
	}
	// A picture outside the notebook's folder is not read.
	outside := writeFile(t, filepath.Join(inner, "n.ipynb"), notebookOf(markdownCell(t, "![x](../drawing.svg) ![y]("+folder+"/drawing.svg)")))
	if text, err := Convert(outside); err != nil || strings.Contains(string(text), "<img") {
		t.Errorf("a picture from outside the folder is in the page, %v", err)
	}
}

// The notebook of the lecture as a page: complete, well formed, and nothing in it runs or is fetched.
func TestTheLecture(t *testing.T) {
	const file = "../../notebooks/01-dcgan.ipynb"
	text, err := Convert(file)
	if err != nil {
		t.Fatal(err)
	}
	nb, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	cells, outputs := 0, 0
	for _, c := range nb.cells {
		if c.Type == "code" && *c.Source != "" {
			cells++
		}
		if len(c.Outputs) > 0 {
			outputs++
		}
	}
	if got := bytes.Count(text, []byte(`<span class="prompt">`)); got != cells {
		t.Errorf("%d prompts, want %d", got, cells)
	}
	if got := bytes.Count(text, []byte(`<div class="outputs">`)); got != outputs {
		t.Errorf("%d cells with outputs, want %d", got, outputs)
	}
	_, body, _ := strings.Cut(string(text), "<body>")
	if problem := unsafe(strings.TrimSuffix(body, "</body>\n</html>\n")); problem != "" {
		t.Errorf("the page has %s", problem)
	}
	if bytes.Contains(text, []byte(`class="absent"`)) || bytes.Contains(text, []byte(`class="formula"`)) {
		t.Error("something of the lecture is not in the page, or a formula is shown as its source")
	}
	checkNesting(t, text)
}

// checkNesting: every start tag has its end tag, in order, and no id is given twice.
func checkNesting(t *testing.T, text []byte) {
	t.Helper()
	var open []string
	ids := map[string]bool{}
	for z := nethtml.NewTokenizer(bytes.NewReader(text)); ; {
		kind := z.Next()
		token := z.Token()
		switch kind {
		case nethtml.ErrorToken:
			if len(open) > 0 {
				t.Errorf("not closed: %v", open)
			}
			return
		case nethtml.StartTagToken:
			for _, a := range token.Attr {
				if a.Key == "id" && ids[a.Val] {
					t.Errorf("the id %q is given twice", a.Val)
				} else if a.Key == "id" {
					ids[a.Val] = true
				}
			}
			if !void[token.Data] && token.Data != "meta" {
				open = append(open, token.Data)
			}
		case nethtml.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> inside %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func TestDamagedNotebooks(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "not a notebook"},
		{"HTML", "<html>", "saved by Jupyter"},
		{"cut off", notebookOf(codeCell(`"x"`, ""))[:60], "not a notebook"},
		{"another JSON", `{"a":1}`, "nbformat is missing"},
		{"a list", `[]`, "not a notebook"},
		{"format 3", `{"nbformat":3,"worksheets":[]}`, "nbformat is 3"},
		{"no cells", `{"nbformat":4}`, "no list of cells"},
		{"cells of another kind", `{"nbformat":4,"cells":{}}`, "damaged"},
		{"a cell that is none", notebookOf(codeCell(`"x"`, ""), "7"), "cell 2"},
		{"a cell of no type", notebookOf(`{"source":"x"}`), `cell 1: cell_type is ""`},
		{"a cell without source", notebookOf(`{"cell_type":"markdown"}`), "cell 1: it has no source"},
		{"a source of numbers", notebookOf(`{"cell_type":"markdown","source":[1]}`), "neither a string nor a list"},
		{"outputs that are none", notebookOf(`{"cell_type":"code","source":"x","outputs":[{"data":"x"}]}`), "cell 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := t.TempDir()
			file := writeFile(t, filepath.Join(folder, "n.ipynb"), tc.text)
			_, err := Export(file, "")
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v, want an error with %q and the file", err, tc.want)
			}
			if list, _ := os.ReadDir(folder); len(list) != 1 {
				t.Errorf("it left %v", list)
			}
		})
	}
	huge := filepath.Join(t.TempDir(), "n.ipynb")
	writeFile(t, huge, "")
	if err := os.Truncate(huge, maxNotebook+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(huge, ""); err == nil || !strings.Contains(err.Error(), "clear outputs") {
		t.Errorf("a huge notebook: %v", err)
	}
	if _, err := Export(huge+"x", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent notebook: %v", err)
	}
}

func TestWhereThePageGoes(t *testing.T) {
	folder := t.TempDir()
	file := writeFile(t, filepath.Join(folder, "n.ipynb"), notebookOf())
	other := writeFile(t, filepath.Join(folder, "plain"), notebookOf())
	for output, want := range map[string]string{
		"": filepath.Join(folder, "n.html"), folder: filepath.Join(folder, "n.html"), filepath.Join(folder, "p.html"): filepath.Join(folder, "p.html"),
		filepath.Join(folder, "new") + "/": filepath.Join(folder, "new", "n.html"),
	} {
		written, err := Export(file, output)
		if err != nil || written != want {
			t.Errorf("--output %q: %s, %v, want %s", output, written, err, want)
		}
		if info, err := os.Stat(want); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("--output %q: %v, %v", output, info, err)
		}
	}
	for _, tc := range []struct{ file, output, want string }{
		{file, file, "name of a notebook"}, {file, filepath.Join(folder, "other.ipynb"), "name of a notebook"}, {other, other, "over itself"},
		{file, filepath.Join(file, "x.html"), "not a directory"},
	} {
		if _, err := Export(tc.file, tc.output); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s to %s: %v, want %q", tc.file, tc.output, err, tc.want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != notebookOf() {
		t.Errorf("the notebook is %q now, %v", text, err)
	}
}
