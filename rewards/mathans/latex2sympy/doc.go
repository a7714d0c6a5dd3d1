// Package latex2sympy says which formulas Math-Verify 0.9 reads, and as which
// text: its LaTeX goes through the normal form and the grammar of
// latex2sympy2_extended 1.11 (https://github.com/huggingface/latex2sympy2_extended).
// Nothing is computed here; what a formula means is for the parser of mathans.
package latex2sympy
