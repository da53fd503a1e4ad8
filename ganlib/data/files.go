package data

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// PictureFiles lists the pictures that a path names: the file itself, or those of a folder and everything below it in
// the order of their names. It is empty for anything else, such as idx files, and for a folder that holds none.
func PictureFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", missing(path, err))
	}
	if !info.IsDir() {
		if isPicture(filepath.ToSlash(path)) {
			return []string{path}, nil
		}
		return nil, nil
	}
	entries, _, err := folderEntries(path)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, filepath.Join(path, filepath.FromSlash(e.name)))
	}
	return files, nil
}

// OpenPictures decodes pictures, in the order given, each made Size × Size with Channels as Open does; nothing is kept
// in the cache. Without a size all must have that of the first. An unreadable one is an error. The set has no labels.
func OpenPictures(ctx context.Context, files []string, o Options) (*Source, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("data: no picture to open")
	}
	var first picture
	var pixels []byte
	top := byte(0)
	for i, file := range files {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("data: stopped at %s: %w", file, context.Cause(ctx))
		}
		p, err := readPicture(entry{file, func() ([]byte, error) { return readLimited(file) }}, o)
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", file, err)
		}
		if i == 0 {
			first = p
		}
		if p.h != first.h || p.w != first.w {
			return nil, fmt.Errorf("data: %s has %d×%d pixels, %s %d×%d: state a size for all", file, p.w, p.h, files[0], first.w, first.h)
		}
		pixels, top = append(pixels, p.pix...), max(top, p.top)
	}
	if err := o.checkRange(files[0], len(files), top); err != nil {
		return nil, err
	}
	return New("pictures", pixels, first.h, first.w, first.c, nil)
}
