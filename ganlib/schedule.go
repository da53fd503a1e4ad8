package ganlib

// Schedule says what changes with the images shown. It is arithmetic: no graph, no backend.
type Schedule interface{ At(images int64) Phase }

// Phase is the state of a schedule.
type Phase struct {
	// Stage names the part of the game that is played; steps with another Stage rest. A change of stage makes
	// Copies and, with FreshAdam, starts every optimiser from zero moments.
	Stage     string
	Copies    []Copy
	FreshAdam bool

	Resolution   int                // side of the images in play; 0: full size. A new value builds new graphs
	Alpha        float64            // fade-in weight of the newest resolution, in [0, 1]
	BatchSize    int                // 0: the run's
	LearningRate map[string]float64 // by Step.Name; absent: the step's own
}

// Copy clones every variable below scope From to scope To: a frozen earlier network, or the start of a new one.
type Copy struct{ From, To string }

// Constant is the schedule on which nothing changes.
type Constant struct{}

// At returns the only phase there is, at full fade-in.
func (Constant) At(int64) Phase { return Phase{Alpha: 1} }
