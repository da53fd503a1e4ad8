package proxy

// Prelude is run before the first cell, so that a notebook begins with its subject. A cell pays only for the imports it
// uses: GoNB drops the others before it compiles.
const Prelude = `%noautoget
import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	rand "math/rand/v2"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ganbook/ganbook/ganlib/data"
	"github.com/ganbook/ganbook/ganlib/dcgan"
	"github.com/ganbook/ganbook/ganlib/experiments"
	"github.com/ganbook/ganbook/ganlib/runlog"
	"github.com/ganbook/ganbook/ganlib/train"
	"github.com/ganbook/ganbook/kernelext"
	"github.com/ganbook/ganbook/plots"
	"github.com/janpfeifer/gonb/gonbui"
)
`
