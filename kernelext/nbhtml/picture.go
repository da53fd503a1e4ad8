package nbhtml

import (
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
)

// maxPicture is the largest file beside the notebook that is made part of the page, in bytes.
const maxPicture = 16 << 20

// picture finds a picture that a cell's text names: an attachment of the cell, or a file in the notebook's folder.
func (p *page) picture(c cell) func(source string) (string, bool) {
	return func(source string) (string, bool) {
		name, err := url.PathUnescape(source)
		if err != nil {
			return "", false
		}
		if attached, ok := strings.CutPrefix(name, "attachment:"); ok {
			for _, format := range pictureTypes {
				if uri, ok := dataURI(format, c.Attachments[attached][format]); ok {
					return uri, true
				}
			}
			svg := c.Attachments[attached]["image/svg+xml"]
			return svgURI([]byte(svg)), svg != ""
		}
		return p.file(name)
	}
}

// file reads a picture below the notebook's folder; nothing outside it becomes part of a page.
func (p *page) file(name string) (string, bool) {
	folder, err := os.OpenRoot(p.folder)
	if err != nil {
		return "", false
	}
	defer folder.Close()
	f, err := folder.Open(path.Clean(name))
	if err != nil {
		return "", false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	content, err := io.ReadAll(io.LimitReader(f, maxPicture+1))
	if err != nil || len(content) > maxPicture {
		return "", false
	}
	if mime.TypeByExtension(path.Ext(name)) == "image/svg+xml" || path.Ext(name) == ".svg" {
		return svgURI(content), strings.Contains(string(content), "<svg")
	}
	format := http.DetectContentType(content)
	return "data:" + format + ";base64," + base64.StdEncoding.EncodeToString(content), slices.Contains(pictureTypes, format)
}

func svgURI(content []byte) string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(content)
}
