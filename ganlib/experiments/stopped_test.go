package experiments

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ganbook/ganbook/ganlib/train"
)

// Only a training that did nothing but obey is called stopped.
func TestStopped(t *testing.T) {
	told := fmt.Errorf("train: stopped after iteration 7: %w", context.Canceled)
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", nil, "done"},
		{"told to stop", errors.Join(told, nil), "stopped"},
		{"out of time", errors.Join(errors.Join(context.DeadlineExceeded)), "stopped"},
		{"no last snapshot", errors.Join(told, fmt.Errorf("train: %w: disk full", train.ErrNotSaved)), "failed: "},
		{"no figures", errors.Join(errors.Join(told), errors.New("figures: disk full")), "failed: "},
		{"something else", errors.New("loss is NaN"), "failed: "},
	} {
		got := status(tc.err)
		if tc.want == "failed: " {
			tc.want += tc.err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
