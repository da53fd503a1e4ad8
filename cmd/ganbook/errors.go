package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/ganbook/ganbook/ganlib/experiments"
)

// usageError is a wish that cannot be met, as opposed to work that failed.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

// usage marks an error as the command line's fault; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// reported is an error that the command has already told the user about.
type reported struct{ error }

func (r *reported) Unwrap() error { return r.error }

// explainUsage adds to kong's message what it leaves out: the nearest name where it suggests none, and where to read on.
func explainUsage(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	at := parse.Context.Model.Node
	if selected := parse.Context.Selected(); selected != nil {
		at = selected
	}
	text := err.Error()
	if typed := unknownName(text); typed != "" && !strings.Contains(text, "did you mean") {
		if near := experiments.Nearest(typed, names(at, strings.HasPrefix(typed, "-"))); near != "" {
			text += fmt.Sprintf(", did you mean %q?", near)
		}
	}
	return usagef("%s\nsee: %s --help", text, commandPath(at))
}

// unknownName is the flag or argument that kong's message complains about, "" when it is about something else.
func unknownName(message string) string {
	for _, start := range []string{"unknown flag ", "unexpected argument "} {
		if rest, ok := strings.CutPrefix(message, start); ok {
			name, _, _ := strings.Cut(rest, ",")
			return name
		}
	}
	return ""
}

// names lists the flags or the commands that would have been understood at a place of the command line.
func names(at *kong.Node, flags bool) []string {
	var list []string
	for _, group := range at.AllFlags(true) {
		for _, f := range group {
			list = append(list, "--"+f.Name)
		}
	}
	if flags {
		return list
	}
	list = nil
	for _, place := range []*kong.Node{at, at.Parent} { // a default command stands in for its siblings
		if place == nil {
			continue
		}
		for _, child := range place.Children {
			list = append(list, child.Name)
		}
	}
	return list
}

// commandPath is the command as typed: "./ganbook runs show".
func commandPath(at *kong.Node) string {
	var path []string
	for n := at; n != nil && n.Parent != nil; n = n.Parent {
		path = append([]string{n.Name}, path...)
	}
	return strings.Join(append([]string{program}, path...), " ")
}

// program is how users start us.
const program = "./ganbook"
