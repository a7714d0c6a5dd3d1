#!/usr/bin/env python3
"""Write pairs of answers whose equality sympy decides, as rows for compare.py.

    python3 bench/rivals/mathverify/oracle.py 20000 > rows.jsonl
    python3 bench/rivals/mathverify/compare.py rows.jsonl

`gradus reward fuzz` rewrites gold answers by rules of its own. Here both
answers are made from random mathematical objects: the second one from the
same object, written in another way or transformed by sympy (expand, factor,
radsimp, together), or from one that differs in a sign, a digit, an end, a
bracket. expected comes from sympy: from values to 40 digits for numbers, from
simplify for formulas, from its sets for intervals. Rows that this leaves open
are left out. Needs sympy.
"""
import argparse
import json
import random

import sympy as sp

X, Y, N = sp.symbols("x y n")
SKIP = None  # a category's answer when its object is of no use


class Writer:
    """Writes objects as LaTeX, each time in a notation drawn anew."""

    def __init__(self, rng):
        self.rng = rng

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, p):
        return self.rng.random() < p

    def latex(self, e):
        s = sp.latex(e)
        s = s.replace(r"\frac", self.pick(r"\frac", r"\frac", r"\dfrac", r"\tfrac"))
        if self.chance(0.5):
            s = s.replace(r"\left", "").replace(r"\right", "")
        return s.replace(" - ", self.pick(" - ", "-", "-"))

    def interval(self, lo, hi, left, right):
        ends = (r"-\infty" if lo == -sp.oo else self.latex(lo)), (self.pick(r"\infty", r"+\infty") if hi == sp.oo else self.latex(hi))
        size = self.pick(("", ""), (r"\left", r"\right"))
        return size[0] + "[("[left] + self.pick(",", ", ").join(ends) + size[1] + "])"[right]

    def prose(self, s):
        return self.pick("$%s$", r"\boxed{%s}", r"The answer is $\boxed{%s}$.", r"So we get $%s$.", r"\[ \boxed{%s} \]", r"\(%s\)",
                         "Final Answer: The final answer is $%s$. I hope it is correct.", r"First $7$. Then $\boxed{%s}$").replace("%s", s)


class Maker:
    """One method a category; each returns gold, prediction, expected or SKIP."""

    def __init__(self, rng):
        self.rng, self.w = rng, Writer(rng)

    # Parts.
    def leaf(self):
        return self.w.pick(sp.Integer(self.rng.randint(1, 15)), sp.Rational(self.rng.randint(1, 12), self.rng.randint(1, 9)),
                           sp.sqrt(self.w.pick(2, 3, 5, 6, 7, 10)), sp.sqrt(self.w.pick(2, 3, 5, 7)), sp.pi, sp.E)

    def tree(self, depth):
        if depth == 0:
            return self.leaf()
        a, b = self.tree(depth - 1), self.tree(depth - 1)
        return self.w.pick(a + b, a + b, a - b, a * b, a / b, sp.sqrt(a), a ** self.rng.randint(2, 3))

    def near(self, e):
        """A close other expression: a number changed, a sign turned."""
        numbers = [q for q in sp.preorder_traversal(e) if q.is_Integer and q != 0]
        sums = [q for q in sp.preorder_traversal(e) if q.is_Add]
        if sums and self.w.chance(0.3):
            q = self.rng.choice(sums)
            return e.xreplace({q: q - 2 * self.rng.choice(q.args)})
        if not numbers or self.w.chance(0.2):
            return self.w.pick(-e, e + 1, e - 1)
        q = self.rng.choice(numbers)
        return e.xreplace({q: self.w.pick(q + 1, q - 1, -q)})

    def maybe_near(self, e):
        return self.near(e) if self.w.chance(0.5) else e

    def transformed(self, e):
        return self.w.pick(lambda q: q, sp.expand, sp.radsimp, sp.together, sp.factor)(e)

    def end(self):
        return self.w.pick(sp.Integer(self.rng.randint(-9, 9)), sp.Integer(self.rng.randint(-9, 9)),
                           sp.Rational(self.rng.randint(-19, 19), self.rng.randint(2, 7)), self.w.pick(1, -1) * sp.sqrt(self.w.pick(2, 3, 5, 7)))

    def span(self):
        lo, hi = sorted((self.end(), self.end()), key=sp.N)
        if lo == hi:
            hi = lo + 1
        lo, hi = (-sp.oo if self.w.chance(0.15) else lo), (sp.oo if self.w.chance(0.15) else hi)
        return [lo, hi, lo == -sp.oo or self.w.chance(0.5), hi == sp.oo or self.w.chance(0.5)]

    def near_span(self, span):
        out = list(span)
        if out[0] != -sp.oo and self.w.chance(0.5):
            out[2] = not out[2]
        elif out[1] != sp.oo:
            out[1], out[3] = self.w.pick((out[1], not out[3]), (out[1] + 1, out[3]))
        return out

    # Categories.
    def constant(self):
        e = self.tree(self.w.pick(1, 2, 2, 3))
        f = self.transformed(self.maybe_near(e))
        same = equal_values(e, f)
        return SKIP if same is None else (self.w.latex(e), self.w.latex(f), same)

    def trigonometric(self):
        name, degrees = self.w.pick("sin", "cos", "tan"), 15 * self.rng.randint(-24, 24)
        value = sp.sqrtdenest(getattr(sp, name)(sp.pi * degrees / 180).rewrite(sp.sqrt))
        if not value.is_finite:
            return SKIP
        arg = self.w.pick(r"%d^\circ" % degrees, self.w.latex(sp.pi * degrees / 180))
        other = self.maybe_near(value)
        same = equal_values(value, other)
        return SKIP if same is None else (rf"\{name}\left({arg}\right)", self.w.latex(other), same)

    def complex_number(self):
        a, b, c, d = (sp.Integer(self.rng.randint(-9, 9)) for _ in range(4))
        e = self.w.pick((a + b * sp.I) * (c + d * sp.I), (a + b * sp.I) / (c + 10 + d * sp.I), (a + b * sp.I) ** 3)
        f = sp.expand_complex(e)
        f = self.w.pick(f, f, sp.conjugate(f), -f, f * sp.I)
        same = equal_values(e, f)
        return SKIP if same is None else (self.w.latex(e), self.w.latex(f), same)

    def polynomial(self):
        linear = lambda: self.rng.randint(-5, 5) * X + self.rng.randint(-5, 5) * self.w.pick(Y, N) + self.rng.randint(-6, 6)
        e = linear() * linear() ** self.w.pick(1, 2) * self.w.pick(1, 2, -1, sp.Rational(3, 4))
        if self.w.chance(0.25):
            e /= linear() or 1
        f = self.transformed(self.maybe_near(e))
        if not e.free_symbols or not f.free_symbols or not (e + f).is_finite and (e + f).has(sp.zoo, sp.nan):
            return SKIP
        return self.w.latex(e), self.w.latex(f), sp.simplify(e - f) == 0

    def pieces(self):
        a, b = self.rng.randint(1, 30), self.rng.randint(1, 30)
        forms = [(f"|x-{k}|", sp.Abs(X - k)) for k in (a, b)] + [(rf"\lfloor x/{k}\rfloor", sp.floor(X / k)) for k in (a, b)] + [
            (rf"\max(x,{a})", sp.Max(X, a)), (rf"\sqrt{{(x-{a})^2}}", sp.sqrt((X - a) ** 2)), (f"{a}-x", a - X), (f"x-{b}", X - b), (f"|{a}-x|", sp.Abs(a - X))]
        (gold, e), (pred, f) = self.rng.choice(forms), self.rng.choice(forms)
        return gold, pred, all(e.subs(X, sp.Rational(k, 7)) == f.subs(X, sp.Rational(k, 7)) for k in range(-300, 300, 11))

    def factorial(self):
        k, m = self.rng.randint(1, 3), self.rng.randint(1, 3)
        f = sp.prod([N - i for i in range(m)])
        if self.w.chance(0.5):
            return r"\frac{n!}{(n-%d)!}" % k, self.w.latex(self.w.pick(f, sp.expand(f))), k == m
        return r"\binom{n}{%d}" % k, self.w.latex(f / sp.factorial(m)), k == m

    def interval(self):
        spans = [self.span() for _ in range(self.w.pick(1, 1, 2, 3))]
        others = [list(s) for s in spans]
        self.rng.shuffle(others)
        if self.w.chance(0.5):
            others[0] = self.near_span(others[0])
        both = [sp.Union(*(sp.Interval(*s) for s in group)) for group in (spans, others)]
        written = [self.w.pick(r" \cup ", r"\cup ").join(self.w.interval(*s) for s in group) for group in (spans, others)]
        return written[0], self.w.pick("", r"x \in ") + written[1], both[0] == both[1]

    def inequality_or_condition(self):
        lo, hi, left, right = span = self.span()
        other = self.near_span(span) if self.w.chance(0.5) else span
        if (lo, hi) == (-sp.oo, sp.oo):
            return SKIP
        below, above = ("<" if left else r"\le "), ("<" if right else r"\le ")
        gold = ("" if lo == -sp.oo else self.w.latex(lo) + below) + "x" + ("" if hi == sp.oo else above + self.w.latex(hi))
        if self.w.chance(0.3):
            gold = r"\{x \mid %s\}" % gold
        return gold, self.w.interval(*other), sp.Interval(*span) == sp.Interval(*other)

    def collection(self):
        items = list({self.end() for _ in range(self.rng.randint(2, 5))})
        if len(items) < 2:
            return SKIP
        others, ordered = list(items), self.w.chance(0.5)
        if not ordered or self.w.chance(0.3):
            self.rng.shuffle(others)
        if self.w.chance(0.3):
            others[0] = others[0] + 1
        opened, closed = self.w.pick(("(", ")"), (r"\left(", r"\right)")) if ordered else self.w.pick((r"\{", r"\}"), ("", ""))
        write = lambda items: opened + self.w.pick(", ", ",").join(map(self.w.latex, items)) + closed
        return write(items), write(others), (others == items if ordered else set(others) == set(items))

    def matrix(self):
        m = sp.Matrix(self.rng.randint(2, 3), self.rng.randint(1, 3), lambda i, j: self.end())
        other = self.w.pick(m, m, m.T, m.applyfunc(lambda v: -v))
        write = lambda m, e: r"\begin{%s}%s\end{%s}" % (e, r" \\ ".join(" & ".join(map(self.w.latex, m.row(i))) for i in range(m.rows)), e)
        return write(m, self.w.pick("pmatrix", "bmatrix")), write(other, self.w.pick("pmatrix", "bmatrix")), m == other

    def relation(self):
        left = self.rng.randint(1, 6) * X + self.rng.randint(1, 6) * self.w.pick(Y, Y ** 2) + self.rng.randint(-9, 9)
        factor, op = self.w.pick(1, -1, 2, -3), self.w.pick("=", "<", ">", r"\le ", r"\ge ")
        flipped = {"=": "=", "<": ">", ">": "<", r"\le ": r"\ge ", r"\ge ": r"\le "}[op]
        right, other = self.maybe_near(left), op if factor > 0 else flipped
        ratio = sp.simplify(right / left)
        same = bool(ratio.is_number and (ratio != 0 if op == "=" else ratio > 0))
        if op != "=" and self.w.chance(0.2):
            other, same = {op: flipped, flipped: op}[other], bool(ratio.is_number and ratio < 0)
        moved = self.rng.choice(right.args)
        return f"{self.w.latex(left)}{op}0", f"{self.w.latex(sp.expand(factor * (right - moved)))}{other}{self.w.latex(-factor * moved)}", same


def equal_values(a, b):
    """Whether two numbers are equal, None when they are too close to tell."""
    try:
        d = abs(complex(sp.N(a - b, 40, maxn=200)))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return True if d < 1e-25 else None if d < 1e-4 or d != d else False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, help="how many to write")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    maker = Maker(random.Random(args.seed))
    categories = [name for name in vars(Maker) if callable(getattr(Maker, name)) and name not in
                  ("__init__", "leaf", "tree", "near", "maybe_near", "transformed", "end", "span", "near_span")]
    written = 0
    while written < args.rows:
        rule = maker.rng.choice(categories)
        try:
            made = getattr(maker, rule)()
        except (TypeError, ValueError, ZeroDivisionError, IndexError):  # sympy has no word on it
            continue
        if made is SKIP or any(bad in made[0] + made[1] for bad in ("zoo", "nan", r"\infty^")):
            continue
        gold, pred, expected = made
        print(json.dumps({"gold": gold, "pred": maker.w.prose(pred), "expected": bool(expected), "rule": rule}))
        written += 1


if __name__ == "__main__":
    main()
