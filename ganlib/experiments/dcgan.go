package experiments

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/runlog"
)

func practice() Experiment {
	return Experiment{
		ID: "dcgan", Title: "DCGAN of the coding practice",
		Document: "University coding practice, November 2023, after the public PyTorch tutorial",
		Notebook: "01-dcgan.ipynb",
		Settings: func(o Options) (Settings, error) { return dcganSettings("dcgan", dcgan.Practice2023(), o) },
		Game:     dcganGame, LogLine: tutorialLine, Losses: []string{"G/loss", "D/loss"}, Score: leastApart,
		Paper:     "dcgan.json",
		Published: tutorialNumbers,
	}
}

func paper() Experiment {
	return Experiment{
		ID: "dcgan/radford2015", Title: "DCGAN of the paper",
		Document: "Radford, Metz & Chintala 2015, arXiv 1511.06434",
		Settings: func(o Options) (Settings, error) {
			return dcganSettings("dcgan/radford2015", dcgan.Radford2015(), o)
		},
		Game: dcganGame, LogLine: tutorialLine, Losses: []string{"G/loss", "D/loss"}, Score: leastApart,
	}
}

// leastApart is −|D(x) − D(G(z))|, both before D's step. It is highest when D told real and fake least apart. That is
// no measure of the pictures' quality: a D that has learned nothing yet, or forgot it, tells nothing apart either.
func leastApart(values map[string]float64) float64 {
	return -math.Abs(values[dcgan.RealScore] - values[dcgan.FakeBefore])
}

// tutorialNumbers are those of seven public logs of the practice's program, full size, real CelebA. Ours are medians
// over seeds 1 to 5 at full size on 20,000 of its images; the first line depends much on the seed, because the last
// layer of a fresh D adds up 8,192 random weights.
var tutorialNumbers = []Number{
	{Name: "generator, trainable parameters", Value: "3,576,704", Where: "practice, table of G", Ours: "3,576,704"},
	{Name: "discriminator, trainable parameters", Value: "2,765,568", Where: "practice, table of D", Ours: "2,765,568"},
	{Name: "first log line, Loss_D", Value: "1.74 – 2.09", Where: "public logs", Ours: "median 1.58"},
	{Name: "first log line, Loss_G", Value: "4.8 – 6.5", Where: "public logs", Ours: "median 5.21"},
	{Name: "first log line, D(x)", Value: "0.51 – 0.69", Where: "public logs", Ours: "median 0.53"},
	{Name: "first log line, D(G(z))", Value: "0.58 – 0.67 / 0.003 – 0.014", Where: "public logs", Ours: "medians 0.55 / 0.009"},
}

// dcganSettings is the document's table, cut down to the scale, with the user's wishes on top.
func dcganSettings(id string, c dcgan.Config, o Options) (Settings, error) {
	s := documentSettings(id, 64, o)
	faces, shown := 20_000, 0 // drawn when there are no other images; images to show, 0: so many epochs
	switch o.Scale {
	case Lecture:
		// Half the maps, 32 instead of the practice's 64: a quarter of the work for an image. G and D stay in proportion.
		c.GenMaps, c.DiscMaps, c.BatchSize, c.Epochs = c.GenMaps/2, c.DiscMaps/2, 32, 0
		faces, shown, s.SampleEvery = 10_000, 60_000, 200
	case Smoke:
		c.GenMaps, c.DiscMaps, c.BatchSize, c.Epochs = c.GenMaps/8, c.DiscMaps/8, 8, 0
		faces, shown, s.SampleEvery, s.SampleCount, s.LogEvery = 160, 160, 10, 16, 5
	}
	if o.Width > 0 {
		c.GenMaps, c.DiscMaps = o.Width, o.Width
	}
	override(&c.BatchSize, o.Batch)
	override(&c.ImageSize, o.ImageSize)
	override(&c.Epochs, o.Epochs)
	w := struct {
		dcgan.Config
		dataWishes
	}{Config: c}
	if err := apply(&w, o.Set); err != nil {
		return s, err
	}
	c, s.Images = w.Config, o.Images
	if shown > 0 && c.Epochs == 0 { // the scale decides how long it takes, whatever the size of the data
		c.Epochs = shown / faces
		if s.Images == 0 {
			s.Images = int64(shown)
		}
	}
	if err := c.Validate(); err != nil {
		return s, err
	}
	return s.settled(c, c.BatchSize, c.Epochs, DataSettings{Set: "faces", Count: faces, Size: c.ImageSize, Channels: c.Channels}, w.dataWishes)
}

func override(field *int, wish int) {
	if wish != 0 {
		*field = wish
	}
}

func dcganGame(config json.RawMessage) (*ganlib.GAN, error) {
	var c dcgan.Config
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("experiments: the configuration is no DCGAN's: %w", err)
	}
	return dcgan.New(c)
}

// tutorialLine is the log line of the practice (spec §8.4): epoch and batch from 0, four decimals, tabs between.
func tutorialLine(p runlog.Point, epochs int) string {
	return fmt.Sprintf("[%d/%d][%d/%d]\tLoss_D: %.4f\tLoss_G: %.4f\tD(x): %.4f\tD(G(z)): %.4f / %.4f",
		p.Epoch, epochs, p.Batch, p.Batches,
		p.Values["D/loss"], p.Values["G/loss"], p.Values[dcgan.RealScore], p.Values[dcgan.FakeBefore], p.Values[dcgan.FakeAfter])
}
