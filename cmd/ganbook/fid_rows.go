package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/seed"
)

// fidRow is one comparison of two sets of equally many images.
type fidRow struct {
	Run        string  `json:"run"`
	Shown      int64   `json:"images_shown"` // to the generator's training, at the snapshot
	What       string  `json:"what"`         // "samples", "other training images", "training images" (or given ones)
	Against    string  `json:"against"`      // "training images", "held-out images"; of --data "given images", "given test images"
	Which      string  `json:"which"`        // images these are, in words
	Set        string  `json:"set"`
	Data       string  `json:"data"` // hash of the set that the images are of which it was compared with
	Floor      bool    `json:"floor"`
	Images     int     `json:"images"` // on either side
	FID        float64 `json:"fid"`
	KID        float64 `json:"kid"`
	Deviation  float64 `json:"kid_deviation"` // over the subsets
	Subsets    int     `json:"kid_subsets"`
	SubsetSize int     `json:"kid_subset_size"`
	Net        string  `json:"net"`
	NetHash    string  `json:"net_sha256"`
	Dim        int     `json:"features"`
	Seed       int64   `json:"seed"`
	Mode       string  `json:"mode"`
}

// rows compares the samples with training and with held-out images, and beside each what real images are from these: the
// floor, with the same numbers of images, so that FID's bias is the same.
func (m *fidMeasure) rows() ([]fidRow, error) {
	near := min(m.cmd.Images, m.real.Len()/2)
	far := 0
	if m.held.Source != nil {
		far = min(m.cmd.Images, m.held.Len(), m.real.Len())
	}
	if near < 2 {
		return nil, fmt.Errorf("fid: %s has %s; comparing needs at least 4", m.real.Name(), plural(m.real.Len(), "image"))
	}
	drawn, err := m.samples(max(near, far))
	if err != nil {
		return nil, err
	}
	samples, err := m.points("samples", drawn)
	if err != nil {
		return nil, err
	}
	real, err := m.chosen("training", m.real, max(2*near, far))
	if err != nil {
		return nil, err
	}
	of := fidComparison{m, m.real, real.Part(0, near)}
	rows, err := of.with(nil, "samples", samples.Part(0, near), false)
	if err == nil {
		rows, err = of.with(rows, "other "+m.real.name, real.Part(near, 2*near), true)
	}
	if err != nil || m.held.Source == nil {
		return rows, err
	}
	held, err := m.chosen("test", m.held, far)
	if err != nil {
		return nil, err
	}
	of = fidComparison{m, m.held, held}
	if rows, err = of.with(rows, "samples", samples.Part(0, far), false); err != nil {
		return nil, err
	}
	return of.with(rows, m.real.name, real.Part(0, far), true)
}

// fidComparison is with one set of real images.
type fidComparison struct {
	*fidMeasure
	of   fidImages
	real eval.Points
}

// mostInSubset is the size of KID's subsets where there are enough images; else it is half of them.
const mostInSubset = 1000

func (f fidComparison) with(rows []fidRow, what string, points eval.Points, floor bool) ([]fidRow, error) {
	ours, err := eval.FitGaussian(points)
	if err != nil {
		return nil, err
	}
	theirs, err := eval.FitGaussian(f.real)
	if err != nil {
		return nil, err
	}
	fid, err := ours.Frechet(theirs)
	if err != nil {
		return nil, err
	}
	n := points.Len()
	kid, err := eval.KernelDistances(points, f.real, f.cmd.Subsets, max(2, min(mostInSubset, n/2)), seed.Rand(f.cmd.Seed, "fid/subsets"))
	if err != nil {
		return nil, err
	}
	return append(rows, fidRow{
		Run: f.run.Run.Dir(), Shown: f.run.State.Images, What: what, Against: f.of.name, Which: f.of.which, Set: f.of.Name(), Data: f.of.Hash(), Floor: floor,
		Images: n, FID: fid, KID: kid.Mean, Deviation: kid.Deviation, Subsets: kid.Subsets, SubsetSize: kid.Size,
		Net: f.net.Name(), NetHash: f.net.Hash(), Dim: f.net.Dim(), Seed: f.cmd.Seed, Mode: f.cmd.Mode,
	}), nil
}

// print writes rows for people, or as JSON.
func (m *fidMeasure) print(rows []fidRow) error {
	if m.cmd.JSON {
		for _, r := range rows {
			if err := json.NewEncoder(m.app.out).Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(m.app.out, "%s, snapshot at %s shown; samples of seed %d, batch norm: %s\n",
		m.run.Run.Dir(), plural(int(m.run.State.Images), "image"), m.cmd.Seed, m.cmd.Mode)
	w := tabwriter.NewWriter(m.app.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FID\tKID\tIMAGES\tOF WHAT\tAGAINST\tNET")
	for _, r := range rows {
		what := r.What
		if r.Floor {
			what += " (the floor)"
		}
		fmt.Fprintf(w, "%.4g\t%.4g ± %.3g\t%s each\t%s\t%s of %s\t%s %.12s\n", r.FID, r.KID, r.Deviation, grouped(r.Images), what, r.Against, r.Set, r.Net, r.NetHash)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, r := range rows {
		if i == 0 || r.Against != rows[i-1].Against {
			fmt.Fprintf(m.app.out, "%s: %s\n", r.Against, r.Which)
		}
	}
	for _, r := range rows {
		if r.Images <= 2*r.Dim {
			_, err := fmt.Fprintf(m.app.out, "%s are few for %d features: their FID is mostly bias, KID has none\n", plural(r.Images, "image"), r.Dim)
			return err
		}
	}
	return nil
}
