package nbhtml

import "strings"

// set makes a set of the words of a text, pairs a map of words that follow each other.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

func pairs(words string) map[string]string {
	m := map[string]string{}
	list := strings.Fields(words)
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// plain are characters that are operators by themselves.
var plain = map[string]string{"+": "+", "-": "−", "*": "∗", "/": "/", "=": "=", "<": "&lt;", ">": "&gt;", ",": ",", ";": ";",
	":": ":", "!": "!", "?": "?", ".": "."}

var letters = pairs(`alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
	lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
	Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
	infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ emptyset ∅ varnothing ∅ top ⊤ bot ⊥ Re ℜ Im ℑ`)

// large operators take their limits below and above, integrals beside.
var large = pairs(`sum ∑ prod ∏ int ∫ iint ∬ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂`)

var operators = pairs(`cdot ⋅ times × div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ odot ⊙ otimes ⊗ oplus ⊕
	leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ ll ≪ gg ≫ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝ lt < gt >
	to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ iff ⟺
	longrightarrow ⟶ mapsto ↦ uparrow ↑ downarrow ↓ in ∈ ni ∋ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ cup ∪ cap ∩ setminus ∖
	forall ∀ exists ∃ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨ mid ∣ parallel ∥ perp ⊥ colon :
	ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ prime ′ % % # # & & $ $ _ _`)

// functions are names set upright, limits those whose subscript stands below them; the keys have the backslash, as
// tokens do.
var limits = set(`\min \max \lim \sup \inf \argmin \argmax`)
var functions = set(`\log \ln \exp \sin \cos \tan \tanh \sinh \cosh \arg \det \dim \ker \Pr \gcd \deg`)

var spaces = map[string]string{",": "0.167em", ":": "0.222em", ">": "0.222em", ";": "0.278em", "!": "-0.167em", " ": "0.333em",
	"\n": "0.333em", "quad": "1em", "qquad": "2em"}

var delimiters = pairs(`{ { } } lbrace { rbrace } langle ⟨ rangle ⟩ lVert ‖ rVert ‖ Vert ‖ | ‖ lvert | rvert | vert |
	lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrack [ rbrack ]`)

const openers = "([{⟨⌊⌈"

var accents = pairs(`hat ^ widehat ^ tilde ~ widetilde ~ bar ¯ overline ¯ underline _ vec → dot ˙ ddot ¨`)

// sizes are delimiters of a size of their own.
var sizes = pairs(`big 1.2em bigl 1.2em bigr 1.2em bigm 1.2em Big 1.8em Bigl 1.8em Bigr 1.8em Bigm 1.8em
	bigg 2.4em biggl 2.4em biggr 2.4em Bigg 3em Biggl 3em Biggr 3em`)

// table is an environment: what its columns look like, in turn, and what stands around them.
type table struct {
	open, close string
	columns     []string // style of each; the first follows the last; none: centred
	attributes  string
}

var (
	toLeft  = []string{"text-align:left"}
	aligned = table{columns: []string{"text-align:right;padding-right:0", "text-align:left;padding-left:0"}, attributes: ` displaystyle="true"`}
)

var environments = map[string]table{"matrix": {}, "pmatrix": {open: "(", close: ")"}, "bmatrix": {open: "[", close: "]"},
	"vmatrix": {open: "|", close: "|"}, "cases": {open: "{", columns: toLeft}, "gathered": {},
	"aligned": aligned, "align": aligned, "align*": aligned}

func (t table) cell(column int, inside string) string {
	if len(t.columns) == 0 {
		return element("mtd", inside)
	}
	return `<mtd style="` + t.columns[column%len(t.columns)] + `">` + inside + "</mtd>"
}

func (t table) fence(xml string) string {
	if t.open+t.close == "" {
		return xml
	}
	return "<mrow>" + element("mo", t.open) + xml + element("mo", t.close) + "</mrow>"
}

// alphabets map a letter to the same one of another alphabet; Unicode has some of them outside their block.
var alphabets = map[string]func(rune) string{
	"mathbb":   alphabet(0x1D538, 0x1D552, 0x1D7D8, pairs("C ℂ H ℍ N ℕ P ℙ Q ℚ R ℝ Z ℤ")),
	"mathcal":  alphabet(0x1D49C, 0x1D4B6, 0, pairs("B ℬ E ℰ F ℱ H ℋ I ℐ L ℒ M ℳ R ℛ e ℯ g ℊ o ℴ")),
	"mathscr":  alphabet(0x1D49C, 0x1D4B6, 0, pairs("B ℬ E ℰ F ℱ H ℋ I ℐ L ℒ M ℳ R ℛ e ℯ g ℊ o ℴ")),
	"mathfrak": alphabet(0x1D504, 0x1D51E, 0, pairs("C ℭ H ℌ I ℑ R ℜ Z ℨ")),
	"mathbf":   alphabet(0x1D400, 0x1D41A, 0x1D7CE, nil),
}

func alphabet(upper, lower, digit rune, elsewhere map[string]string) func(rune) string {
	return func(r rune) string {
		switch {
		case elsewhere[string(r)] != "":
			return elsewhere[string(r)]
		case 'A' <= r && r <= 'Z':
			return string(upper + r - 'A')
		case 'a' <= r && r <= 'z':
			return string(lower + r - 'a')
		case digit != 0 && '0' <= r && r <= '9':
			return string(digit + r - '0')
		}
		return string(r)
	}
}
