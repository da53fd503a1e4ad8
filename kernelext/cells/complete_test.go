package cells

import "testing"

func TestComplete(t *testing.T) {
	for _, c := range []struct{ cell, status, indent string }{
		{"", "complete", ""},
		{"x := 1", "complete", ""},
		{"import \"fmt\"\n%%\nfmt.Println(1)", "complete", ""},
		{"a, b", "complete", ""},
		{"return 1, 2", "complete", ""},
		{"func f() {\n}", "complete", ""},
		{"!ls", "complete", ""},
		{"%help", "complete", ""},
		{"package main\nfunc main() {}", "complete", ""},
		{"s := `a\n%%\nb`", "complete", ""},
		{"func f() {", "incomplete", "\t"},
		{"for {\n\tif x {", "incomplete", "\t\t"},
		{"fmt.Println(", "incomplete", "\t"},
		{"fmt.Println(1,", "incomplete", "\t"},
		{"x :=", "incomplete", "\t"},
		{"x +", "incomplete", "\t"},
		{"fmt.", "incomplete", "\t"},
		{"s := `abc", "incomplete", ""},
		{"/* abc", "incomplete", ""},
		{"x := 1 /* abc", "incomplete", ""},
		{"%%", "incomplete", ""},
		{"func f() {}\n%%\n", "incomplete", ""},
		{"!ls \\", "incomplete", ""},
		{"%%bash", "incomplete", ""},
		{"%%bash\nls", "unknown", ""},
		{"import \"fmt\"\nfmt.Println(\"a\"))", "invalid", ""},
		{"x := := 1", "invalid", ""},
		{"a b", "invalid", ""},
		{"s := \"abc", "invalid", ""},
		{"func f( {\n}", "invalid", ""},
		{"x :=\n)", "invalid", ""},
		{"for {\n))", "invalid", ""},
		{"if := 3\nx := 1", "invalid", ""},
	} {
		if status, indent := Complete(c.cell); status != c.status || indent != c.indent {
			t.Errorf("%q is %s %q, want %s %q", c.cell, status, indent, c.status, c.indent)
		}
	}
}
