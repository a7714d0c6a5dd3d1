package parse

import "gradus/rewards/mathans/ast"

// skipped are commands that change how a formula looks, not what it says.
var skipped = map[string]bool{
	"displaystyle": true, "textstyle": true, "scriptstyle": true, "scriptscriptstyle": true,
	"left": true, "right": true, "middle": true, "mleft": true, "mright": true,
	"big": true, "Big": true, "bigg": true, "Bigg": true, "bigl": true, "bigr": true, "Bigl": true, "Bigr": true,
	"biggl": true, "biggr": true, "Biggl": true, "Biggr": true, "bigm": true,
	"quad": true, "qquad": true, "thinspace": true, "medspace": true, "thickspace": true, "negthinspace": true,
	"enspace": true, "enskip": true, "hfill": true, "limits": true, "nolimits": true, "nonumber": true, "notag": true,
	"mathstrut": true, "strut": true, "bf": true, "rm": true, "it": true, "sf": true, "tt": true, "large": true,
	"Large": true, "normalsize": true, "small": true, "noindent": true, "centering": true, "relax": true,
}

// wrappers are commands whose argument is text.
var wrappers = map[string]bool{
	"text": true, "textbf": true, "textit": true, "textrm": true, "textnormal": true, "textsf": true, "texttt": true,
	"mbox": true, "hbox": true, "mathrm": true, "mathit": true, "mathbf": true, "mathsf": true, "mathtt": true,
	"operatorname": true, "variable": true, "textup": true, "textsc": true, "emph": true, "fbox": false,
}

// transparent are commands that only decorate a formula given as argument.
var transparent = map[string]bool{
	"boxed": true, "fbox": true, "phantom": false, "ensuremath": true, "underline": true, "mathop": true,
	"mathord": true, "mathbin": true, "mathrel": true, "mathopen": true, "mathclose": true, "smash": true,
	"cancel": true, "bm": true, "boldsymbol": true, "pmb": true, "color": false,
}

// accents make another symbol of the one they stand on.
var accents = map[string]string{
	"vec": "vec", "overrightarrow": "vec", "bar": "bar", "overline": "bar", "hat": "hat", "widehat": "hat",
	"tilde": "tilde", "widetilde": "tilde", "dot": "dot", "ddot": "ddot", "acute": "acute", "grave": "grave",
	"breve": "breve", "check": "check", "mathcal": "cal", "mathfrak": "frak", "mathscr": "scr", "overarc": "arc",
	"overset": "", "underset": "", "mathring": "ring", "wideparen": "arc", "overparen": "arc",
}

// functions are known functions by the name they are written with.
var functions = map[string]string{
	"log": "log", "lg": "log", "ln": "ln", "exp": "exp",
	"sin": "sin", "cos": "cos", "tan": "tan", "tg": "tan", "cot": "cot", "ctg": "cot", "sec": "sec", "csc": "csc",
	"arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "arctg": "arctan", "arccot": "arccot",
	"arcsec": "arcsec", "arccsc": "arccsc", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
	"sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
	"arcsinh": "arcsinh", "arccosh": "arccosh", "arctanh": "arctanh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
	"max": "max", "min": "min", "gcd": "gcd", "lcm": "lcm", "det": "det", "abs": "abs", "floor": "floor",
	"ceil": "ceil", "sgn": "sgn", "Re": "re", "Im": "im", "arg": "arg", "conj": "conj",
	"sum": "sum", "prod": "prod", "int": "int", "lim": "lim", "iint": "int", "oint": "int",
	"dim": "dim", "ker": "ker", "rank": "rank", "tr": "tr", "deg": "deg", "Pr": "Pr", "sup": "sup", "inf": "inf", "Gamma": "Gamma",
}

// plainFunctions may be written without a backslash.
var plainFunctions = map[string]bool{
	"log": true, "ln": true, "exp": true, "sin": true, "cos": true, "tan": true, "cot": true, "csc": true,
	"arcsin": true, "arccos": true, "arctan": true, "asin": true, "acos": true, "atan": true,
	"sinh": true, "cosh": true, "tanh": true, "asinh": true, "acosh": true, "atanh": true,
	"arcsinh": true, "arccosh": true, "arctanh": true, "max": true, "gcd": true, "lcm": true, "abs": true,
	"floor": true, "ceil": true,
}

// needBracket are plain functions that also have another meaning, so they
// count only before a bracket.
var needBracket = map[string]bool{"sec": true, "min": true, "det": true, "sgn": true, "Re": true, "Im": true, "binomial": true}

// greek are the letters that stand for themselves; pi is a constant.
var greek = map[string]bool{
	"alpha": true, "beta": true, "gamma": true, "Gamma": true, "delta": true, "Delta": true, "epsilon": true,
	"varepsilon": true, "zeta": true, "eta": true, "theta": true, "Theta": true, "vartheta": true, "iota": true,
	"kappa": true, "lambda": true, "Lambda": true, "mu": true, "nu": true, "xi": true, "Xi": true, "omicron": true,
	"Pi": true, "varpi": true, "rho": true, "varrho": true, "sigma": true, "Sigma": true, "varsigma": true,
	"tau": true, "upsilon": true, "Upsilon": true, "phi": true, "Phi": true, "varphi": true, "chi": true, "psi": true,
	"Psi": true, "omega": true, "Omega": true,
}

// symbols are commands that stand for one object of which nothing is known.
var symbols = map[string]bool{
	"ell": true, "hbar": true, "nabla": true, "partial": true, "aleph": true, "wp": true, "imath": true, "jmath": true,
	"triangle": true, "angle": true, "square": true, "Diamond": true, "bigstar": true, "star": true, "clubsuit": true,
	"heartsuit": true, "spadesuit": true, "diamondsuit": true, "dagger": true, "top": true, "bot": true, "perp": true,
	"parallel": true, "checkmark": true, "measuredangle": true, "prime": true, "heart": true, "bullet": true,
	"Box": true, "blacksquare": true, "sharp": true, "flat": true, "natural": true,
}

// simple maps commands to tokens.
var simple = map[string]token{
	"cdot": {kind: tTimes}, "times": {kind: tTimes}, "ast": {kind: tTimes}, "div": {kind: tSlash},
	"over": {kind: tOver}, "choose": {kind: tChoose}, "mod": {kind: tMod}, "bmod": {kind: tMod},
	"frac": {kind: tFrac}, "dfrac": {kind: tFrac}, "tfrac": {kind: tFrac}, "cfrac": {kind: tFrac},
	"binom": {kind: tBinom}, "dbinom": {kind: tBinom}, "tbinom": {kind: tBinom}, "sqrt": {kind: tSqrt},
	"pm": {kind: tPM, text: "pm"}, "mp": {kind: tPM, text: "mp"},
	"pi": {kind: tConst, text: "pi"}, "infty": {kind: tConst, text: "oo"}, "exponentialE": {kind: tConst, text: "e"},
	"circ": {kind: tDegree}, "degree": {kind: tDegree}, "textdegree": {kind: tDegree},
	"cup": {kind: tUnion}, "bigcup": {kind: tUnion}, "cap": {kind: tInter}, "bigcap": {kind: tInter},
	"setminus": {kind: tSetMinus}, "backslash": {kind: tSetMinus}, "smallsetminus": {kind: tSetMinus},
	"emptyset": {kind: tNamedSet, text: "empty"}, "varnothing": {kind: tNamedSet, text: "empty"},
	"ldots": {kind: tEllipsis}, "dots": {kind: tEllipsis}, "cdots": {kind: tEllipsis}, "dotsc": {kind: tEllipsis},
	"dotsb": {kind: tEllipsis}, "dotsm": {kind: tEllipsis}, "vdots": {kind: tEllipsis}, "ddots": {kind: tEllipsis},
	"le": {kind: tRel, op: ast.LE}, "leq": {kind: tRel, op: ast.LE}, "leqslant": {kind: tRel, op: ast.LE}, "leqq": {kind: tRel, op: ast.LE},
	"ge": {kind: tRel, op: ast.GE}, "geq": {kind: tRel, op: ast.GE}, "geqslant": {kind: tRel, op: ast.GE}, "geqq": {kind: tRel, op: ast.GE},
	"lt": {kind: tRel, op: ast.LT}, "gt": {kind: tRel, op: ast.GT}, "ne": {kind: tRel, op: ast.NE}, "neq": {kind: tRel, op: ast.NE},
	"equiv": {kind: tRel, op: ast.EQ}, "approx": {kind: tRel, op: ast.APPROX}, "simeq": {kind: tRel, op: ast.APPROX},
	"sim": {kind: tRel, op: ast.APPROX}, "cong": {kind: tRel, op: ast.APPROX}, "thickapprox": {kind: tRel, op: ast.APPROX},
	"in": {kind: tRel, op: ast.IN}, "notin": {kind: tRel, op: ast.NOTIN},
	"subset": {kind: tRel, op: ast.SUBSET}, "subseteq": {kind: tRel, op: ast.SUBSET}, "coloneqq": {kind: tRel, op: ast.EQ},
	"mid": {kind: tMid}, "vert": {kind: tBar}, "lvert": {kind: tBar}, "rvert": {kind: tBar}, "Vert": {kind: tNorm},
	"lVert": {kind: tNorm}, "rVert": {kind: tNorm},
	"lfloor": {kind: tFloorL}, "rfloor": {kind: tFloorR}, "lceil": {kind: tCeilL}, "rceil": {kind: tCeilR},
	"llcorner": {kind: tFloorL}, "lrcorner": {kind: tFloorR}, "ulcorner": {kind: tCeilL}, "urcorner": {kind: tCeilR},
	"langle": {kind: tOpen, text: "<"}, "rangle": {kind: tClose, text: ">"},
	"lbrace": {kind: tOpen, text: "{"}, "rbrace": {kind: tClose, text: "}"},
	"lbrack": {kind: tOpen, text: "["}, "rbrack": {kind: tClose, text: "]"},
	"lparen": {kind: tOpen, text: "("}, "rparen": {kind: tClose, text: ")"},
	"lgroup": {kind: tOpen, text: "("}, "rgroup": {kind: tClose, text: ")"},
	"colon": {kind: tColon}, "percent": {kind: tPercent}, "land": {kind: tComma, soft: true}, "lor": {kind: tComma, soft: true},
	"vee": {kind: tComma, soft: true}, "wedge": {kind: tComma, soft: true},
}

// runes maps characters outside ASCII to tokens.
var runes = map[rune]token{
	'−': {kind: tMinus}, '–': {kind: tMinus}, '×': {kind: tTimes}, '·': {kind: tTimes}, '⋅': {kind: tTimes},
	'∙': {kind: tTimes}, '∗': {kind: tTimes}, '÷': {kind: tSlash}, '∕': {kind: tSlash}, '≤': {kind: tRel, op: ast.LE},
	'≥': {kind: tRel, op: ast.GE}, '⩽': {kind: tRel, op: ast.LE}, '⩾': {kind: tRel, op: ast.GE}, '≠': {kind: tRel, op: ast.NE},
	'≈': {kind: tRel, op: ast.APPROX}, '≡': {kind: tRel, op: ast.EQ}, '∈': {kind: tRel, op: ast.IN}, '∉': {kind: tRel, op: ast.NOTIN},
	'⊂': {kind: tRel, op: ast.SUBSET}, '⊆': {kind: tRel, op: ast.SUBSET}, '∪': {kind: tUnion}, '∩': {kind: tInter},
	'∖': {kind: tSetMinus}, '±': {kind: tPM, text: "pm"}, '∓': {kind: tPM, text: "mp"}, '∞': {kind: tConst, text: "oo"},
	'π': {kind: tConst, text: "pi"}, '√': {kind: tSqrt}, '°': {kind: tDegree}, '∅': {kind: tNamedSet, text: "empty"},
	'ℝ': {kind: tNamedSet, text: "R"}, 'ℤ': {kind: tNamedSet, text: "Z"}, 'ℕ': {kind: tNamedSet, text: "N"},
	'ℚ': {kind: tNamedSet, text: "Q"}, 'ℂ': {kind: tNamedSet, text: "C"}, '…': {kind: tEllipsis}, '⋯': {kind: tEllipsis},
	'′': {kind: tPrime}, '’': {kind: tPrime}, '⟨': {kind: tOpen, text: "<"}, '⟩': {kind: tClose, text: ">"},
	'⌊': {kind: tFloorL}, '⌋': {kind: tFloorR}, '⌈': {kind: tCeilL}, '⌉': {kind: tCeilR},
	'（': {kind: tOpen, text: "("}, '）': {kind: tClose, text: ")"}, '，': {kind: tComma}, '；': {kind: tSemi}, '：': {kind: tColon},
	'％': {kind: tPercent}, '∶': {kind: tColon},
}

var greekRunes = map[rune]string{
	'α': "alpha", 'β': "beta", 'γ': "gamma", 'Γ': "Gamma", 'δ': "delta", 'Δ': "Delta", 'ε': "epsilon", 'ϵ': "varepsilon",
	'ζ': "zeta", 'η': "eta", 'θ': "theta", 'Θ': "Theta", 'ι': "iota", 'κ': "kappa", 'λ': "lambda", 'Λ': "Lambda",
	'μ': "mu", 'ν': "nu", 'ξ': "xi", 'Ξ': "Xi", 'Π': "Pi", 'ρ': "rho", 'σ': "sigma", 'Σ': "Sigma", 'τ': "tau",
	'υ': "upsilon", 'φ': "phi", 'ϕ': "varphi", 'Φ': "Phi", 'χ': "chi", 'ψ': "psi", 'Ψ': "Psi", 'ω': "omega", 'Ω': "Omega",
}

var superscripts = map[rune]byte{'⁰': '0', '¹': '1', '²': '2', '³': '3', '⁴': '4', '⁵': '5', '⁶': '6', '⁷': '7', '⁸': '8', '⁹': '9', '⁻': '-'}

var vulgar = map[rune][2]int64{'½': {1, 2}, '⅓': {1, 3}, '⅔': {2, 3}, '¼': {1, 4}, '¾': {3, 4}, '⅕': {1, 5}, '⅖': {2, 5}, '⅗': {3, 5}, '⅘': {4, 5}, '⅙': {1, 6}, '⅚': {5, 6}, '⅛': {1, 8}, '⅜': {3, 8}, '⅝': {5, 8}, '⅞': {7, 8}}

// currency are signs that are dropped before or after an amount.
const currency = "$€£¥₹₽₪₩₫฿₡₢₣₤₥₦₧₨₭₮₯₰₱₲₳₴₵₸₺₼₾₿¢"
