package data

import "testing"

func TestCommonCountsEqualImages(t *testing.T) {
	s := counted(t, 100, 2)
	first, second, err := s.Divide(0.6, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		a, b *Source
		want int
	}{
		"a part":        {s, first, first.Len()},
		"of a whole":    {first, s, first.Len()},
		"two parts":     {first, second, 0},
		"other shapes":  {counted(t, 10, 3), s, 0},
		"without class": {second.Unlabelled(), s, second.Len()},
	} {
		if got := c.a.Common(c.b); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
