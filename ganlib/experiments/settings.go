package experiments

import "encoding/json"

// documentSettings are what all experiments begin with: the practice's seed, unless another is wished for, and a sheet of
// so many samples.
func documentSettings(id string, samples int, o Options) Settings {
	s := Settings{Experiment: id, Scale: o.Scale, Seed: 999, SampleEvery: 500, SampleCount: samples, SaveSeconds: 60, LogEvery: 50}
	if o.Seed != nil {
		s.Seed = *o.Seed
	}
	return s
}

// settled are the settings with a configuration that is valid, and with what is wished of the images.
func (s Settings) settled(config any, batch, epochs int, d DataSettings, w dataWishes) (Settings, error) {
	game, err := json.Marshal(config)
	if err != nil {
		return s, err
	}
	s.Game, s.BatchSize, s.Epochs, s.Data = game, batch, epochs, d
	return s, w.settle(&s.Data)
}
