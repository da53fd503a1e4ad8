package kernelspec

import "strings"

// kernelFlags is the GOFLAGS of cells: those of the user, with go.mod as it is, and programs without symbol tables, which link
// a third faster. The go command takes a flag with spaces in quotes.
func kernelFlags(user string) string {
	flags := []string{"-mod=readonly"}
	links := false
	for _, f := range splitFlags(user) {
		if strings.HasPrefix(f, "-mod=") {
			continue
		}
		links = links || strings.HasPrefix(f, "-ldflags=")
		flags = append(flags, f)
	}
	if !links {
		flags = append(flags, "-ldflags=-s -w")
	}
	return joinFlags(flags)
}

// withTag is a GOFLAGS with one more build tag.
func withTag(flags, tag string) string {
	list, has := splitFlags(flags), false
	for i, f := range list {
		if tags, ok := strings.CutPrefix(f, "-tags="); ok {
			list[i], has = "-tags="+strings.Trim(tags+","+tag, ","), true
		}
	}
	if !has {
		list = append(list, "-tags="+tag)
	}
	return joinFlags(list)
}

// joinFlags is the inverse of splitFlags.
func joinFlags(flags []string) string {
	flags = append([]string(nil), flags...)
	for i, f := range flags {
		switch {
		case strings.Contains(f, "'"):
			flags[i] = `"` + f + `"`
		case strings.ContainsAny(f, " \t\""):
			flags[i] = "'" + f + "'"
		}
	}
	return strings.Join(flags, " ")
}

// splitFlags splits GOFLAGS as the go command does: at spaces, except in a flag that begins with a quotation mark. A leading
// double hyphen counts as one.
func splitFlags(text string) []string {
	var flags []string
	for text = strings.TrimLeft(text, " \t\r\n"); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
		var flag string
		if quote := text[0]; quote == '\'' || quote == '"' {
			flag, text, _ = strings.Cut(text[1:], string(quote))
		} else if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
			flag, text = text[:end], text[end:]
		} else {
			flag, text = text, ""
		}
		if strings.HasPrefix(flag, "--") {
			flag = flag[1:]
		}
		flags = append(flags, flag)
	}
	return flags
}
