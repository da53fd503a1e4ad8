package features

import (
	"context"
	"errors"
	"fmt"

	"github.com/ganbook/ganbook/ganlib"
	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/eval"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Inception is the net of the published FIDs, from a file of weights that the user has.
type Inception struct {
	hash string
	*extractor
}

// inceptionName is how Inception is called in figures.
const inceptionName = "inception-v3-fid"

// inceptionSource says where its weights come from.
const inceptionSource = "give the weights of the FID as safetensors with the names of pytorch-fid: get pt_inception-2015-12-05-6726825d.pth from " +
	"the releases of github.com/mseitzer/pytorch-fid and convert it in Python: safetensors.torch.save_file(torch.load(FILE), \"inception.safetensors\")"

// errNoInception is the answer to who wants Inception and has no weights.
var errNoInception = errors.New("features: the weights of Inception do not come with ganbook; " + inceptionSource + ", then name it with --features inception.safetensors")

// inceptionBatch bounds its memory: an image needs about 50 MB on its way.
const inceptionBatch = 4

// isInception tells a file of Inception by a name in it.
func isInception(entries []runlog.Tensor) bool {
	for _, e := range entries {
		if e.Name == inceptionMark {
			return true
		}
	}
	return false
}

func newInception(b compute.Backend, path string, file []byte, entries []runlog.Tensor) (*Inception, error) {
	byName := map[string]runlog.Tensor{}
	for _, e := range entries {
		byName[e.Name] = e
	}
	if err := checkInception(path, byName); err != nil {
		return nil, err
	}
	store := ganlib.NewStore(0)
	if err := fillInception(store, path, byName); err != nil {
		return nil, fmt.Errorf("features: %s: %w", path, err)
	}
	e, err := newExtractor(b, store, inceptionName, inceptionBatch, inceptionDim, []int{inceptionSize, inceptionSize, 3}, inceptionFeatures)
	if err != nil {
		return nil, err
	}
	return &Inception{hashOf(file), e}, nil
}

// inceptionFeatures: images [B,299,299,3] in [−1, 1] → [B,2048].
func inceptionFeatures(s *model.Scope, x *Node) *Node {
	return ReduceMean(inceptionTrunk().build(s.Store(), x), 1, 2)
}

// Name implements [Net].
func (n *Inception) Name() string { return inceptionName }

// Hash implements [Net].
func (n *Inception) Hash() string { return n.hash }

// Dim implements [Net].
func (n *Inception) Dim() int { return n.dim }

// Close implements [Net].
func (n *Inception) Close() { n.exec.Finalize() }

// Accepts implements [Net]: Inception takes images of any size; grey ones are shown as grey RGB.
func (n *Inception) Accepts(height, width, channels int) error {
	if height < 1 || width < 1 || channels != 1 && channels != 3 {
		return fmt.Errorf("features: %s cannot look at images of %d×%d×%d; they must have 1 or 3 channels", inceptionName, height, width, channels)
	}
	return nil
}

// Extract implements [Net]. Images are resized to 299×299 as pytorch-fid does: bilinear, half-pixel centres, without
// antialiasing.
func (n *Inception) Extract(ctx context.Context, src *data.Source, done func(images int)) (eval.Points, error) {
	h, w, c := src.Height(), src.Width(), src.Channels()
	if err := n.Accepts(h, w, c); err != nil {
		return eval.Points{}, err
	}
	r := newResizer(h, w, c, inceptionSize)
	size := inceptionSize * inceptionSize * 3
	image := make([]float32, h*w*c)
	return n.run(ctx, src.Len(), func(dst []float32, indices []int) {
		for k, i := range indices {
			src.Fill(image, []int{i})
			r.resize(dst[k*size:(k+1)*size], image)
		}
	}, done)
}
