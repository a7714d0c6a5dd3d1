package tasks

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// number reads up to 9 digits without a leading zero.
func number(s string) (int, bool) {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// drawDigits draws a number of n digits.
func drawDigits(n int, rng *rand.Rand) int {
	lo := 1
	for range n - 1 {
		lo *= 10
	}
	if n == 1 {
		return rng.IntN(10)
	}
	return lo + rng.IntN(9*lo)
}

func nearInteger(_, gold string, rng *rand.Rand) string {
	n, err := strconv.Atoi(gold)
	if err != nil || n < 0 {
		return strconv.Itoa(rng.IntN(10))
	}
	return strconv.Itoa(near(n, rng))
}

// additionKind is the addition of two numbers of n digits, column by column
// from the right: "28+57" is worked as "8+7=15;2+5+1=8".
func additionKind() kind {
	return kind{
		name: "addition", version: "1.1.0", summary: "add two numbers column by column, carrying",
		alphabet: "0123456789+=", same: func(q string) string { return anyOrder(q, "+") },
		levels: []kindLevel{{"two one-digit numbers", 0.11}, {"two two-digit numbers", 0.012}, {"two three-digit numbers", 0.002},
			{"two four-digit numbers", 0.001}, {"two six-digit numbers", 0.001}, {"two eight-digit numbers", 0.001}},
		draw: func(level int, rng *rand.Rand) string {
			n := []int{1, 2, 3, 4, 6, 8}[level-1]
			return strconv.Itoa(drawDigits(n, rng)) + "+" + strconv.Itoa(drawDigits(n, rng))
		},
		work: addColumns, check: integerCheck(addColumns), miss: nearInteger,
	}
}

func addColumns(q string, slip slip) (steps []string, answer string, ok bool) {
	left, right, found := strings.Cut(q, "+")
	a, okA := number(left)
	b, okB := number(right)
	if !found || !okA || !okB {
		return nil, "", false
	}
	carry, sum, place := 0, 0, 1
	for first := true; first || a > 0 || b > 0; first = false {
		step := strconv.Itoa(a%10) + "+" + strconv.Itoa(b%10)
		if carry > 0 {
			step += "+" + strconv.Itoa(carry)
		}
		s := slip(a%10+b%10+carry, 19)
		steps = append(steps, step+"="+strconv.Itoa(s))
		sum += s % 10 * place
		carry = s / 10
		a, b, place = a/10, b/10, place*10
	}
	return steps, strconv.Itoa(sum + carry*place), true
}
