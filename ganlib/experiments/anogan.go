package experiments

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
)

func anoganPost() Experiment {
	e := anoganExperiment("anogan", anogan.Post)
	e.Title, e.Document = "AnoGAN on MNIST", "Blog post on AnoGAN with TensorFlow 1, after Schlegl et al. 2017"
	e.Paper = "anogan.json"
	e.Notebook = "02-anogan.ipynb"
	e.Published = []Number{
		{Name: "generator, trainable parameters", Value: "85,937", Where: "blog post", Ours: "85,937"},
		{Name: "discriminator, trainable parameters", Value: "6,369", Where: "blog post", Ours: "6,369"},
	}
	return e
}

func anoganPaper() Experiment {
	e := anoganExperiment("anogan/schlegl2017", anogan.Paper2017)
	e.Title = "AnoGAN of the paper"
	e.Document = "Schlegl, Seeböck, Waldstein, Schmidt-Erfurth & Langs 2017, arXiv 1703.05921; its OCT images are not public"
	return e
}

func anoganEncoded() Experiment {
	e := anoganExperiment("anogan/encoder", anogan.Encoded)
	e.Title = "AnoGAN with an encoder trained along, no search"
	e.Document = "ours, after f-AnoGAN (Schlegl et al. 2019) and VAE/GAN (Larsen et al. 2016, arXiv 1512.09300)"
	e.Losses = append(e.Losses, "E/loss")
	e.LogLine = func(p runlog.Point, epochs int) string {
		return anoganLine(p, epochs) + fmt.Sprintf("\tE loss: %.4f", p.Values["E/loss"])
	}
	return e
}

func anoganExperiment(id string, document func() anogan.Config) Experiment {
	return Experiment{
		ID:       id,
		Settings: func(o Options) (Settings, error) { return anoganSettings(id, document(), o) },
		Fit:      anoganFit, Game: anoganGame, LogLine: anoganLine, Losses: []string{"G/loss", "D/loss"},
		SampleMode: train.RunningAverages,
	}
}

// anoganWishes is what --set can change: the game, the search, the images, and which classes are normal.
type anoganWishes struct {
	anogan.Config
	dataWishes
	Normal string `symbol:"normal"` // "1"; "0,2"; "!4", all but 4; "all"
}

// anoganSettings is the document's table, cut down to the scale, with the user's wishes on top. Training sees the images
// of the normal classes and no labels.
func anoganSettings(id string, c anogan.Config, o Options) (Settings, error) {
	s := documentSettings(id, 16, o)
	if o.Width > 0 {
		return s, fmt.Errorf("experiments: %s: --width %d: the maps of its networks are lists, one number a block; use --set g_maps=%s and d_maps=%s",
			id, o.Width, listed(c.GenMaps), listed(c.DiscMaps))
	}
	shown := anoganScale(&c, &s, o.Scale)
	override(&c.BatchSize, o.Batch)
	override(&c.ImageSize, o.ImageSize)
	override(&c.Epochs, o.Epochs)
	w := anoganWishes{Config: c, Normal: "1"}
	if err := apply(&w, o.Set); err != nil {
		return s, err
	}
	c = w.Config
	if _, err := parseClasses(w.Normal); err != nil {
		return s, err
	}
	inEpochs := o.Epochs > 0 || wished(o.Set, "epochs")
	if s.Images = o.Images; s.Images == 0 && !inEpochs {
		s.Images = shown
	}
	if c.LateEpoch > 0 && (s.Images > 0 || inEpochs) && !wished(o.Set, "late_epoch", "LateEpoch") {
		c.LateEpoch = lateFollows
	}
	if s.Images > 0 {
		c.Epochs = 0 // until the number of images in an epoch is known
	}
	checked := c
	checked.LateEpoch = max(checked.LateEpoch, 0)
	if err := checked.Validate(); err != nil {
		return s, err
	}
	return s.settled(c, c.BatchSize, c.Epochs, DataSettings{Set: "mnist", Size: c.ImageSize, Channels: c.Channels, Normal: w.Normal}, w.dataWishes)
}

// lateFollows stands for a late epoch at three quarters of the training, as the blog's 150 of 200.
const lateFollows = -1

// anoganScale cuts a document down and returns the images to show, 0 for its epochs.
func anoganScale(c *anogan.Config, s *Settings, scale Scale) (shown int64) {
	if scale == Full {
		return 0
	}
	deep := len(c.DiscMaps) > 2 // the paper's nets, a hundred times the blog's
	switch scale {
	case Lecture:
		s.SampleEvery, shown = 100, 256_000
		if deep {
			divide(c.GenMaps, 4)
			divide(c.DiscMaps, 4)
			c.BatchSize, shown = 32, 64_000
		}
	case Smoke:
		c.BatchSize, s.SampleEvery, s.LogEvery, shown = 16, 10, 5, 320
		if deep {
			divide(c.GenMaps, 16)
			divide(c.DiscMaps, 16)
			c.BatchSize, shown = 8, 80
		}
	}
	return shown
}

func divide(maps []int, by int) {
	for i := range maps {
		maps[i] = max(1, maps[i]/by)
	}
}

func listed(maps []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(maps), " ", ","), "[]")
}

// wished says whether a setting was given by any of its names.
func wished(set map[string]string, names ...string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(set)), func(key string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, key) })
	})
}

// anoganFit completes what depends on the number of images in an epoch: how many epochs there are, and when the second
// Adam begins.
func anoganFit(s *Settings, images int) error {
	var c anogan.Config
	if err := json.Unmarshal(s.Game, &c); err != nil {
		return fmt.Errorf("experiments: the configuration is no AnoGAN's: %w", err)
	}
	c.EpochImages = images
	if c.Epochs == 0 {
		c.Epochs = int((s.Images + int64(images) - 1) / int64(images))
	}
	if c.LateEpoch == lateFollows {
		c.LateEpoch = c.Epochs * 3 / 4
	}
	game, err := json.Marshal(c)
	s.Game = game
	return err
}

func anoganGame(config json.RawMessage) (*ganlib.GAN, error) {
	var c anogan.Config
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("experiments: the configuration is no AnoGAN's: %w", err)
	}
	c.LateEpoch = max(c.LateEpoch, 0) // not known before the images are
	return anogan.New(c)
}

// anoganLine is the blog's line, which it prints once an epoch.
func anoganLine(p runlog.Point, epochs int) string {
	return fmt.Sprintf("[%d/%d][%d/%d]\tG loss: %.4f\tD loss: %.4f\td_acc: %.4f\taccuracy: %.4f",
		p.Epoch, epochs, p.Batch, p.Batches, p.Values["G/loss"], p.Values["D/loss"], p.Values[anogan.PostAccuracy], p.Values[anogan.Accuracy])
}
