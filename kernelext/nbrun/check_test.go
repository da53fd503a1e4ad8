package nbrun

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// one makes a notebook with a single code cell that was run.
func one(source, outputs string) string {
	return fmt.Sprintf(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"code","id":"a","metadata":{},"execution_count":1,"source":%q,"outputs":[%s]}]}`, source, outputs)
}

func html(text string) string {
	return fmt.Sprintf(`{"output_type":"display_data","metadata":{},"data":{"text/html":[%q]}}`, text)
}

func TestCheck(t *testing.T) {
	const ok = `{"output_type":"stream","name":"stdout","text":["hi\n"]}`
	markdown := func(text string) string {
		return fmt.Sprintf(`{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"markdown","id":"a","metadata":{},"source":[%q]}]}`, text)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"good", one("%%\nfmt.Println()", ok), ""},
		{"declarations need no output", one("import \"fmt\"\nfunc f() {}", ""), ""},
		{"picture in the page, link to follow", one("%%", html(`<img src="data:image/png;base64,AA"><svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg><a href="https://arxiv.org/abs/1511.06434">paper</a>`)), ""},
		{"no output", one("%%\nx()", ""), "no output"},
		{"no output of a command", one("!ls", ""), "no output"},
		{"not run", strings.Replace(one("%%", ok), `"execution_count":1`, `"execution_count":null`, 1), "execution count"},
		{"out of order", strings.Replace(one("%%", ok), `"execution_count":1`, `"execution_count":4`, 1), "execution count 4, want 1"},
		{"edited", strings.Replace(one("%%", ok), `"metadata":{},"exec`, `"metadata":{"ganbook":{"ran":"0123"}},"exec`, 1), "edited after"},
		{"error", one("%%", `{"output_type":"error","ename":"ERROR","evalue":"boom","traceback":[]}`), "boom"},
		{"script", one("%%", html(`<script>1</script>`)), "<script"},
		{"script from afar", one("%%", html(`<SCRIPT src="https://cdn.plot.ly/x.js">`)), "script"},
		{"image from afar", one("%%", html(`<img alt=x src='https://example.org/a.png'>`)), "example.org"},
		{"image of the same scheme", one("%%", html(`<img src=//example.org/a.png>`)), "example.org"},
		{"style from afar", one("%%", html(`<div style="background:url(https://example.org/b)">`)), "example.org"},
		{"handler", one("%%", html(`<img src="x" onerror="alert(1)">`)), "onerror"},
		{"another handler", one("%%", html(`<details ontoggle=x>`)), "ontoggle"},
		{"handlers in text", markdown("write `on = x` or once = 1"), ""},
		{"a link that runs", one("%%", html(`<a href="javascript:x()">`)), "javascript:"},
		{"one of several pictures", one("%%", html(`<img src="data:image/png;base64,AA" srcset="a.png 1x, https://x.org/b.png 2x">`)), "x.org"},
		{"a page that leads away", one("%%", html(`<meta http-equiv="refresh" content="0;url=https://x.org">`)), "<meta"},
		{"markdown output with a remote image", one("%%", `{"output_type":"display_data","metadata":{},"data":{"text/markdown":["![a](https://x.org/a.png)"]}}`), "x.org"},
		{"svg image", one("%%", `{"output_type":"display_data","metadata":{},"data":{"image/svg+xml":["<svg><image href=\"http://x.org/i\"/></svg>"]}}`), "x.org"},
		{"javascript", one("%%", `{"output_type":"display_data","metadata":{},"data":{"application/javascript":["1"]}}`), "javascript"},
		{"output of no kind", one("%%", `7`), "no object"},
		{"markdown", markdown("# Title\n$x^2$ [paper](https://arxiv.org)"), ""},
		{"markdown with a remote image", markdown("![G](https://example.org/g.png)"), "example.org"},
		{"too large", one("%%", html(strings.Repeat("x", MaxSize))), "at most 1500000"},
		{"not JSON", "<html>", "not a notebook"},
		{"old format", `{"nbformat":3}`, "format 4"},
		{"no cells", `{"nbformat":4}`, "no list of cells"},
		{"a cell that is none", `{"nbformat":4,"cells":[1]}`, "cell 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "n.ipynb")
			if err := os.WriteFile(file, []byte(tc.text), 0o644); err != nil {
				t.Fatal(err)
			}
			err := Check(file)
			if tc.want == "" && err != nil {
				t.Fatal(err)
			}
			if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), file)) {
				t.Fatalf("%v, want an error with %q and the file", err, tc.want)
			}
		})
	}
}

// What is not ours in a notebook survives reading and writing; outputs are written as Jupyter writes them.
func TestSaveKeepsWhatItDoesNotKnow(t *testing.T) {
	nb, err := parse([]byte(`{"nbformat":4,"nbformat_minor":4,"metadata":{"x":{"y":1.50}},"cells":[
		{"cell_type":"markdown","source":"a < b & c","attachments":{"p.png":{"image/png":"AA"}}},
		{"cell_type":"code","source":["%%\n","f()"],"metadata":{"tags":["t"]},"outputs":[],"execution_count":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	nb.cells[1].setOutputs([]output{
		{"output_type": "stream", "name": "stdout", "text": "1\n2"},
		{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{"image/png": "QUJD", "text/html": "<b>\nx"}},
	}, 3)
	nb.cells[1].ran()
	file := filepath.Join(t.TempDir(), "n.ipynb")
	if err := nb.save(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"y": 1.50`, `"a < b & c"`, `"attachments"`, `"tags"`, `"nbformat_minor": 5`, `"execution_count": 3`,
		"[\n      \"1\\n\",\n      \"2\"\n     ]", `"image/png": "QUJD"`, `"<b>\n",`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("saved notebook lacks %s:\n%s", want, text)
		}
	}
	if n := strings.Count(string(text), `"id": "`); n != 2 {
		t.Errorf("%d cells have ids, want 2 (nbformat 4.5)", n)
	}
}
