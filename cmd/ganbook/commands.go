package main

// commands is the command line. Each command is a struct in a file of its name.
type commands struct {
	Run      runCmd      `cmd:"" help:"Train an experiment and draw its figures."`
	Resume   resumeCmd   `cmd:"" help:"Go on with a run that was stopped."`
	Generate generateCmd `cmd:"" help:"Draw pictures from a trained generator: a grid, single pictures, a walk."`
	Eval     evalCmd     `cmd:"" help:"Compute the class × seed grid of an evaluation that is fixed before training."`
	Score    scoreCmd    `cmd:"" help:"Say how anomalous pictures are to a trained AnoGAN."`
	Replay   replayCmd   `cmd:"" help:"Repeat a run from its record and say whether the same comes out, to the bit."`
	Runs     runsCmd     `cmd:"" help:"List, show, stop and delete runs."`
	Compare  compareCmd  `cmd:"" help:"Compare runs: statistics, pictures and sample sheets side by side."`
	FID      fidCmd      `cmd:"" name:"fid" help:"FID and KID of a run's samples, on a named net, beside those of real images."`
	Features featuresCmd `cmd:"" help:"Train the nets on whose features FID and KID are measured."`
	List     listCmd     `cmd:"" aliases:"experiments" help:"List the experiments."`
	Table    tableCmd    `cmd:"" help:"Print an experiment's networks row by row beside the document's tables."`
	Data     dataCmd     `cmd:"" help:"List, download, verify and prepare sets of images."`
	Lab      labCmd      `cmd:"" help:"Open the notebooks in JupyterLab; sets up what is missing."`
	Setup    setupCmd    `cmd:"" help:"Install the notebook kernel \"Go (ganbook)\" and JupyterLab."`
	Nb       nbCmd       `cmd:"" help:"Run and check notebooks without a browser, or write them as HTML."`
	Bench    benchCmd    `cmd:"" help:"Measure training steps, also against PyTorch, or the notebook kernel."`
	Doctor   doctorCmd   `cmd:"" help:"Check what this machine has and lacks, or what went wrong in a run."`
	Test     testCmd     `cmd:"" help:"Run all tests of this checkout."`
}
