package mutate

// Samples are gold answers of every kind, for a run without a file.
func Samples() []string {
	return []string{
		"42", "-7", "0", "1250", "10{,}000", "3.5", "0.125", `\frac{3}{4}`, `-\frac{7}{2}`, `\frac{22}{7}`, `\frac12`,
		`\sqrt{2}`, `3\sqrt{5}`, `\frac{1+\sqrt{5}}{2}`, `2-\sqrt{3}`, `\sqrt[3]{4}`, `\pi`, `\frac{\pi}{6}`, `4\pi-3`, `e^2`, `\ln 2`,
		`3+4i`, `-i`, `2^{10}`, `\frac{1}{2^{99}}`, `\binom{8}{3}`, `5!`, `x+1`, `x^2-4x+4`, `(x-1)(x+2)`, `\frac{x+2}{7}`,
		`\frac{\pi r}{h+r}`, `2\sin b\cos a`, `n(n+1)`, `a^2+ab+b^2`, `\sqrt{x}+1`, "(3,4)", `\left(3,\frac{\pi}{2}\right)`, "(1,2,3)",
		"1,-2", `\{1,2,3\}`, "[0,1)", `(-\infty,5]`, "28\\%", `90^\circ`, `15\text{ cm}`, `\$18`, "204_5", `\text{east}`, `\text{Evelyn}`,
		`\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`, "x=5", "y=2x+3", "x>3", `1\pm\sqrt{19}`,
	}
}
