package frozen

import "fmt"

// Net is a chain of layers. Several goroutines may compute with it, each in a [Memory] of its own.
type Net struct {
	layers        []Layer
	grids         []grid // of the input, and of each layer's output
	forward, back []*gather
	elementBias   [][]float32 // of layers that have one for every element: laid out as their output
}

// New prepares a chain of layers, each of which must take what the one before makes. It is an error if one does not, or if
// numbers of a layer are missing, too many or impossible; the error counts layers from 1.
func New(layers []Layer) (*Net, error) {
	if len(layers) == 0 {
		return nil, fmt.Errorf("frozen: no layers")
	}
	n := &Net{layers: layers, grids: []grid{{Shape: layers[0].In}}, elementBias: make([][]float32, len(layers))}
	for i, l := range layers {
		if err := l.validate(); err != nil {
			return nil, fmt.Errorf("frozen: layer %d: %w", i+1, err)
		}
		if before := n.grids[i].Shape; before != l.In {
			return nil, fmt.Errorf("frozen: layer %d takes %s, the one before makes %s", i+1, l.In, before)
		}
		n.grids = append(n.grids, grid{Shape: l.Out})
		op, kernel, stride, before := l.geometry()
		there, back := convolve, transpose
		if op == Transposed {
			there, back = transpose, convolve
		}
		n.forward = append(n.forward, there(l.In, l.Out, kernel, stride, before))
		n.back = append(n.back, back(l.Out, l.In, kernel, stride, before))
		n.grids[i].margin = max(n.grids[i].margin, n.forward[i].reach())
		n.grids[i+1].margin = n.back[i].reach()
	}
	for i, l := range layers {
		n.prepare(i, l)
	}
	return n, nil
}

func (n *Net) prepare(i int, l Layer) {
	in, out := n.grids[i], n.grids[i+1]
	scale, bias := l.folded()
	n.forward[i].prepare(in.margin, out.margin, bias, func(ky, kx, in, out int) float32 { return l.weight(ky, kx, in, out) * scale[out] })
	n.back[i].prepare(out.margin, in.margin, make([]float32, l.In.Maps), func(ky, kx, out, in int) float32 { return l.weight(ky, kx, in, out) * scale[out] })
	if l.perElement() {
		scaled := make([]float32, len(l.Bias))
		for e, b := range l.Bias {
			scaled[e] = b * scale[e%l.Out.Maps]
		}
		n.elementBias[i] = n.Pack(i+1, scaled)
		for lane := 1; lane < Lanes(); lane++ {
			n.Put(i+1, n.elementBias[i], lane, scaled)
		}
	}
}

// Size is how many numbers activation i of an example has: 0 is the input, i the output of the i-th layer.
func (n *Net) Size(i int) int { return n.grids[i].size() }

// Pack lays activations i of up to [Lanes] examples out as this package computes with them. In values [examples, Size(i)]
// they lie one after the other, each height, width, map. Lanes without an example hold zeros. More examples than lanes panic.
func (n *Net) Pack(i int, values []float32) []float32 {
	if examples := len(values) / n.Size(i); examples > Lanes() || len(values)%n.Size(i) != 0 {
		panic(fmt.Sprintf("frozen: %d numbers are no whole examples of %d, or more than %d of them", len(values), n.Size(i), Lanes()))
	}
	packed := n.empty(i)
	for lane := 0; len(values) > 0; lane++ {
		n.Put(i, packed, lane, values[:n.Size(i)])
		values = values[n.Size(i):]
	}
	return packed
}

func (n *Net) empty(i int) []float32 { return make([]float32, n.grids[i].elements()*Lanes()) }

// Put writes an example's activation i, [Size(i)], into its lane of a packed one.
func (n *Net) Put(i int, packed []float32, lane int, values []float32) {
	n.eachRow(i, func(at int, row int, length int) {
		for k, v := range values[row : row+length] {
			packed[(at+k)*Lanes()+lane] = v
		}
	})
}

// Take reads an example's activation i, [Size(i)], from its lane of a packed one.
func (n *Net) Take(i int, packed []float32, lane int, values []float32) {
	n.eachRow(i, func(at int, row int, length int) {
		for k := range values[row : row+length] {
			values[row+k] = packed[(at+k)*Lanes()+lane]
		}
	})
}

// eachRow visits the rows of activation i: where a row lies, and where it is among the activation's numbers.
func (n *Net) eachRow(i int, visit func(at, row, length int)) {
	g := n.grids[i]
	length := g.Width * g.Maps
	for y := range g.Height {
		visit(g.at(y, 0), y*length, length)
	}
}

// Memory holds the activations of a chain for [Lanes] examples, and the gradients by them.
type Memory struct {
	net    *Net
	values [][]float32
	slopes [][]float32
}

// NewMemory is memory for computing with the chain.
func (n *Net) NewMemory() *Memory {
	m := &Memory{net: n}
	for i := range n.grids {
		m.values = append(m.values, n.empty(i))
		m.slopes = append(m.slopes, n.empty(i))
	}
	return m
}

// Values are activation i, as [Net.Pack] lays it out. What is written there is what is computed with.
func (m *Memory) Values(i int) []float32 { return m.values[i] }

// Gradient is what [Memory.Backward] starts from or arrives at: the gradient by activation i. Its margin must stay zero.
func (m *Memory) Gradient(i int) []float32 { return m.slopes[i] }

// Forward computes activations from+1 to to from activation from.
func (m *Memory) Forward(from, to int) {
	for i := from; i < to; i++ {
		l, y := m.net.layers[i], m.values[i+1]
		m.net.forward[i].compute(m.values[i], y)
		if bias := m.net.elementBias[i]; bias != nil {
			add(y, bias)
		}
		if l.Activation == Tanh {
			tanh(y)
		} else if l.Slope != 1 {
			leaky(y, l.Slope)
		}
	}
}

// Backward computes the gradient by activation to from that by activation from ≥ to, which is overwritten. The activations
// must be those of the same examples.
func (m *Memory) Backward(from, to int) {
	for i := from; i > to; i-- {
		l, v := m.net.layers[i-1], m.slopes[i]
		if l.Activation == Tanh {
			tanhBack(v, m.values[i])
		} else if l.Slope != 1 {
			leakyBack(v, m.values[i], l.Slope)
		}
		m.net.back[i-1].compute(v, m.slopes[i-1])
	}
}

// Layers is how many layers the chain has.
func (n *Net) Layers() int { return len(n.layers) }
