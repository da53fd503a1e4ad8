package data

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// folderInput is a folder of pictures with everything below it.
func folderInput(dir string, depth int, o Options) (*input, error) {
	entries, files, err := folderEntries(dir)
	if err != nil {
		return nil, err
	}
	in := &input{kind: "pictures", name: pictureSetName(dir), files: files}
	in.write = func(ctx context.Context, w *preparedWriter) error {
		w.Found = fmt.Sprintf("%s pictures in %s", thousands(len(entries)), dir)
		if depth > 0 {
			w.Found += " and the folders below"
		}
		err := writePictures(ctx, w, dir, entries, o)
		w.noteCelebA(dir, entries)
		return err
	}
	return in, nil
}

// zipInput is an archive of pictures.
func zipInput(file string, info os.FileInfo, o Options) *input {
	in := &input{kind: "pictures", name: pictureSetName(file), files: []stamp{stampOf(file, info)}}
	in.write = func(ctx context.Context, w *preparedWriter) error {
		r, err := openZip(file)
		if err != nil {
			return err
		}
		defer r.Close()
		entries, err := zipEntries(file, &r.Reader, info.Size())
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			var inside []string
			for _, f := range r.File {
				inside = append(inside, f.Name)
			}
			return fmt.Errorf("%s: an archive without pictures; it holds %s", file, inWords(0, inside))
		}
		w.Found = fmt.Sprintf("%s pictures in %s", thousands(len(entries)), file)
		if err := writePictures(ctx, w, file, entries, o); err != nil {
			return err
		}
		if w.noteCelebA(file, entries); info.Size() == celebaZip.Bytes {
			sums, err := digestsOfFile(file)
			if err != nil {
				return err
			}
			if w.Official = sums.md5 == celebaZip.MD5; w.Official {
				w.Note = ""
			}
		}
		return nil
	}
	return in
}

// pictureSetName is the name of a folder or archive; the official names of CelebA's images mean CelebA.
func pictureSetName(path string) string {
	name := nameOfSet("", path)
	name = strings.TrimSuffix(name, ".zip")
	if name == "img_align_celeba" {
		return "celeba"
	}
	return name
}

var celebaNumber = regexp.MustCompile(`(^|/)\d{6}\.(jpg|png)$`)

const celebaImages = 202_599

// noteCelebA says which part of CelebA a place holds, when path and file names say that it is CelebA.
func (w *preparedWriter) noteCelebA(place string, entries []entry) {
	absolute, _ := filepath.Abs(place)
	if !strings.Contains(strings.ToLower(absolute), "celeba") {
		return
	}
	for _, e := range entries {
		if !celebaNumber.MatchString(e.name) {
			return
		}
	}
	if w.Note = "CelebA, checksum not known"; w.Images != celebaImages {
		w.Note = thousands(w.Images) + "-image CelebA subset"
	}
}

// thousands writes 20000 as 20,000.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func joinNotes(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}
