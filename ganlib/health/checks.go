package health

import "github.com/ganbook/ganbook/ganlib/runlog"

// Iterations that a mean reaches back. Losses and scores of a healthy DCGAN jump by a factor of ten from one batch to
// the next and spike for tens of batches; means over short are steady, and every check waits besides.
const (
	short = 50
	long  = 100
)

// The limits, and beside them the nearest that healthy runs came: DCGAN of widths 16, 32 and 64 on synthetic faces and on
// CelebA, 600 to 3,100 iterations each, means over short unless it says otherwise.
const (
	saturatedLoss = 7.0  // G/loss, −log D(G(z)): D gives a fake less than one chance in a thousand; 16.6 at width 64, but
	saturatedFake = 0.01 // then D(G(z)) before D's step, which must be small too, was 0.1; 0.016 at width 16

	collapsedOfReal = 0.3  // distance of a sheet by that of real images; 0.63
	collapsedOfPeak = 0.5  // and by the largest so far; 0.82
	collapseAfter   = 1000 // iterations that G is given to leave its first grey; 600 at width 16, 800 at width 8

	vanishedOfEarly = 0.01 // gradient by the median of the first ones; 0.5, and most grow
	vanishedAtAll   = 1e-6 // where it was never larger
	vanishedFake    = 0.1  // D(G(z)): a generator that is believed has no gradient either, and needs none

	discriminatorWins = 0.95 // D(x) − D(G(z)), over long; 0.948 at width 16, above 0.94 for 40 iterations
	generatorWins     = -0.1 // the same over short; never below 0.3 with the usual learning rate
)

// reading is what a check sees at one point.
type reading struct {
	known        bool // whether there is something to see at all
	value, limit float64
	wrong        bool // beyond the limit
	over         bool // clearly back
}

// check is one way in which a training goes wrong.
type check struct {
	runlog.Finding          // its words
	hold           int      // readings in a row that begin or end an episode
	needs          []string // series without which it is not done
	read           func(m *Monitor, v runlog.Values) reading
}

// checks are done in this order.
var checks = []check{
	{
		Finding: runlog.Finding{
			Kind: Saturated, Severity: runlog.Failure, Title: "saturated discriminator",
			Measure: "G/loss, mean of 50 iterations, while D(G(z)) is below 0.01",
			Cause:   "The discriminator is certain that every fake is one, so the generator hears that it is wrong and not how to get better.",
			Remedy:  "Begin again with another --seed, with a softer label for real pictures (--set real_label=0.9), or with a weaker discriminator (--set ndf=16).",
		},
		hold: 2 * short, needs: []string{GeneratorLoss, FakeScore}, read: readSaturated,
	},
	{
		Finding: runlog.Finding{
			Kind: Collapse, Severity: runlog.Failure, Title: "mode collapse",
			Measure: "mean distance between the pictures of a sample sheet",
			Cause:   "The generator draws nearly the same picture whatever z is: one that deceives the discriminator for now or, if it was so from the start, its first grey.",
			Remedy:  "Begin again with another --seed, a smaller learning rate (--set lr=0.0001) or a larger --batch; pictures from before are in the run's samples.",
		},
		hold: 2, needs: []string{SheetDistance}, read: readCollapse,
	},
	{
		Finding: runlog.Finding{
			Kind: Vanishing, Severity: runlog.Failure, Title: "vanishing generator gradient",
			Measure: "norm of G's gradient, mean of 50 iterations, while D(G(z)) is below 0.1",
			Cause:   "The discriminator rejects the fakes and the generator's loss is flat there, as log(1 − D(G(z))) is: G stands still.",
			Remedy:  "Let the generator minimise −log D(G(z)) as dcgan does (loss.NonSaturating), or soften the discriminator (--set real_label=0.9, --set ndf=16).",
		},
		hold: short, needs: []string{GeneratorGradient, FakeScore}, read: readVanishing,
	},
	{
		Finding: runlog.Finding{
			Kind: Imbalance, Severity: runlog.Warning, Title: "imbalance: the discriminator wins",
			Measure: "D(x) − D(G(z)), mean of 100 iterations",
			Cause:   "For hundreds of iterations the discriminator was right about nearly every picture: it learns faster than the generator, or knows a small set by heart.",
			Remedy:  "Take more images, a softer label for real ones (--set real_label=0.9), or a discriminator with fewer maps (--set ndf=16).",
		},
		hold: 300, needs: []string{RealScore, FakeScore}, read: readDiscriminatorWins,
	},
	{
		Finding: runlog.Finding{
			Kind: Imbalance, Severity: runlog.Warning, Title: "imbalance: the generator wins",
			Measure: "D(x) − D(G(z)), mean of 50 iterations",
			Cause:   "The discriminator takes fakes for real more often than real pictures: it hardly learns, so its gradient teaches the generator nothing.",
			Remedy:  "See that D's learning rate is no smaller than G's (--set lr=0.0002 sets both) and give it as many maps (--set ndf=64).",
		},
		hold: 2 * short, needs: []string{RealScore, FakeScore}, read: readGeneratorWins,
	},
}

// diverged is the words of the finding that ends a training.
var diverged = runlog.Finding{
	Kind: Diverged, Severity: runlog.Failure, Title: "diverged",
	Cause:  "A step was so large that the weights left the range of numbers; nothing can be learned from there.",
	Remedy: "Begin again with a smaller learning rate (--set lr=0.0001) or another --seed.",
}

func readSaturated(m *Monitor, _ runlog.Values) reading {
	r := reading{known: m.generatorLoss.n > 0 && m.fake.n > 0, value: m.generatorLoss.mean, limit: saturatedLoss}
	r.wrong = r.value > saturatedLoss && m.fake.mean < saturatedFake
	r.over = r.value < 0.8*saturatedLoss || m.fake.mean > 3*saturatedFake
	return r
}

func readCollapse(m *Monitor, v runlog.Values) reading {
	distance, ok := v[SheetDistance]
	r := reading{known: ok && finite(distance), value: distance}
	if m.real == 0 || m.peak > m.real/2 { // the first sheets are all grey, and may become another grey
		r.limit = collapsedOfPeak * m.peak
	}
	if m.iterations > collapseAfter {
		r.limit = max(r.limit, collapsedOfReal*m.real)
	}
	r.wrong, r.over = distance < r.limit, distance > 1.25*r.limit
	return r
}

func readVanishing(m *Monitor, _ runlog.Values) reading {
	first, ok := m.early.median()
	r := reading{known: ok && m.fake.n > 0, value: m.gradient.mean, limit: max(vanishedOfEarly*first, vanishedAtAll)}
	r.wrong = r.value < r.limit && m.fake.mean < vanishedFake
	r.over = r.value > 2*r.limit || m.fake.mean > 2*vanishedFake
	return r
}

// readDiscriminatorWins leaves the worse form, a saturated discriminator, to its own check.
func readDiscriminatorWins(m *Monitor, _ runlog.Values) reading {
	r := reading{known: m.longGap.n > 0, value: m.longGap.mean, limit: discriminatorWins}
	r.wrong = r.value > discriminatorWins && !m.saturated
	r.over = r.value < 0.9
	return r
}

func readGeneratorWins(m *Monitor, _ runlog.Values) reading {
	r := reading{known: m.gap.n > 0, value: m.gap.mean, limit: generatorWins}
	r.wrong, r.over = r.value < generatorWins, r.value > 0
	return r
}
