package main

import (
	"strings"
	"testing"
)

func TestTableBesideTheDocuments(t *testing.T) {
	out := mustCall(t, "table", "dcgan")
	for _, w := range []string{"= 3,576,704", "= 2,765,568", "512,256,4,4", "100,512,4,4", "2,097,152 + 1,024 (same)", "1.74 – 2.09", "known misprints"} {
		if !strings.Contains(out, w) {
			t.Errorf("table lacks %q:\n%s", w, out)
		}
	}
	if strings.Contains(out, "DIFFERS") || strings.Count(out, "(same)") != 12 {
		t.Errorf("ours differs from the document:\n%s", out)
	}
}

func TestTableOfOtherSettings(t *testing.T) {
	out := mustCall(t, "table", "dcgan", "--width=16", "--image-size=128", "--set=nz=10")
	if !strings.Contains(out, "256×4×4") || !strings.Contains(out, "3×128×128") || strings.Contains(out, "in the document") {
		t.Errorf("width 16 at 128 pixels:\n%s", out)
	}
	if out := mustCall(t, "table", "dcgan/radford2015"); !strings.Contains(out, "1024×4×4") || !strings.Contains(out, "5,2,2+1") {
		t.Errorf("the paper's network:\n%s", out)
	}
}
