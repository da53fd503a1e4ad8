package anogan

import (
	"fmt"
	"math"
	"slices"
)

// Validate refuses settings for which there is no network or no search.
func (c Config) Validate() error {
	switch {
	case len(c.GenMaps) < 1 || len(c.GenMaps) > 8 || len(c.DiscMaps) < 1 || len(c.DiscMaps) > 8 || slices.Min(slices.Concat(c.GenMaps, c.DiscMaps)) < 1:
		return fmt.Errorf("anogan: g_maps %v, d_maps %v; each is a list of 1 to 8 numbers of maps, all at least 1", c.GenMaps, c.DiscMaps)
	case c.GenStride != 1 && c.GenStride != 2:
		return fmt.Errorf("anogan: g_last %d; the stride of G's last block is 1 or 2", c.GenStride)
	case c.ImageSize < 8 || c.ImageSize > 1024:
		return fmt.Errorf("anogan: image size %d; it must be from 8 to 1024", c.ImageSize)
	case !c.Dense && c.ImageSize%c.growth() != 0:
		return fmt.Errorf("anogan: image size %d; it must be a multiple of %d, by which G's %d blocks enlarge their first map",
			c.ImageSize, c.growth(), len(c.GenMaps)+1)
	case c.Kernel != 3 && c.Kernel != 5:
		return fmt.Errorf("anogan: kernel %d; it is 3 (the blog) or 5 (DCGAN)", c.Kernel)
	case c.Channels != 1 && c.Channels != 3:
		return fmt.Errorf("anogan: %d channels; it is 1 or 3", c.Channels)
	case c.BatchSize < 2 || c.Latent < 1 || c.GenSteps < 1:
		return fmt.Errorf("anogan: batch_size %d, z_dim %d, g_steps %d; batch norm needs at least 2 images, the others must be at least 1", c.BatchSize, c.Latent, c.GenSteps)
	case c.Feature < 1 || c.Feature > len(c.DiscMaps):
		return fmt.Errorf("anogan: feature %d; D has blocks 1 to %d", c.Feature, len(c.DiscMaps))
	case c.Prior != "uniform" && c.Prior != "normal":
		return fmt.Errorf("anogan: prior %q; it is \"uniform\" or \"normal\"", c.Prior)
	case !(c.GenSlope >= 0 && c.GenSlope <= 1) || !(c.DiscSlope >= 0 && c.DiscSlope <= 1) || !(c.InitStd >= 0) || math.IsInf(c.InitStd, 0):
		return fmt.Errorf("anogan: g_slope %v, d_slope %v, std %v; the slopes must be from 0 to 1, std not negative", c.GenSlope, c.DiscSlope, c.InitStd)
	}
	if _, ok := normRules[c.Norm]; !ok {
		return fmt.Errorf("anogan: bn %q; it is \"tf1\", \"tf1-unfused\" or \"dcgan\"", c.Norm)
	}
	if err := c.validateEncoder(); err != nil {
		return err
	}
	if err := c.validateTraining(); err != nil {
		return err
	}
	return c.Search.validate(c.Prior)
}

func (c Config) validateEncoder() error {
	switch {
	case len(c.EncMaps) > 8 || len(c.EncMaps) > 0 && slices.Min(c.EncMaps) < 1:
		return fmt.Errorf("anogan: e_maps %v; it is a list of up to 8 numbers of maps, all at least 1", c.EncMaps)
	case !(c.Rebuild >= 0) || math.IsInf(c.Rebuild, 0) || c.Rebuild > 0 && len(c.EncMaps) == 0:
		return fmt.Errorf("anogan: rebuild %v, e_maps %v; the weight must not be negative, and without an encoder there is nothing to rebuild", c.Rebuild, c.EncMaps)
	case c.From == FromEncoder && len(c.EncMaps) == 0:
		return fmt.Errorf("anogan: search_from encoder, but there is none; give it layers with e_maps, such as e_maps=16,32")
	}
	return nil
}

func (c Config) validateTraining() error {
	switch {
	case !positive(c.LearningRate):
		return fmt.Errorf("anogan: learning rate %v; it must be positive", c.LearningRate)
	case !(c.Beta1 >= 0 && c.Beta1 < 1) || !(c.Beta2 >= 0 && c.Beta2 < 1) || !(c.Epsilon >= 0):
		return fmt.Errorf("anogan: beta1 %v, beta2 %v, eps %v; the betas must be at least 0 and below 1, eps not negative", c.Beta1, c.Beta2, c.Epsilon)
	case c.LateEpoch < 0 || c.LateEpoch > 0 && !positive(c.LateRate):
		return fmt.Errorf("anogan: late_epoch %d, late_lr %v; the epoch must not be negative, and its rate positive", c.LateEpoch, c.LateRate)
	case c.LateEpoch > 0 && c.EpochImages < 1:
		return fmt.Errorf("anogan: n = %d images in an epoch; it must be at least 1 for late_epoch to mean anything", c.EpochImages)
	}
	return nil
}

func (s Search) validate(prior string) error {
	switch {
	case s.From != "" && s.From != FromPrior && s.From != FromEncoder:
		return fmt.Errorf("anogan: search_from %q; it is \"prior\" or \"encoder\"", string(s.From))
	case s.Steps < s.fewest() || !positive(s.Rate):
		return fmt.Errorf("anogan: search_steps %d, search_lr %v; there must be at least one step unless the search begins at the encoder's z, and the rate must be positive", s.Steps, s.Rate)
	case s.Steps == 0 && s.Restarts > 1:
		return fmt.Errorf("anogan: search_steps 0, restarts %d; other starts than the encoder's z need steps to lead anywhere", s.Restarts)
	case s.LateStep < 0 || s.LateStep > 0 && !positive(s.Late):
		return fmt.Errorf("anogan: search_late %d, search_late_lr %v; the step must not be negative, and its rate positive", s.LateStep, s.Late)
	case !(s.Lambda >= 0 && s.Lambda <= 1):
		return fmt.Errorf("anogan: lambda %v; it must be from 0 (residual alone) to 1 (features alone)", s.Lambda)
	case s.Restarts < 1 || !(s.Stop >= 0):
		return fmt.Errorf("anogan: restarts %d, stop %v; there must be at least one search, and stop must not be negative", s.Restarts, s.Stop)
	case s.Bound != "none" && s.Bound != "clip" && s.Bound != "tanh":
		return fmt.Errorf("anogan: bound %q; it is \"none\", \"clip\" or \"tanh\"", s.Bound)
	case s.Mode != "" && s.Mode != SearchInference && s.Mode != SearchTraining:
		return fmt.Errorf("anogan: mode %q; it is \"inference\", or the slip \"training\"", string(s.Mode))
	case s.Range != "" && s.Range != QueriesSigned && s.Range != QueriesUnit:
		return fmt.Errorf("anogan: range %q; it is \"signed\", or the slip \"unit\"", string(s.Range))
	case s.Bound != "none" && prior != "uniform":
		return fmt.Errorf("anogan: bound %q keeps z in [−1, 1], which is the range of the uniform prior; use \"none\" with %q", s.Bound, prior)
	}
	return nil
}

// fewest is how many steps a search must have: E(x) may do without.
func (s Search) fewest() int {
	if s.From == FromEncoder {
		return 0
	}
	return 1
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
