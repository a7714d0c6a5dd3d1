package qwen

import _ "embed"

// unitTable holds the units that strip_string takes out, one a line, in its
// order; some end or begin with a space.
//
//go:embed units.txt
var unitTable string
