package parse

import "gradus/rewards/mathans/ast"

// kind is the kind of a token.
type kind uint8

const (
	tEOF kind = iota
	tNum
	tWord // a run of letters, before it is known what they mean
	tSym
	tText
	tFunc
	tConst
	tPlus
	tMinus
	tTimes
	tSlash
	tColon
	tMod
	tCaret
	tUnder
	tBang
	tPercent
	tDegree
	tPrime
	tOpen  // ( [ \{ \langle, by text
	tClose // ) ] \} \rangle, by text
	tLBrace
	tRBrace
	tBar
	tNorm
	tFloorL
	tFloorR
	tCeilL
	tCeilR
	tComma
	tSemi
	tAmp
	tRow
	tRel
	tUnion
	tInter
	tSetMinus
	tPM
	tEllipsis
	tFrac
	tBinom
	tChoose
	tOver
	tSqrt
	tBegin
	tEnd
	tNamedSet
	tAccent
	tMid
	tPeriod
	tUnknown
)

// token is one token with its place in the source.
type token struct {
	kind     kind
	text     string
	op       ast.Op
	from, to int
	space    bool // white space stands before it
	decimal  bool // a number with a point
	soft     bool // a comma that was the word "and" or "or"
}
