// Package anomaly is what the notebook on AnoGAN calls beside the library: which digits there are, a search that is
// watched, scores that later cells read, and slips side by side with the right way.
//
// A run is only looked at. What is known about a picture, normal or not, is kept apart from the searches.
package anomaly

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/plots/sheet"
)

// Seed of all searches of the notebook.
const Seed = 1

// Queries are pictures of the test set, and the truth about them, which no search sees.
type Queries struct {
	*data.Source
	Abnormal []bool
}

// heldEach is how many pictures of each kind are used where there are so many.
const heldEach = 150

// Held returns the pictures of all searches, which no training has seen, in the order of the test set: 150 normal ones to
// choose a threshold by, and for the test 150 others, and 150 abnormal ones, of every other class in turn. There are
// fewer of each where the set has no more, and 8 at smoke scale.
func Held(run *experiments.Opened) (calibration, test Queries, err error) {
	each := heldEach
	if run.Settings.Scale == experiments.Smoke {
		each = 8
	}
	src, err := run.TestImages(context.Background())
	if err != nil {
		return calibration, test, err
	}
	abnormal, err := run.Abnormal(src)
	if err != nil {
		return calibration, test, err
	}
	normal, others := partition(abnormal, src.Labels())
	if each = min(each, len(normal)/2, len(others)); each < 1 {
		return calibration, test, fmt.Errorf("anomaly: %s has %d normal and %d abnormal images; at least two and one are needed", src.Name(), len(normal), len(others))
	}
	if calibration, err = choose(src, abnormal, normal[:each]); err != nil {
		return calibration, test, err
	}
	test, err = choose(src, abnormal, append(normal[each:2*each:2*each], others[:each]...))
	return calibration, test, err
}

// partition lists the normal images in their order, and the abnormal ones taking turns between their classes.
func partition(abnormal []bool, labels []uint8) (normal, others []int) {
	var of [256][]int
	for i, a := range abnormal {
		if a {
			of[labels[i]] = append(of[labels[i]], i)
		} else {
			normal = append(normal, i)
		}
	}
	for turn := 0; ; turn++ {
		before := len(others)
		for _, images := range of {
			if turn < len(images) {
				others = append(others, images[turn])
			}
		}
		if len(others) == before {
			return normal, others
		}
	}
}

func choose(src *data.Source, abnormal []bool, indices []int) (Queries, error) {
	some, err := src.Subset(indices)
	q := Queries{Source: some}
	for _, i := range indices {
		q.Abnormal = append(q.Abnormal, abnormal[i])
	}
	return q, err
}

// of are some of the queries, by their places.
func (q Queries) of(places []int) (Queries, error) { return choose(q.Source, q.Abnormal, places) }

// balanced are the places of the first so many normal queries, and of as many abnormal ones.
func (q Queries) balanced(each int) (places []int) {
	for _, kind := range []bool{false, true} {
		left := each
		for i, a := range q.Abnormal {
			if a == kind && left > 0 {
				places, left = append(places, i), left-1
			}
		}
	}
	return places
}

// name of a query: what it is to the run, and which digit.
func (q Queries) name(i int) string { return name(q.Abnormal[i], int(q.Labels()[i])) }

func name(abnormal bool, digit int) string {
	if abnormal {
		return fmt.Sprintf("abnormal: %d", digit)
	}
	return fmt.Sprintf("normal: %d", digit)
}

// pixels of a query in [−1, 1].
func (q Queries) pixels(i int) []float32 {
	dst := make([]float32, q.Height()*q.Width()*q.Channels())
	q.Fill(dst, []int{i})
	return dst
}

func (q Queries) picture(pixels []float32) (image.Image, error) {
	return sheet.Picture(pixels, q.Height(), q.Width(), q.Channels())
}

// search maps queries, and says how long it took.
func search(run *experiments.Opened, q Queries, set map[string]string, opt anogan.MapperOptions) (results []anogan.Result, said string, err error) {
	opt.Seed = Seed
	m, err := run.Mapper(set, opt)
	if err != nil {
		return nil, "", err
	}
	defer m.Close()
	began := time.Now()
	results, err = m.All(context.Background(), q)
	what := fmt.Sprintf("%d pictures", q.Len())
	if q.Len() == 1 {
		what = "1 picture"
	}
	return results, fmt.Sprintf("%s in %.1f s: %s", what, time.Since(began).Seconds(), m.Describe()), err
}
