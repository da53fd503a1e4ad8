package kernelext

import (
	"github.com/janpfeifer/gonb/gonbui"
)

// Screen is one output of the cell whose picture changes: what is shown later stands in place of what was shown before,
// and the last stays in the saved notebook. For a training use Live.
//
//	screen := kernelext.NewScreen()
//	for … {
//		screen.Show(picture)
//	}
type Screen struct{ id string }

// NewScreen makes a screen, on which nothing is seen until the first picture.
func NewScreen() *Screen {
	if !gonbui.IsNotebook {
		return &Screen{}
	}
	// The kernel remembers ids as long as it lives; one used before would show nothing when the cell is run again.
	return &Screen{id: "ganbook-screen-" + gonbui.UniqueId()}
}

// Show puts a picture on the screen: whatever [Show] takes, and it panics as that does.
func (s *Screen) Show(picture any, err ...error) {
	data := display(picture, err)
	data.DisplayID = s.id
	send(data)
}
