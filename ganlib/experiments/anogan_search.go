package experiments

import (
	"context"
	"fmt"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
)

// Mapper compiles the search for latents of a run of AnoGAN: its own, with wishes such as search_steps=500 on top. Close
// it before the run.
func (o *Opened) Mapper(set map[string]string, opt anogan.MapperOptions) (*anogan.Mapper, error) {
	c, ok := o.GAN.Config.(anogan.Config)
	if !ok {
		return nil, fmt.Errorf("experiments: %s is a run of %s, which has no search for latents; train one with ./ganbook run anogan", o.Run.Dir(), o.Experiment.ID)
	}
	search := c.Search
	if err := apply(&search, set); err != nil {
		return nil, err
	}
	m, err := anogan.NewMapper(o.backend, o.Store, o.GAN, search, opt)
	if err != nil {
		return nil, fmt.Errorf("experiments: %s: %w", o.Run.Dir(), err)
	}
	return m, nil
}

// Normal is the images of the classes that the run was trained on, without their labels. A set without labels is taken
// to be normal as a whole.
func (o *Opened) Normal(src *data.Source) (*data.Source, error) {
	if o.Settings.Data.Normal == "" || src.Labels() == nil {
		return src.Unlabelled(), nil
	}
	return normalOnly(src, o.Settings.Data.Normal)
}

// TestImages is [Opened.HeldOut] with the images of all classes and their labels: what a search is tested on.
// Those of an evaluation's run are sealed.
func (o *Opened) TestImages(ctx context.Context) (*data.Source, error) {
	if p := o.Settings.Data.Part; p != nil {
		return nil, fmt.Errorf("experiments: %s is a run of evaluation %s, whose test labels are sealed: they only judge what ./ganbook eval has frozen", o.Run.Dir(), p.Evaluation)
	}
	all := *o
	all.Settings.Data.Normal = ""
	src, err := all.HeldOut(ctx)
	if err != nil {
		return nil, fmt.Errorf("experiments: the test images of %s: %w", o.Run.Dir(), err)
	}
	return src, nil
}

// Abnormal says of each image of a set whether its class is none of those that the run was trained on. A set without
// labels is an error.
func (o *Opened) Abnormal(src *data.Source) ([]bool, error) {
	r, err := parseClasses(orDefault(o.Settings.Data.Normal, "all"))
	if err != nil {
		return nil, err
	}
	if src.Labels() == nil {
		return nil, fmt.Errorf("experiments: %s has no labels: which of its images are abnormal is not known", src.Name())
	}
	abnormal := make([]bool, src.Len())
	for i, class := range src.Labels() {
		abnormal[i] = r.name != "" && !r.has(int(class))
	}
	return abnormal, nil
}
