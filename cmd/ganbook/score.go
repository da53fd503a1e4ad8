package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ganbook/ganbook/ganlib/anogan"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// scoreCmd says how anomalous pictures are to a trained AnoGAN, and what its numbers mean: how many normal pictures
// score as high.
type scoreCmd struct {
	runArg
	Pictures  []string          `arg:"" help:"Pictures to score: files, folders, idx files or sets."`
	Normal    string            `help:"Normal pictures to compare with and to choose the threshold by; of a set with labels those of the run's classes. Without it: images that the run was trained on." placeholder:"PATH"`
	Normals   int               `help:"How many of the normal pictures to score." default:"200" placeholder:"N"`
	Quantile  float64           `help:"Share of the normal pictures that the threshold lets pass." default:"0.95" placeholder:"Q"`
	Threshold *float64          `help:"A threshold of your own, at which and above a picture is anomalous." placeholder:"A"`
	By        string            `help:"Score that decides: ${enum}." enum:"weighted,residual,discrimination,logit" default:"weighted"`
	First     int               `help:"Score the first so many of each set only; 0: all." default:"0" placeholder:"N"`
	Split     string            `help:"Part of idx, CIFAR and SVHN sets: train, test, all, extra, and a drawn part as the run's settings have it, such as '80/20 seed 1 second'; default: test." placeholder:"PART"`
	Fit       bool              `help:"Resize pictures of another size, cut their middle out and convert their colours; without it they are refused."`
	Values    string            `help:"What the values of the files mean: 0-255, or 0-1 to multiply them by 255; without it those that end at 1 are refused." placeholder:"RANGE"`
	Format    string            `help:"Of the scores: ${enum}." enum:"csv,jsonl" default:"csv"`
	Out       string            `help:"File for the scores, instead of the standard output." placeholder:"FILE"`
	Maps      string            `help:"Folder for two pictures of each query: its mapping and its residual map." placeholder:"DIR"`
	Set       map[string]string `help:"A setting of the search, such as search_steps=500, lambda=0.1 or restarts=4." placeholder:"KEY=VALUE"`
	Batch     int               `help:"Pictures searched at once; scores differ by rounding between batch sizes." default:"64" placeholder:"N"`
	Seed      int64             `help:"Of the first latents." default:"1" placeholder:"N"`
	Backend   string            `help:"What computes." placeholder:"NAME"`
}

func (c *scoreCmd) Run(a *app) error {
	dir, err := c.find()
	if err != nil {
		return usage(err)
	}
	if err := c.check(); err != nil {
		return usage(err)
	}
	run, err := experiments.OpenOn(dir, c.Backend)
	if err != nil {
		return err
	}
	defer run.Close()
	queries, err := c.open(a, run)
	if err != nil {
		return err
	}
	mapper, err := run.Mapper(c.Set, anogan.MapperOptions{Batch: c.Batch, Seed: c.Seed})
	if err != nil {
		return err
	}
	defer mapper.Close()
	s := scoring{cmd: c, run: run, mapper: mapper, console: newConsole(a.err)}
	s.console.Line("%s, snapshot at %s shown; %s", dir, plural(int(run.State.Images), "image"), mapper.Describe())
	s.sayWhatIsScored(queries)
	if err := s.calibrate(a); err != nil {
		return err
	}
	s.sayWhatWasSeen(queries)
	return writeTo(c.Out, a.out, func(w io.Writer) error { return s.score(a, queries, w) })
}

func (c *scoreCmd) check() error {
	switch {
	case c.Normals < 1:
		return fmt.Errorf("--normals %d: it must be at least 1", c.Normals)
	case !(c.Quantile > 0 && c.Quantile <= 1):
		return fmt.Errorf("--quantile %v: it must be above 0 and at most 1", c.Quantile)
	case c.First < 0:
		return fmt.Errorf("--first %d: it must be at least 1, or 0 for all", c.First)
	case c.Batch < 1 || c.Batch > mostPictures:
		return fmt.Errorf("--batch %d: it must be from 1 to %d", c.Batch, mostPictures)
	}
	if err := experiments.CheckSplit(c.Split); err != nil {
		return err
	}
	if err := (data.Options{Values: c.Values}).Check(); err != nil {
		return err
	}
	return checkBackend(c.Backend)
}

// scoring is a scoring on its way.
type scoring struct {
	cmd       *scoreCmd
	run       *experiments.Opened
	mapper    *anogan.Mapper
	console   *console
	trained   *data.Source // what the run was trained on; nil where that cannot be had
	compared  *data.Source // the normal pictures
	normal    []float64    // their scores, rising
	threshold float64
	anomalous int
}

// which is the place of the deciding score among the four.
func (s *scoring) which() int { return slices.Index(anogan.ScoreNames, s.cmd.By) }

// calibrate scores normal pictures, chooses the threshold by them alone, and says what it lets pass.
func (s *scoring) calibrate(a *app) error {
	src, origin, err := s.normals(a)
	if err != nil {
		return err
	}
	n := min(s.cmd.Normals, src.Len())
	if s.compared, err = src.Subset(seed.Rand(s.cmd.Seed, "normal").Perm(src.Len())[:n]); err != nil {
		return err
	}
	if known := s.chosen(); known != nil && s.trained != nil {
		if count := known.Common(s.trained); count > 0 {
			origin += fmt.Sprintf(", %s of them trained on", grouped(count))
		}
	}
	begun := time.Now()
	for r, err := range s.mapper.Search(a.ctx, s.compared) {
		if err != nil {
			return fmt.Errorf("normal pictures of %s: %w", src.Name(), err)
		}
		s.normal = append(s.normal, r.Scores()[s.which()])
		s.progress("normal pictures", len(s.normal), n, begun)
	}
	slices.Sort(s.normal)
	if s.threshold, err = eval.NormalQuantile(s.normal, s.cmd.Quantile); err != nil {
		return err
	}
	chosen := fmt.Sprintf("the %v quantile of", s.cmd.Quantile)
	if s.cmd.Threshold != nil {
		s.threshold, chosen = *s.cmd.Threshold, "given; compared with"
	}
	s.console.Clear()
	s.console.Line("threshold %.6g, %s %s (%s): flags %.1f %% of them", s.threshold, chosen, plural(n, "normal picture"), origin, 100*s.above(s.threshold))
	return nil
}

// above is the share of normal pictures that score at least so high.
func (s *scoring) above(score float64) float64 {
	below, _ := slices.BinarySearch(s.normal, score)
	return float64(len(s.normal)-below) / float64(len(s.normal))
}

// score searches every query and writes its row as soon as its batch is done.
func (s *scoring) score(a *app, sets []named, w io.Writer) error {
	total, done := 0, 0
	for _, set := range sets {
		total += set.Len()
	}
	out := newScoreWriter(w, s.cmd.Format)
	if err := out.begin(); err != nil {
		return err
	}
	begun := time.Now()
	for _, set := range sets {
		for r, err := range s.mapper.Search(a.ctx, set) {
			if err != nil {
				return set.explain(err)
			}
			row := s.row(set.name(r.Query), r)
			if s.cmd.Maps != "" {
				if err := drawMaps(s.cmd.Maps, done, row.Picture, set, r); err != nil {
					return err
				}
			}
			if err := out.row(row); err != nil {
				return err
			}
			done++
			s.progress("pictures", done, total, begun)
		}
	}
	s.console.Clear()
	s.console.Line("%d of %s anomalous; %.1f pictures/s", s.anomalous, plural(total, "picture"), float64(total)/time.Since(begun).Seconds())
	return out.end()
}

func (s *scoring) row(name string, r anogan.Result) scoreRow {
	scores := r.Scores()
	score := scores[s.which()]
	row := scoreRow{
		Picture: name, Score: score, Verdict: "normal", NormalsAsHigh: s.above(score),
		Residual: scores[0], Discrimination: scores[1], Weighted: scores[2], Logit: scores[3],
	}
	if score >= s.threshold {
		row.Verdict = "anomalous"
		s.anomalous++
	}
	return row
}

func (s *scoring) progress(what string, done, total int, begun time.Time) {
	now := time.Now()
	// Results come a batch at a time: in the midst of one the rate would be wrong.
	if done%s.cmd.Batch == 0 && done < total && s.console.Due(now) {
		rate := float64(done) / now.Sub(begun).Seconds()
		s.console.Progress(now, fmt.Sprintf("%s: %s of %s, %s left", what, grouped(done), grouped(total), roughly(seconds(float64(total-done)/rate))))
	}
}
