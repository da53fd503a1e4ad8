package ganlib

import (
	"fmt"
	"strings"

	"github.com/ganbook/ganbook/ganlib/nn"
	"github.com/gomlx/gomlx/ml/model"
)

// NewStore returns an empty set of variables whose initial values follow from the master seed.
func NewStore(seed int64) *model.Store {
	store := model.NewStore()
	nn.SetSeed(store, seed)
	return store
}

// IsOptimizer says whether a variable belongs to an optimiser rather than to a network.
func IsOptimizer(path string) bool { return below(path, scopeAdam) }

// below says whether a variable's path lies in a scope.
func below(path, scope string) bool {
	return scope == "/" || strings.HasPrefix(path, strings.TrimSuffix(scope, "/")+"/")
}

// CopyScope clones every variable below from to the same name below to, replacing what is there.
func CopyScope(store *model.Store, from, to string) error {
	var found []*model.Variable
	for v := range store.IterVariables() {
		if below(v.Path(), from) {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("ganlib: copy %s to %s: there is no variable below %s", from, to, from)
	}
	for _, v := range found {
		if err := copyVariable(store, v, to+strings.TrimPrefix(v.Path(), from)); err != nil {
			return fmt.Errorf("ganlib: copy %s to %s: %w", from, to, err)
		}
	}
	return nil
}

func copyVariable(store *model.Store, v *model.Variable, path string) error {
	value, err := v.Value()
	if err != nil {
		return err
	}
	clone, err := value.LocalClone()
	if err != nil {
		return err
	}
	if old := store.GetVariable(path); old != nil {
		return old.SetValue(clone)
	}
	created, err := store.CreateVariable(path, clone)
	if err != nil {
		return err
	}
	created.SetTrainable(v.Trainable)
	return nil
}
