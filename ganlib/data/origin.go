package data

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// published is a file of a set that somebody published; without a set it is none.
type published struct{ set, name string }

// fileWith is the published file with an MD5.
func fileWith(md5 string) published {
	for _, s := range sets {
		for _, f := range s.Files {
			if md5 == f.MD5 || slices.Contains(f.AlsoMD5, md5) {
				return published{s.Name, f.Name}
			}
		}
	}
	return published{}
}

// origin collects what the files of a set are, to say whether it is the official set.
type origin struct {
	sets    []string
	foreign []string // what is to be said of files that are not what their names say
}

// add takes a file that was read, and what it was recognised as.
func (o *origin) add(file string, is published) {
	name := filepath.Base(file)
	switch {
	case is.set == "":
		o.foreign = append(o.foreign, name+" has other contents")
	case partOf(name) != "" && partOf(name) != partOf(is.name):
		o.foreign = append(o.foreign, fmt.Sprintf("%s is the official %s of %s", name, is.name, is.set))
	case !slices.Contains(o.sets, is.set):
		o.sets = append(o.sets, is.set)
	}
}

// partOf is the split that a file's name speaks of, "" when it speaks of none.
func partOf(name string) string {
	for _, p := range []struct{ prefix, part string }{
		{"train", "train"}, {"data_batch", "train"}, {"t10k", "test"}, {"test", "test"}, {"extra", "extra"},
	} {
		if strings.HasPrefix(name, p.prefix) {
			return p.part
		}
	}
	return ""
}

// official is the set whose published files all of these are, "" when they are not.
func (o *origin) official() string {
	if len(o.foreign) > 0 || len(o.sets) != 1 {
		return ""
	}
	return o.sets[0]
}

// note says why a set is not the official one, "" for the official one.
func (o *origin) note() string {
	switch {
	case len(o.foreign) > 0:
		return "not the official set: " + strings.Join(o.foreign, ", ")
	case len(o.sets) > 1:
		return "not the official set: files of " + strings.Join(o.sets, " and ")
	}
	return ""
}
