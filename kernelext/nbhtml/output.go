package nbhtml

import (
	"encoding/base64"
	"html"
	"net/http"
	"strings"

	"github.com/ganbook/ganbook/kernelext/internal/terminal"
)

// pictureTypes are shown before anything else, as the kernel drew them.
var pictureTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// output converts one output; "" when there is nothing to show.
func (p *page) output(o output) string {
	switch o.Type {
	case "stream":
		text := terminal.Fold(terminal.Plain(string(o.Text)))
		if text == "" {
			return ""
		}
		class := "stream"
		if o.Name == "stderr" {
			class = "stream stderr"
		}
		return pre(class, text)
	case "error":
		text := make([]string, len(o.Traceback))
		for i, t := range o.Traceback {
			text[i] = terminal.Plain(string(t))
		}
		all := strings.Join(text, "\n")
		if !strings.Contains(all, o.Evalue) || strings.TrimSpace(all) == "" {
			all = strings.TrimSpace(o.Ename + ": " + o.Evalue + "\n" + all)
		}
		return pre("failure", all)
	}
	return p.display(o.Data)
}

func pre(class, text string) string {
	return `<pre class="` + class + `">` + html.EscapeString(text) + "</pre>\n"
}

// display shows the best of the formats of an output.
func (p *page) display(data bundle) string {
	for _, mime := range pictureTypes {
		if uri, ok := dataURI(mime, data[mime]); ok {
			return `<div class="shown"><img alt="` + html.EscapeString(strings.TrimSpace(data["text/plain"])) + `" src="` + uri + `"></div>` + "\n"
		}
	}
	for _, mime := range []string{"image/svg+xml", "text/html"} {
		if clean := p.outputCleaner().clean(data[mime]); strings.Contains(clean, "<") || strings.TrimSpace(clean) != "" {
			class := "shown"
			if mime == "image/svg+xml" && !strings.Contains(clean, "currentColor") {
				class = "shown paper" // drawn for a white page
			}
			return `<div class="` + class + `">` + clean + "</div>\n"
		}
	}
	if text := data["text/markdown"]; text != "" {
		raw, _ := markdownHTML(text, p.used)
		return `<div class="shown prose">` + p.outputCleaner().clean(raw) + "</div>\n"
	}
	if tex := strings.Trim(strings.TrimSpace(data["text/latex"]), "$"); tex != "" {
		return `<div class="shown">` + formulaHTML(tex, true) + "</div>\n"
	}
	if text, ok := data["text/plain"]; ok {
		return pre("stream", terminal.Plain(text))
	}
	return `<p class="absent">[an output that only the running notebook can show]</p>` + "\n"
}

// dataURI makes a picture part of the page when it is what its type says.
func dataURI(mime, encoded string) (string, bool) {
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil || len(content) == 0 || http.DetectContentType(content) != mime {
		return "", false
	}
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(content), true
}
