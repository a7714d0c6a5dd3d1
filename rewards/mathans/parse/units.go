package parse

import "strings"

// unitName gives the unit a word stands for: its own name in the singular, or
// "" when the word is no unit. Units are dropped only after a value.
func unitName(word string) string {
	w := strings.ToLower(strings.Trim(word, " .,;~"))
	if u, ok := units[w]; ok {
		return u
	}
	if s, ok := strings.CutSuffix(w, "es"); ok {
		if u, ok := units[s]; ok && len(s) > 2 {
			return u
		}
	}
	if s, ok := strings.CutSuffix(w, "s"); ok {
		if u, ok := units[s]; ok && len(s) > 2 {
			return u
		}
	}
	return ""
}

// units by name; synonyms share a value so that cm and centimetres agree.
var units = map[string]string{
	"mm": "mm", "millimeter": "mm", "millimetre": "mm", "cm": "cm", "centimeter": "cm", "centimetre": "cm",
	"dm": "dm", "m": "m", "meter": "m", "metre": "m", "mtr": "m", "km": "km", "kilometer": "km", "kilometre": "km",
	"in": "inch", "inch": "inch", "ft": "ft", "foot": "ft", "feet": "ft", "yd": "yard", "yard": "yard", "mi": "mile", "mile": "mile",
	"mg": "mg", "g": "g", "gm": "g", "gram": "g", "kg": "kg", "kilogram": "kg", "lb": "lb", "pound": "lb", "oz": "oz", "ounce": "oz", "ton": "ton",
	"ml": "ml", "milliliter": "ml", "l": "l", "lt": "l", "liter": "l", "litre": "l", "gal": "gallon", "gallon": "gallon", "cc": "cc", "quart": "quart", "pint": "pint", "cup": "cup",
	"s": "s", "sec": "s", "second": "s", "min": "min", "minute": "min", "h": "h", "hr": "h", "hour": "h", "day": "day", "week": "week",
	"month": "month", "yr": "year", "year": "year", "mph": "mph", "kmph": "kmh", "kmh": "kmh", "rpm": "rpm", "am": "am", "pm": "pm",
	"dollar": "dollar", "usd": "dollar", "cent": "cent", "yuan": "yuan", "rupee": "rupee", "rs": "rupee", "euro": "euro", "ruble": "ruble",
	"sq": "sq", "square": "sq", "cubic": "cubic", "cu": "cubic", "per": "per", "unit": "unit", "acre": "acre", "hectare": "hectare",
	"joule": "J", "watt": "W", "kw": "kW", "volt": "V", "ohm": "ohm", "hz": "Hz", "newton": "N", "pascal": "Pa", "kcal": "kcal", "calorie": "cal",
	"degree": "degree", "deg": "degree", "radian": "radian", "rad": "radian",
	"apple": "apple", "student": "student", "people": "people", "person": "people", "men": "men", "man": "men", "women": "women", "woman": "women",
	"child": "child", "children": "child", "boy": "boy", "girl": "girl", "digit": "digit", "tile": "tile", "coin": "coin", "way": "way",
	"edge": "edge", "point": "point", "multiple": "multiple", "prime": "prime", "toy": "toy", "mark": "mark", "soldier": "soldier",
	"monkey": "monkey", "meal": "meal", "pie": "pie", "cube": "cube", "number": "number", "integer": "integer", "solution": "solution",
	"page": "page", "book": "book", "egg": "egg", "ticket": "ticket", "car": "car", "bag": "bag", "box": "box", "hand": "hand", "card": "card",
	"triangle": "triangle", "term": "term", "time": "time", "step": "step", "round": "round", "piece": "piece", "block": "block", "each": "each",
	"more": "more", "less": "less", "increase": "increase", "decrease": "decrease", "north": "north", "south": "south", "east": "east", "west": "west",
	"th": "th", "st": "st", "nd": "nd", "rd": "rd", "total": "total", "old": "old", "away": "away", "left": "left",
}

// shortUnits could as well be variables, so they count only after a number.
func shortUnit(word string) bool { return len(word) <= 2 }
