package experiments

import (
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
