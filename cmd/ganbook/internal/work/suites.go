package work

import (
	"slices"
	"strings"
)

// The works of the tables. On a GPU small batches measure the launches of kernels; they are left out there.
var (
	cpuWorks = []string{
		"dcgan:16:64", "dcgan:128:64", "dcgan:16:16", "anogan:256", "search:1", "search:64", "search:256",
		"blocks:16:16:512:3", "blocks:8:32:512:2", "blocks:16:32:256:4",
		"blocks2:16:16:512:3", "blocks2:8:32:512:2", "blocks2:16:32:256:4",
		"toy:64", "toy:512", "wgan:16:16:128", "wgan:16:32:128",
	}
	gpuWorks = []string{
		"dcgan:128:64", "dcgan:512:64", "anogan:512", "search:1024", "blocks:128:32:256:4", "blocks2:128:32:256:4",
		"toy:512", "wgan:128:16:128", "wgan:512:16:128", "wgan:128:32:128", "wgan:512:32:128",
	}
)

// CPU and GPU are the works of the two tables.
func CPU() []Work { return mustParse(cpuWorks) }
func GPU() []Work { return mustParse(gpuWorks) }

func mustParse(names []string) (list []Work) {
	for _, name := range names {
		w, err := Parse(name)
		if err != nil {
			panic(err)
		}
		list = append(list, w)
	}
	return list
}

// Select turns what a user asks for into works: names, and families, which stand for their works in the table. Nothing
// asked for is the whole table.
func Select(asked []string, table []Work) (list []Work, err error) {
	if len(asked) == 0 {
		return table, nil
	}
	for _, name := range asked {
		more, err := selectOne(name, table)
		if err != nil {
			return nil, err
		}
		for _, w := range more {
			if !slices.ContainsFunc(list, func(have Work) bool { return have.String() == w.String() }) {
				list = append(list, w)
			}
		}
	}
	return list, nil
}

func selectOne(name string, table []Work) (list []Work, err error) {
	if strings.Contains(name, ":") {
		w, err := Parse(name)
		return []Work{w}, err
	}
	if _, err := named(name); err != nil {
		return nil, err
	}
	for _, w := range table {
		if w.Family() == name {
			list = append(list, w)
		}
	}
	return list, nil
}
