package latextext

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// symbolTable holds the macros that stand for one text, a line each: the name
// and the text, quoted where it is white space.
//
//go:embed symbols.txt
var symbolTable string

// symbols are the macros that stand for one text.
var symbols = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(symbolTable) {
		name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name == "" { // the macro "\ "
			name, text = " ", text[1:]
		}
		if plain, err := strconv.Unquote(text); err == nil && strings.HasPrefix(text, `"`) {
			text = plain
		}
		out[name] = text
	}
	return out
})

// forms are the macros that are written around their arguments.
var forms = map[string]string{
	"sqrt": "√(%(2)s)", "footnote": "[%(2)s]", "textcolor": "%(3)s", "colorbox": "%(3)s", "fcolorbox": "%(5)s",
	"frac": "%s/%s", "nicefrac": "%s/%s", "textfrac": "%s/%s", "ensuremath": "%s", "url": "<%s>",
	"ket": "|%s⟩", "bra": "⟨%s|", "braket": "⟨%s|%s⟩", "ketbra": "|%s⟩⟨%s|",
	"overline": "%s", "underline": "%s", "widehat": "%s", "widetilde": "%s", "wideparen": "%s",
	"overleftarrow": "%s", "overrightarrow": "%s", "overleftrightarrow": "%s", "underleftarrow": "%s", "underrightarrow": "%s", "underleftrightarrow": "%s",
	"overbrace": "%s", "underbrace": "%s", "overgroup": "%s", "undergroup": "%s", "overbracket": "%s", "underbracket": "%s",
	"overlinesegment": "%s", "underlinesegment": "%s", "overleftharpoon": "%s", "overrightharpoon": "%s",
}

// accents are the macros that put a mark on every character.
var accents = map[string]rune{
	"'": 0x301, "`": 0x300, `"`: 0x308, "c": 0x327, "^": 0x302, "~": 0x303, "H": 0x30b, "k": 0x328, "=": 0x304, "b": 0x331, ".": 0x307, "d": 0x323, "r": 0x30a, "u": 0x306, "v": 0x30c,
	"vec": 0x20d7, "dot": 0x307, "hat": 0x302, "check": 0x30c, "breve": 0x306, "acute": 0x301, "grave": 0x300, "tilde": 0x303, "bar": 0x305, "ddot": 0x308, "not": 0x338,
}

// alphabets are where Unicode's mathematical alphabets begin.
var alphabets = map[string]rune{"mathbf": 0x1d400, "mathit": 0x1d434, "mathcal": 0x1d49c, "mathscr": 0x1d49c, "mathfrak": 0x1d504, "mathbb": 0x1d538, "mathsf": 0x1d5a0, "mathtt": 0x1d670}

// alphabet writes letters in the alphabet that begins there. Some letters
// stand elsewhere, because Unicode had them before.
func alphabet(s string, first rune) string {
	holes := map[rune]string{
		0x1d434: "hℎ", 0x1d49c: "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ", 0x1d504: "CℭHℌIℑRℜZℨ", 0x1d538: "CℂHℍNℕPℙQℚRℝZℤ",
	}
	elsewhere := []rune(holes[first])
	return strings.Map(func(r rune) rune {
		for i := 0; i < len(elsewhere); i += 2 {
			if elsewhere[i] == r {
				return elsewhere[i+1]
			}
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return first + r - 'A'
		case r >= 'a' && r <= 'z':
			return first + 26 + r - 'a'
		}
		return r
	}, s)
}

// macros are those that take arguments: { one, [ an optional one in brackets,
// * an optional star.
var macros = func() map[string]string {
	out := map[string]string{}
	for spec, names := range map[string]string{
		"[{":  "RequirePackage color documentclass footnote hphantom includegraphics pagecolor pdfloesung pdfsolution selectlanguage sqrt usepackage vphantom xleftarrow xrightarrow",
		"[{{": "addcounter addlength colorbox setcounter setlength textcolor", "*{[[{": "newcommand providecommand renewcommand",
		"*{[[{{": "newenvironment provideenvironment renewenvironment", "*{{": "DeclareMathOperator", "*{": "hspace vspace",
		"{": "\" ' . = ^ ` ~ b c d r u v H k Cref acute author autoref bar bibliography bra breve check citenum citetext cref date ddot dot emph ensuremath eqref grave hat hint hints hinweis hinweise " +
			"hypersetup include input ket keywords label mathbb mathbf mathcal mathfrak mathit mathrm mathscr mathsf mathtt mbox not overbrace overbracket overgroup overleftarrow overleftharpoon " +
			"overleftrightarrow overline overlinesegment overrightarrow overrightharpoon ref text textbf textit textmd textrm textsc textsf textsl texttt textup tilde title underbrace underbracket " +
			"undergroup underleftarrow underleftrightarrow underline underlinesegment underrightarrow url vec widehat wideparen widetilde",
		"*[": `\`, "[": "item", "*[{": "chapter pagagraph section subparagraph subsection subsubsection", "{{": "braket defcitealias frac ketbra nicefrac texorpdfstring",
		"[{{{": "definecolor providecolor", "[{[{": "colorlet", "[{[{{": "fcolorbox", "{{{": "boxframe", "*[{{{": "rowcolors",
		"*[[{": "Citealp Citealt Citeauthor Citep Citet cite citealp citealt citeauthor citep citet", "[[{": "citefullauthor citepalias citetalias citeyear citeyearpar", "{[": "exercise uebung",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = spec
		}
	}
	return out
}()

// environments are those that take arguments or hold mathematics.
var environments = func() map[string]struct {
	args string
	math bool
} {
	type spec = struct {
		args string
		math bool
	}
	out := map[string]spec{}
	for s, names := range map[spec]string{
		{"[", false}:  "conj conjecture cor corollary definition defn description enumerate figure figure* itemize lem lemma proof prop proposition rem remark table table* theorem thm",
		{"{", false}:  "tabular",
		{"{{", false}: "tabular*", {"{[{", false}: "tabularx", {"[{", false}: "array", {"{", true}: "alignat alignat*",
		{"", true}: "align align* eqnarray eqnarray* equation equation* flalign flalign* gather gather* multline multline* split",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = s
		}
	}
	return out
}()

// composed are the characters that Unicode has for a Latin or Greek letter or
// a relation sign with a mark (NFC).
var composed = func() map[string]rune {
	out := map[string]rune{}
	for mark, pairs := range map[rune]string{
		0x301: "AÁCĆEÉGǴIÍKḰLĹMḾNŃOÓPṔRŔSŚUÚWẂYÝZŹaácćeégǵiíkḱlĺmḿnńoópṕrŕsśuúwẃyýzźΑΆΕΈΗΉΙΊΟΌΥΎΩΏαάεέηήιίοόυύωώϊΐϋΰ",
		0x300: "AÀEÈIÌNǸOÒUÙWẀYỲaàeèiìnǹoòuùwẁyỳΑᾺΕῈΗῊΙῚΟῸΥῪΩῺαὰεὲηὴιὶοὸυὺωὼϊῒϋῢ",
		0x308: "AÄEËHḦIÏOÖUÜWẄXẌYŸaäeëhḧiïoötẗuüwẅxẍyÿΙΪΥΫιϊυϋ",
		0x327: "CÇDḐEȨGĢHḨKĶLĻNŅRŖSŞTŢcçdḑeȩgģhḩkķlļnņrŗsştţ",
		0x302: "AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶZẐaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷzẑ",
		0x303: "AÃEẼIĨNÑOÕUŨVṼYỸaãeẽiĩnñoõuũvṽyỹ",
		0x30b: "OŐUŰoőuű",
		0x328: "AĄEĘIĮOǪUŲaąeęiįoǫuų",
		0x304: "AĀEĒGḠIĪOŌUŪYȲaāeēgḡiīoōuūyȳΑᾹΙῙΥῩαᾱιῑυῡ",
		0x331: "BḆDḎKḴLḺNṈRṞTṮZẔbḇdḏhẖkḵlḻnṉrṟtṯzẕ",
		0x307: "AȦBḂCĊDḊEĖFḞGĠHḢIİMṀNṄOȮPṖRṘSṠTṪWẆXẊYẎZŻaȧbḃcċdḋeėfḟgġhḣmṁnṅoȯpṗrṙsṡtṫwẇxẋyẏzż",
		0x323: "AẠBḄDḌEẸHḤIỊKḲLḶMṂNṆOỌRṚSṢTṬUỤVṾWẈYỴZẒaạbḅdḍeẹhḥiịkḳlḷmṃnṇoọrṛsṣtṭuụvṿwẉyỵzẓ",
		0x30a: "AÅUŮaåuůwẘyẙ",
		0x306: "AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭΑᾸΙῘΥῨαᾰιῐυῠ",
		0x30c: "AǍCČDĎEĚGǦHȞIǏKǨLĽNŇOǑRŘSŠTŤUǓZŽaǎcčdďeěgǧhȟiǐjǰkǩlľnňoǒrřsštťuǔzž",
		0x338: "<≮=≠>≯←↚→↛↔↮⇐⇍⇒⇏⇔⇎∃∄∈∉∋∌∣∤∥∦∼≁≃≄≅≇≈≉≍≭≡≢≤≰≥≱≲≴≳≵≶≸≷≹≺⊀≻⊁≼⋠≽⋡⊂⊄⊃⊅⊆⊈⊇⊉⊑⋢⊒⋣⊢⊬⊨⊭⊩⊮⊫⊯⊲⋪⊳⋫⊴⋬⊵⋭",
	} {
		letters := []rune(pairs)
		for i := 0; i < len(letters); i += 2 {
			out[string(letters[i])+string(mark)] = letters[i+1]
		}
	}
	return out
}()
