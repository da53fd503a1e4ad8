package dcgan_test

import (
	"fmt"
	"math"
	"path"
	"slices"
	"testing"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/backend"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/testdata/papers"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// build creates all networks of a configuration without computing anything.
func build(t *testing.T, c dcgan.Config) (*ganlib.GAN, *model.Store) {
	t.Helper()
	gan, err := dcgan.New(c)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.New("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	store := ganlib.NewStore(999)
	if err := ganlib.Build(b, store, gan); err != nil {
		t.Fatal(err)
	}
	return gan, store
}

// The practice's tables, row by row, and what they add up to.
func TestPracticeTablesAsPrinted(t *testing.T) {
	paper, err := papers.Load("dcgan.json")
	if err != nil {
		t.Fatal(err)
	}
	gan, store := build(t, dcgan.Practice2023())
	if len(paper.Networks) != len(gan.Networks) {
		t.Fatalf("%d tables printed, %d networks built", len(paper.Networks), len(gan.Networks))
	}
	for i, printed := range paper.Networks {
		network := gan.Networks[i]
		t.Run(printed.Name, func(t *testing.T) {
			if network.Name != printed.Name || len(network.Layers) != len(printed.Rows) {
				t.Fatalf("network %s has %d layers, printed %s with %d", network.Name, len(network.Layers), printed.Name, len(printed.Rows))
			}
			for j, row := range printed.Rows {
				compareRow(t, store, network, network.Layers[j], row)
			}
			if _, total := ganlib.Table(store, network.Scope); total != printed.Total {
				t.Errorf("%d trainable parameters, printed %d", total, printed.Total)
			}
			conv, norm := sums(printed)
			if conv != printed.Conv || norm != printed.Norm || conv+norm != printed.Total {
				t.Errorf("the printed rows add up to %d + %d, printed %d + %d = %d", conv, norm, printed.Conv, printed.Norm, printed.Total)
			}
			if running := runningNumbers(store, network); running != printed.Running {
				t.Errorf("%d running averages, printed %d", running, printed.Running)
			}
		})
	}
}

func compareRow(t *testing.T, store *model.Store, n ganlib.Network, l ganlib.Layer, row papers.Row) {
	t.Helper()
	got := papers.Row{
		Block: row.Block, Op: l.Op, Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, OutputPadding: l.OutputPadding,
		Out: []int{l.Out.Channels, l.Out.Height, l.Out.Width}, Activation: l.Activation,
		Conv: n.Parameters(store, l.Scope),
	}
	if l.NormScope != "" {
		got.Norm = n.Parameters(store, l.NormScope)
	}
	// Ours is [n, kh, kw, c] for both directions; the document's is [n, c, kh, kw].
	if w := store.GetVariable(path.Join(n.Scope, l.Scope, "w")); w != nil {
		d := w.Shape().Dimensions
		got.Weights = []int{d[0], d[3], d[1], d[2]}
	}
	if fmt.Sprint(got) != fmt.Sprint(row) {
		t.Errorf("%s block %d:\n got     %+v\n printed %+v", n.Name, row.Block, got, row)
	}
}

func sums(n papers.Network) (conv, norm int) {
	for _, r := range n.Rows {
		conv, norm = conv+r.Conv, norm+r.Norm
	}
	return conv, norm
}

func runningNumbers(store *model.Store, n ganlib.Network) int {
	count := 0
	for v := range store.IterVariables() {
		if !v.Trainable && slices.Contains([]string{"moving_mean", "moving_variance"}, path.Base(v.Path())) &&
			len(v.Path()) > len(n.Scope) && v.Path()[:len(n.Scope)+1] == n.Scope+"/" {
			count += v.Shape().Size()
		}
	}
	return count
}

// The formulas for any width (spec §7.2), extended to any number of blocks: with g = ngf and K = S/8 doublings of the
// maps, G has 16·(nz·Kg + Σ 2m² + nc·g) weights, m = g, 2g … Kg/2, and 2·(2K−1)·g numbers in batch norm; D likewise.
func TestParameterCountsOfOtherWidthsAndSizes(t *testing.T) {
	for _, tc := range []struct{ size, ngf, ndf, nz, nc int }{
		{64, 64, 64, 100, 3}, {64, 16, 16, 100, 3}, {64, 32, 24, 7, 1}, {64, 5, 3, 10, 3},
		{32, 64, 64, 100, 3}, {32, 8, 8, 16, 1}, {128, 16, 16, 100, 3}, {128, 6, 10, 12, 3}, {16, 8, 4, 3, 3},
	} {
		t.Run(fmt.Sprintf("%dpx g%d d%d", tc.size, tc.ngf, tc.ndf), func(t *testing.T) {
			c := dcgan.Practice2023()
			c.ImageSize, c.GenMaps, c.DiscMaps, c.Latent, c.Channels = tc.size, tc.ngf, tc.ndf, tc.nz, tc.nc
			gan, store := build(t, c)
			wantG, wantD := counts(tc.size, tc.ngf, tc.ndf, tc.nz, tc.nc)
			if tc.size == 64 { // as the specification writes it
				g, f := tc.ngf, tc.ndf
				if w := 16*(8*tc.nz*g+42*g*g+g*tc.nc) + 30*g; w != wantG {
					t.Fatalf("the general formula gives %d, that of 64×64 %d", wantG, w)
				}
				if w := 16*(tc.nc*f+42*f*f+8*f) + 28*f; w != wantD {
					t.Fatalf("the general formula gives %d, that of 64×64 %d", wantD, w)
				}
			}
			if _, total := ganlib.Table(store, ganlib.ScopeGenerator); total != wantG {
				t.Errorf("generator: %d parameters, want %d", total, wantG)
			}
			if _, total := ganlib.Table(store, ganlib.ScopeDiscriminator); total != wantD {
				t.Errorf("discriminator: %d parameters, want %d", total, wantD)
			}
			for _, n := range gan.Networks {
				if blocks := len(n.Layers); 1<<(blocks+1) != tc.size {
					t.Errorf("%s: %d blocks for %d×%d pixels", n.Name, blocks, tc.size, tc.size)
				}
			}
		})
	}
}

func counts(size, g, f, nz, nc int) (generator, discriminator int) {
	k := size / 8 // widest over narrowest hidden map
	generator, discriminator = 16*(nz*k*g+nc*g)+2*k*g, 16*(nc*f+k*f)
	for m := 1; m < k; m *= 2 {
		generator += 16*2*m*g*m*g + 2*m*g
		discriminator += 16*2*m*f*m*f + 2*2*m*f
	}
	return generator, discriminator
}

// The paper's G: 4×4×1024 first, 5×5 kernels.
func TestPaperNetwork(t *testing.T) {
	gan, store := build(t, dcgan.Radford2015())
	var maps []int
	for _, l := range gan.Networks[0].Layers {
		maps = append(maps, l.Out.Channels)
	}
	if want := []int{1024, 512, 256, 128, 3}; !slices.Equal(maps, want) {
		t.Errorf("maps of G %v, want %v", maps, want)
	}
	for _, n := range gan.Networks {
		for _, l := range n.Layers {
			w := store.GetVariable(path.Join(n.Scope, l.Scope, "w"))
			if k := w.Shape().Dimensions[1]; k != l.Kernel {
				t.Errorf("%s/%s: kernel %d in the table, %d built", n.Name, l.Scope, l.Kernel, k)
			}
			if l.Stride == 2 && (l.Kernel != 5 || l.Padding != 2) {
				t.Errorf("%s/%s: kernel %d, padding %d; want 5 and 2", n.Name, l.Scope, l.Kernel, l.Padding)
			}
		}
	}
}

// Initial statistics of a fresh full-size net (spec §13): kernels |mean| < 1e-3 and std 0.02 ± 1 % over all of them;
// batch norm's scale mean 1 ± 0.005, std 0.02 ± 10 %; its shift exactly 0.
func TestInitialStatistics(t *testing.T) {
	_, store := build(t, dcgan.Practice2023())
	groups := map[string][]float64{}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range numbers {
			groups[path.Base(v.Path())] = append(groups[path.Base(v.Path())], float64(x))
		}
	}
	if mean, std := moments(groups["w"]); math.Abs(mean) >= 1e-3 || math.Abs(std/0.02-1) > 0.01 {
		t.Errorf("kernels: mean %.6f, std %.6f", mean, std)
	}
	if mean, std := moments(groups["gamma"]); math.Abs(mean-1) > 0.005 || math.Abs(std/0.02-1) > 0.1 {
		t.Errorf("scales: mean %.6f, std %.6f", mean, std)
	}
	for name, want := range map[string]float64{"beta": 0, "moving_mean": 0, "moving_variance": 1} {
		if mean, std := moments(groups[name]); len(groups[name]) != 1920/2+1792/2 || mean != want || std != 0 {
			t.Errorf("%s: %d numbers, mean %v, std %v; want all %v", name, len(groups[name]), mean, std, want)
		}
	}
}

func moments(x []float64) (mean, std float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(std / n)
}
