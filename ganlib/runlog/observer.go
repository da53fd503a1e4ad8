package runlog

import "context"

type observerKey struct{}

// WithObserver returns a context that tells whoever runs a training in it the folder of the run: observe is called once
// the run is open for writing, before its first iteration. It is how a program learns which run the code it was handed has made.
func WithObserver(ctx context.Context, observe func(dir string)) context.Context {
	return context.WithValue(ctx, observerKey{}, observe)
}

// Observe tells the observer of the context, if it has one, that the run in a folder is open for writing. Trainers call it.
func Observe(ctx context.Context, dir string) {
	if observe, ok := ctx.Value(observerKey{}).(func(dir string)); ok {
		observe(dir)
	}
}
