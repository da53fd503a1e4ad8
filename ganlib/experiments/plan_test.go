package experiments

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ganbook/ganbook/ganlib/dcgan"
)

// Without a scale the lecture's holds, and smaller scales keep G and D in the proportion of their document.
func TestPlan(t *testing.T) {
	for _, tc := range []struct {
		id                string
		scale             Scale
		generator, critic int
		batch             int
		wantScale         Scale
	}{
		{"dcgan", "", 32, 32, 32, Lecture},
		{"dcgan", Full, 64, 64, 128, Full},
		{"dcgan", Smoke, 8, 8, 8, Smoke},
		{"dcgan/radford2015", "", 64, 32, 32, Lecture},
		{"DCGAN/Radford2015", Full, 128, 64, 128, Full},
		{"dcgan/radford2015", Smoke, 16, 8, 8, Smoke},
	} {
		e, s, gan, err := plan(tc.id, Options{Scale: tc.scale})
		if err != nil {
			t.Fatal(err)
		}
		c := gan.Config.(dcgan.Config)
		if c.GenMaps != tc.generator || c.DiscMaps != tc.critic || s.BatchSize != tc.batch || s.Scale != tc.wantScale || !strings.EqualFold(e.ID, tc.id) {
			t.Errorf("%+v: ngf %d, ndf %d, batch %d, scale %s", tc, c.GenMaps, c.DiscMaps, s.BatchSize, s.Scale)
		}
		var recorded dcgan.Config
		if err := json.Unmarshal(s.Game, &recorded); err != nil || recorded != c {
			t.Errorf("%s: recorded %+v, %v; played %+v", tc.id, recorded, err, c)
		}
	}
}

// A setting given twice, by name and by symbol, is refused, and which of several mistakes is named does not depend on
// chance.
func TestSettingsGivenTwice(t *testing.T) {
	for range 20 {
		err := Check("dcgan", Options{Set: map[string]string{"lr": "1e-4", "LEARNINGRATE": "2e-4"}})
		if err == nil || !strings.Contains(err.Error(), "--set LEARNINGRATE and --set lr are the same setting (LearningRate)") {
			t.Fatalf("%v", err)
		}
		err = Check("dcgan", Options{Set: map[string]string{"zz": "1", "aa": "2"}})
		if err == nil || !strings.Contains(err.Error(), "--set aa=2") {
			t.Fatalf("%v", err)
		}
	}
	for slope, fine := range map[string]bool{"0": true, "1": true, "-0.1": false, "1.1": false, "NaN": false} {
		if err := Check("dcgan", Options{Set: map[string]string{"slope": slope}}); (err == nil) != fine {
			t.Errorf("slope %s: %v", slope, err)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"dcgan", "dcgan/radford2015"}
	for got, want := range map[string]string{"dcgam": "dcgan", "DCGAN": "dcgan", "radford2015": "", "dcgan/radford": "dcgan/radford2015", "xyz": ""} {
		if near := Nearest(got, names); near != want {
			t.Errorf("%s: %q, want %q", got, near, want)
		}
	}
	if text := didYouMean("dcgam", names); text != "; did you mean dcgan?" || didYouMean("xyz", names) != "" {
		t.Errorf("%q", text)
	}
}
