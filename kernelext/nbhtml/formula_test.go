package nbhtml

import (
	"strings"
	"testing"
)

func TestMathML(t *testing.T) {
	for _, tc := range []struct{ tex, want string }{
		{`x`, `<mi>x</mi>`},
		{`1-x`, `<mrow><mn>1</mn><mo>−</mo><mi>x</mi></mrow>`},
		{`(-1, 1)`, `<mrow><mo stretchy="false">(</mo><mo form="prefix">−</mo><mn>1</mn><mo>,</mo><mn>1</mn><mo stretchy="false">)</mo></mrow>`},
		{`202,599`, `<mn>202,599</mn>`},
		{`(1,20)`, `<mrow><mo stretchy="false">(</mo><mn>1</mn><mo>,</mo><mn>20</mn><mo stretchy="false">)</mo></mrow>`},
		{`.5`, `<mn>.5</mn>`},
		{`x_1^{2n}`, `<msubsup><mi>x</mi><mn>1</mn><mrow><mn>2</mn><mi>n</mi></mrow></msubsup>`},
		{`x^12`, `<mrow><msup><mi>x</mi><mn>1</mn></msup><mn>2</mn></mrow>`},
		{`f'`, `<msup><mi>f</mi><mo>′</mo></msup>`},
		{`f''^2`, `<msup><mi>f</mi><mrow><mo>′′</mo><mn>2</mn></mrow></msup>`},
		{`\frac{1}{m}`, `<mfrac><mn>1</mn><mi>m</mi></mfrac>`},
		{`\frac12`, `<mfrac><mn>1</mn><mn>2</mn></mfrac>`},
		{`\sqrt{x}`, `<msqrt><mi>x</mi></msqrt>`},
		{`\sqrt[3]{x}`, `<mroot><mi>x</mi><mn>3</mn></mroot>`},
		{`\sum_{i=1}^m x_i`, `<mrow><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>m</mi></munderover><msub><mi>x</mi><mi>i</mi></msub></mrow>`},
		{`\int_0^1`, `<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>`},
		{`\log D(x)`, `<mrow><mi>log</mi>` + thinSpace + `<mi>D</mi><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>`},
		{`y\log x`, `<mrow><mi>y</mi>` + thinSpace + `<mi>log</mi>` + thinSpace + `<mi>x</mi></mrow>`},
		{`\left[x\right]+1`, `<mrow><mrow><mo>[</mo><mi>x</mi><mo>]</mo></mrow><mo>+</mo><mn>1</mn></mrow>`},
		{`\log\left[x\right]`, `<mrow><mi>log</mi><mrow><mo>[</mo><mi>x</mi><mo>]</mo></mrow></mrow>`},
		{`\Pi`, `<mi mathvariant="normal">Π</mi>`},
		{`\log(1)`, `<mrow><mi>log</mi><mo stretchy="false">(</mo><mn>1</mn><mo stretchy="false">)</mo></mrow>`},
		{`\min_G\max_D V`, `<mrow><munder><mo movablelimits="true" lspace="0" rspace="0">min</mo><mi>G</mi></munder>` + thinSpace +
			`<munder><mo movablelimits="true" lspace="0" rspace="0">max</mo><mi>D</mi></munder>` + thinSpace + `<mi>V</mi></mrow>`},
		{`\theta_G \in \mathbb{R}^d`, `<mrow><msub><mi>θ</mi><mi>G</mi></msub><mo>∈</mo><msup><mi>ℝ</mi><mi>d</mi></msup></mrow>`},
		{`\mathbb E`, `<mi>𝔼</mi>`},
		{`\mathcal{N}(0, I)`, `<mrow><mi>𝒩</mi><mo stretchy="false">(</mo><mn>0</mn><mo>,</mo><mi>I</mi><mo stretchy="false">)</mo></mrow>`},
		{`\mathbf{z}`, `<mi>𝐳</mi>`},
		{`\boldsymbol{\mu}`, `<mrow style="font-weight:bold"><mi>μ</mi></mrow>`},
		{`\hat x + \tilde{y}`, `<mrow><mover accent="true"><mi>x</mi><mo stretchy="false">^</mo></mover><mo>+</mo><mover accent="true"><mi>y</mi><mo stretchy="false">~</mo></mover></mrow>`},
		{`p_{\text{data}}`, `<msub><mi>p</mi><mtext>data</mtext></msub>`},
		{`\text{if } a<b`, "<mrow><mtext>if\u00a0</mtext><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>"},
		{`\mathrm{KL}`, `<mi mathvariant="normal">KL</mi>`},
		{`\left(\frac ab\right)`, `<mrow><mo>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>)</mo></mrow>`},
		{`\left.x\right|_0`, `<msub><mrow><mo></mo><mi>x</mi><mo>|</mo></mrow><mn>0</mn></msub>`},
		{`\lVert x \rVert_2`, `<mrow><mo stretchy="false">‖</mo><mi>x</mi><msub><mo stretchy="false">‖</mo><mn>2</mn></msub></mrow>`},
		{`\bigl(x\bigr)`, `<mrow><mo minsize="1.2em" maxsize="1.2em">(</mo><mi>x</mi><mo minsize="1.2em" maxsize="1.2em">)</mo></mrow>`},
		{`\{x\}`, `<mrow><mo stretchy="false">{</mo><mi>x</mi><mo stretchy="false">}</mo></mrow>`},
		{`x \to -\infty`, `<mrow><mi>x</mi><mo>→</mo><mo form="prefix">−</mo><mi>∞</mi></mrow>`},
		{`a \quad b`, `<mrow><mi>a</mi><mspace width="1em"></mspace><mi>b</mi></mrow>`},
		{`\underbrace{x}_{y}`, `<munder><munder><mi>x</mi><mo>⏟</mo></munder><mi>y</mi></munder>`},
		{`\begin{pmatrix}1&2\\3&4\\\end{pmatrix}`, `<mrow><mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>` +
			`<mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable><mo>)</mo></mrow>`},
		{`\begin{cases}0\\1\end{cases}`, `<mrow><mo>{</mo><mtable><mtr><mtd style="text-align:left"><mn>0</mn></mtd></mtr>` +
			`<mtr><mtd style="text-align:left"><mn>1</mn></mtd></mtr></mtable><mo></mo></mrow>`},
		{`−log D(G(z))`, `<mrow><mo>−</mo><mi>l</mi><mi>o</mi><mi>g</mi><mi>D</mi><mo stretchy="false">(</mo><mi>G</mi><mo stretchy="false">(</mo><mi>z</mi><mo stretchy="false">)</mo><mo stretchy="false">)</mo></mrow>`},
	} {
		got, err := mathML(tc.tex, false)
		if want := "<math>" + tc.want + "</math>"; err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", tc.tex, err, got, want)
		}
	}
	if got, err := mathML("x", true); err != nil || got != `<math display="block"><mi>x</mi></math>` {
		t.Errorf("display: %s, %v", got, err)
	}
}

// What is outside the subset, or no formula at all, is an error: its source is shown instead.
func TestNotMathML(t *testing.T) {
	for _, tex := range []string{``, ` `, `\unknown`, `{`, `}`, `x_`, `x^`, `x_1_2`, `x^1^2`, `\frac{1}`, `\sqrt`, `\left(x`, `x\right)`,
		`\left x\right)`, `\text`, `\text{`, `\text{a{b}`, `\begin{pmatrix}1`, `\begin{matrix}1\end{pmatrix}`, `\begin{tikz}x\end{tikz}`,
		`a & b`, `a \\ b`, `\mathbb`, `\mathbb{\alpha}`, `#`, `"`, "\xff", "\\", `\sqrt[3`, `\href{javascript:x}{y}`,
		strings.Repeat("{", 100000), strings.Repeat(`\sqrt`, 1000) + "x", strings.Repeat("{", 50) + "x" + strings.Repeat("}", 50)} {
		if got, err := mathML(tex, false); err == nil {
			t.Errorf("%.40q became %s", tex, got)
		}
	}
}

// The formulas of the lectures are all inside the subset.
func TestFormulasOfTheLectures(t *testing.T) {
	for _, tex := range []string{
		`\min_G \max_D V(D,G) = \mathbb{E}_{x\sim p_{\mathrm{data}}(x)}[\log D(x)] + \mathbb{E}_{z\sim p_z(z)}[\log(1-D(G(z)))]`,
		`\ell(\hat y, y) = -\bigl[y\log\hat y + (1-y)\log(1-\hat y)\bigr]`,
		`\hat{x} = \frac{x-\mu_B}{\sqrt{\sigma_B^2+\epsilon}}, \qquad y = \gamma\hat{x}+\beta`,
		`o = \left\lfloor\frac{i + 2p - k}{s}\right\rfloor + 1`,
		`o' = s(i'-1) + a + k - 2p`,
		`\lambda\,\mathbb{E}_{\hat x}\left[(\lVert\nabla_{\hat x}D(\hat x)\rVert_2-1)^2\right]`,
		`D^*(x)=\frac{p_{\text{data}}(x)}{p_{\text{data}}(x)+p_g(x)}`,
		`\mathrm{JSD}(p\|q)=\tfrac12\mathrm{KL}\Bigl(p\Big\|\frac{p+q}{2}\Bigr)`,
		`\mathcal{L}_G=-\frac1m\sum_{i=1}^m\log D(G(z^{(i)}))`,
		`W(p_r,p_g)=\inf_{\gamma\in\Pi(p_r,p_g)}\mathbb{E}_{(x,y)\sim\gamma}[\lVert x-y\rVert]`,
		`\mathbf{z}\sim\mathcal{N}(\mathbf{0},\mathbf{I}),\ \sigma(x)=\frac{1}{1+e^{-x}}`,
		`\theta_{t+1}=\theta_t-\eta\,\hat m_t/(\sqrt{\hat v_t}+\varepsilon)`,
		`\begin{aligned} m_t &= \beta_1 m_{t-1}+(1-\beta_1)g_t \\ v_t &= \beta_2 v_{t-1}+(1-\beta_2)g_t^2 \end{aligned}`,
		`\operatorname{LeakyReLU}(x)=\begin{cases}x & \text{if } x\ge 0\\ 0.2x & \text{otherwise}\end{cases}`,
		`64\times 64\times 3`, `100 \rightarrow 512\times4\times4`, `\arg\min_z \|x-G(z)\|^2`, `\prod_{k}^{K}\overline{a_k}`, `\dots, x^{(m)}`, `50\,\%`,
	} {
		if _, err := mathML(tex, true); err != nil {
			t.Errorf("%s: %v", tex, err)
		}
	}
}
