package data

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Check is the state of one file of a set.
type Check struct {
	File string
	Err  error // nil: as published; wraps fs.ErrNotExist when it is missing
}

// Verify compares the files of a set in dir ("": DownloadDir) with the published checksums. Optional ones may be missing.
func Verify(set, dir string) ([]Check, error) {
	s, err := FindSet(set)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		if dir, err = DownloadDir(set); err != nil {
			return nil, err
		}
	}
	var list []Check
	for _, f := range s.Files {
		err := f.Verify(filepath.Join(dir, f.Name))
		if f.Optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			err = fmt.Errorf("data: %s: %w", set, err)
		}
		list = append(list, Check{f.Name, err})
	}
	return list, nil
}

// Verify says whether a file on disk is what was published; nil: it is.
func (f File) Verify(path string) error {
	sums, err := digestsOfFile(path)
	if err != nil {
		return err
	}
	if f.matches(sums) {
		return nil
	}
	if len(f.Members) > 0 && f.membersRight(path) {
		return nil
	}
	return fmt.Errorf("%s: md5 %s, published is %s", path, sums.md5, f.MD5)
}

func (f File) matches(sums digests) bool {
	if f.SHA256 != "" && sums.sha256 == f.SHA256 {
		return true
	}
	for _, m := range append([]string{f.MD5}, f.AlsoMD5...) {
		if m != "" && sums.md5 == m {
			return f.SHA256 == "" || m != f.MD5
		}
	}
	return false
}

func (f File) membersRight(path string) bool {
	var wanted []string
	for name := range f.Members {
		wanted = append(wanted, name)
	}
	members, err := tarMembers(path, wanted)
	for name, sum := range f.Members {
		if err != nil || md5Of(members[name]) != sum {
			return false
		}
	}
	return true
}
