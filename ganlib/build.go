package ganlib

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Build creates the variables of every network of a game at full size, with their initial values, by building its
// graph once. Nothing is compiled or computed: it is enough for tables and for counting parameters.
func Build(b compute.Backend, store *model.Store, gan *GAN) error {
	err := exceptions.TryCatch[error](func() {
		g := graph.NewGraph(b, gan.Name+"/build")
		defer g.Finalize()
		in := NewInputs(store, nil)
		in.Alpha = graph.Parameter(g, "alpha", shapes.Make(dtypes.Float32))
		in.Z = graph.Parameter(g, "z", shapes.Make(dtypes.Float32, 2, gan.Prior.Size))
		x := gan.Generate(in)
		gan.Discriminate(in, x)
		if gan.Encode != nil {
			gan.Encode(in, x)
		}
	})
	if err != nil {
		return fmt.Errorf("ganlib: %s: %w", gan.Name, err)
	}
	return nil
}
