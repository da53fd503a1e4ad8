package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// recogniseFolder looks for idx files, CIFAR-10 batches, SVHN's MAT-files, an archive or pictures in a folder; where there is nothing,
// in the folders one and two below.
func recogniseFolder(dir, dataset string, o Options) (*input, error) {
	level := []string{dir}
	for depth := range 3 {
		var below, hits []string
		for _, d := range level {
			entries, err := os.ReadDir(d)
			if err != nil {
				return nil, err
			}
			if len(fitting(holds(d, entries), dataset)) > 0 {
				hits = append(hits, d)
			}
			for _, e := range entries {
				if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "__MACOSX" {
					below = append(below, filepath.Join(d, e.Name()))
				}
			}
		}
		if len(hits) > 0 {
			return choose(dir, hits, depth, dataset, o)
		}
		level = below
	}
	return nil, nothingIn(dir, dataset)
}

// nothingIn says what a folder has instead of data, and whether the folder above has some.
func nothingIn(dir, dataset string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	pictures, others := survey(entries)
	wanted := "pictures, idx files, CIFAR-10 batches or SVHN's MAT-files"
	if kind, _ := kindOf(dataset); kind != "" {
		wanted = kindNames[kind] + " for " + dataset
	}
	text := fmt.Sprintf("%s: no %s here or up to two folders below; found %s", dir, wanted, inWords(pictures, others))
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	parent := filepath.Dir(absolute)
	if above, err := os.ReadDir(parent); err == nil {
		if n, _ := survey(above); n > 0 {
			return fmt.Errorf("%s; the folder above has %s pictures: use %s", text, thousands(n), parent)
		}
	}
	return fmt.Errorf("%s: give the folder or archive that holds the data", text)
}

func names(entries []os.DirEntry) (list []string) {
	for _, e := range entries {
		if !e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list
}

func archives(files []string) (list []string) {
	for _, name := range files {
		if strings.HasSuffix(strings.ToLower(name), ".zip") || name == cifarArchive {
			list = append(list, name)
		}
	}
	return list
}

func cifarBatches(files []string) (list []string) {
	for _, name := range cifarWanted("all") {
		if slices.Contains(files, name) {
			list = append(list, name)
		}
	}
	return list
}

// holds says which kinds of data a folder has directly: "idx", "cifar10", "svhn", "pictures", "archive".
func holds(dir string, entries []os.DirEntry) (kinds []string) {
	files := names(entries)
	if len(idxInFolder(dir, files)) > 0 {
		kinds = append(kinds, "idx")
	}
	if len(cifarBatches(files)) > 0 {
		kinds = append(kinds, "cifar10")
	}
	if len(svhnInFolder(dir, files)) > 0 {
		kinds = append(kinds, "svhn")
	}
	if n, _ := survey(entries); n > 0 {
		kinds = append(kinds, "pictures")
	}
	if len(archives(files)) > 0 {
		kinds = append(kinds, "archive")
	}
	return kinds
}

// fitting drops the kinds that a named set does not have.
func fitting(kinds []string, dataset string) (fit []string) {
	want, _ := kindOf(dataset)
	for _, k := range kinds {
		if want == "" || k == want || k == "archive" && want != "idx" && want != "svhn" {
			fit = append(fit, k)
		}
	}
	return fit
}

// choose decides between the folders that hold something.
func choose(dir string, hits []string, depth int, dataset string, o Options) (*input, error) {
	if len(hits) > 1 {
		for _, d := range hits { // the one that is called as the set is
			if base := filepath.Base(d); base == dataset || dataset == "celeba" && base == "img_align_celeba" {
				hits = []string{d}
			}
		}
	}
	if len(hits) > 1 {
		for _, d := range hits {
			entries, err := os.ReadDir(d)
			if err != nil {
				return nil, err
			}
			if n, _ := survey(entries); n == 0 {
				return nil, fmt.Errorf("%s: several sets below: %s: give one of them", dir, strings.Join(hits, ", "))
			}
		}
		return folderInput(dir, depth, o)
	}
	return openFolder(hits[0], dataset, o)
}

// openFolder is the input of a folder that holds something directly.
func openFolder(dir, dataset string, o Options) (*input, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := names(entries)
	switch fitting(holds(dir, entries), dataset)[0] {
	case "idx":
		return idxSplits(dir, dataset, idxInFolder(dir, files), o)
	case "cifar10":
		return cifarInput(dir, cifarBatches(files), o)
	case "svhn":
		return svhnSplits(dir, svhnInFolder(dir, files), o)
	case "pictures":
		return folderInput(dir, 0, o)
	}
	list := archives(files)
	if len(list) > 1 {
		return nil, fmt.Errorf("%s: several archives: %s: give one of them", dir, strings.Join(list, ", "))
	}
	file := filepath.Join(dir, list[0])
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	return recogniseFile(file, info, dataset, o)
}

// idxSplits chooses the image files of a split.
func idxSplits(dir, dataset string, splits map[string]string, o Options) (*input, error) {
	name := nameOfSet(dataset, dir)
	want := o.Split
	if want == "" {
		want = "train"
		if only := splits["test"]; splits["train"] == "" {
			return idxInput(name, []string{only}, noteOfFile(filepath.Base(only)), o)
		}
	}
	var images []string
	for _, split := range []string{"train", "test"} {
		if want != "all" && want != split {
			continue
		}
		if splits[split] == "" {
			return nil, absentf("%s: the %s images are missing, there are %s: add the file or ask for another split", dir, split, filepath.Base(splits["train"]+splits["test"]))
		}
		images = append(images, splits[split])
	}
	return idxInput(name, images, noteOfSplit(want), o)
}

// noteOfSplit says which part of a set there is; nobody need be told of the images for training.
func noteOfSplit(split string) string {
	switch split {
	case "test", "extra":
		return split + " split"
	case "all":
		return "training and test images"
	}
	return ""
}

// noteOfFile says that there is one split only, where a file's name tells which.
func noteOfFile(name string) string {
	if part := partOf(name); part != "" && part != "train" {
		return part + " split only"
	}
	return ""
}

// nameOfSet is the expected set, or the folder's name.
func nameOfSet(dataset, dir string) string {
	if dataset != "" {
		return dataset
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return strings.ToLower(filepath.Base(dir))
}
