package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// modArithKind is a sum of products mod m, reduced after every operation:
// "(7*8+5)%11" is worked as "7*8=56;56%11=1;1+5=6;6%11=6".
func modArithKind() kind {
	return kind{
		name: "mod_arith", version: "1.1.0", summary: "multiply and add mod m, reducing after every operation",
		alphabet: "0123456789+*=()%",
		same: func(q string) string {
			body, mod, _ := strings.Cut(strings.TrimPrefix(q, "("), ")%")
			return anyOrder(body, "+", "*") + "%" + mod
		},
		levels: []kindLevel{{"one product and one sum of digits, mod 5 or 7", 0.17}, {"the same, mod 11 or 13", 0.09},
			{"two products of digits, mod 11 or 13", 0.09}, {"two products of numbers to 20, mod 11, 13 or 17", 0.08}},
		draw: func(level int, rng *rand.Rand) string {
			top := 9
			mods := []int{11, 13}
			switch level {
			case 1:
				mods = []int{5, 7}
			case 4:
				top, mods = 20, []int{11, 13, 17}
			}
			n := func() string { return strconv.Itoa(2 + rng.IntN(top-1)) }
			second := n()
			if level > 2 {
				second += "*" + n()
			}
			return "(" + n() + "*" + n() + "+" + second + ")%" + strconv.Itoa(mods[rng.IntN(len(mods))])
		},
		work: modArith, check: integerCheck(modArith),
		miss: func(q, _ string, rng *rand.Rand) string {
			_, mod, _ := strings.Cut(q, ")%")
			m, _ := number(mod)
			return strconv.Itoa(rng.IntN(max(m, 2)))
		},
	}
}

func modArith(q string, slip slip) (steps []string, answer string, ok bool) {
	body, mod, found := strings.Cut(strings.TrimPrefix(q, "("), ")%")
	m, okM := number(mod)
	if !found || !okM || m < 2 || len(q) > 100 || !strings.HasPrefix(q, "(") {
		return nil, "", false
	}
	apply := func(a, b int, op string) int {
		v := a + b
		if op == "*" {
			v = a * b
		}
		v = slip(v, 2*v+20)
		steps = append(steps, strconv.Itoa(a)+op+strconv.Itoa(b)+"="+strconv.Itoa(v))
		r := slip(v%m, m-1)
		steps = append(steps, strconv.Itoa(v)+"%"+strconv.Itoa(m)+"="+strconv.Itoa(r))
		return r
	}
	total, terms := 0, 0
	for _, term := range strings.Split(body, "+") {
		product, factors := 0, 0
		for _, f := range strings.Split(term, "*") {
			n, ok := number(f)
			if !ok || n > 9999 || m > 9999 {
				return nil, "", false
			}
			if factors++; factors == 1 {
				product = n
			} else {
				product = apply(product, n, "*")
			}
		}
		if terms++; terms == 1 {
			total = product
		} else {
			total = apply(total, product, "+")
		}
	}
	if len(steps) == 0 {
		return nil, "", false
	}
	return steps, strconv.Itoa(total), true
}
