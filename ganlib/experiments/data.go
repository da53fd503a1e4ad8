package experiments

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ganbook/ganbook/ganlib/data"
)

// choose puts the user's data in place of the experiment's own: a built-in set by name, or a path.
func (d *DataSettings) choose(wish string) error {
	if wish == "" {
		return nil
	}
	if wish == "faces" {
		d.Set, d.Path = wish, ""
		return nil
	}
	d.Count = 0
	_, unknown := data.FindSet(wish)
	if _, absent := os.Stat(wish); absent != nil && unknown == nil {
		d.Set, d.Path = wish, ""
		return nil
	}
	path, err := filepath.Abs(wish)
	if d.Path = path; d.Part == nil { // an evaluation says which set it is of
		d.Set = ""
	}
	return err
}

// download fetches a named set whose files are not there yet.
func (d DataSettings) download(ctx context.Context, get func(context.Context, string) error) error {
	if d.Set == "" || d.Set == "faces" || d.Path != "" || get == nil {
		return nil
	}
	return get(ctx, d.Set)
}

// dataWishes is what --set can change of the images.
type dataWishes struct {
	Split  string `symbol:"split"`  // as in DataSettings; the seed may be left out
	Values string `symbol:"values"` // as in DataSettings
}

// settle checks the wishes and puts them into the settings, with nothing left to be guessed.
func (w dataWishes) settle(d *DataSettings) error {
	part, err := parseDivision(w.Split)
	if err != nil {
		return err
	}
	if err := (data.Options{Values: w.Values}).Check(); err != nil {
		return err
	}
	d.Split, d.Values = part.String(), w.Values
	return nil
}

// openData opens the images of the settings; progress may be nil.
func openData(ctx context.Context, d DataSettings, master int64, progress func(done, total int)) (*data.Source, error) {
	if d.Part != nil {
		return d.Part.open(ctx, d, progress)
	}
	src, err := OpenPart(ctx, d.Set, d.Path, d.Split, data.Options{
		Size: d.Size, Channels: d.Channels, Images: d.Count, Seed: master, Values: d.Values, Progress: progress,
	})
	if err != nil || d.Normal == "" {
		return src, err
	}
	return normalOnly(src, d.Normal)
}

// Trained is the images that the run was trained on, as Data opens them; others in their place are refused.
func (o *Opened) Trained(ctx context.Context) (*data.Source, error) {
	src, err := o.Data(ctx)
	if err != nil {
		return nil, err
	}
	if was := o.Run.Info().Data; src.Hash() != was.Hash {
		return nil, fmt.Errorf("experiments: %s was trained on other images (%s, %d of them, hash %.12s) than there are now (%s, %d, hash %.12s); put the old ones back",
			o.Run.Dir(), was.Name, was.Images, was.Hash, src.Name(), src.Len(), src.Hash())
	}
	return src, nil
}

// fit completes and checks settings that depend on the data.
func (s *Settings) fit(src *data.Source) error {
	if s.BatchSize > src.Len() {
		return fmt.Errorf("experiments: batch %d is larger than the %d images of %s; use a smaller --batch or more images", s.BatchSize, src.Len(), src.Name())
	}
	if s.Images == 0 {
		s.Images = int64(s.Epochs) * int64(src.Len())
	}
	s.Epochs = int((s.Images + int64(src.Len()) - 1) / int64(src.Len()))
	return nil
}
