"""Rows for graders of mathematical answers: claims in random forms, and rows of a file."""

import json

from texts import ANSWERS, VERL_ANSWERS

# Forms on which graders are known to differ.
MORE = [
    "50%", "0.5%", "0.005", "500", r"\$3", "1,234,567", "12,34", "(1, 2]", "[1,2]", "(1.0,2)", r"\left(1,\frac{1}{2}\right)", r"(0,\infty)", r"x \in (0,1)", r"\frac{x+2}{7}", r"\frac{x}{7}+\frac{2}{7}",
    "(x+1)^2", "x^2+2x+1", "y=2x+1", "2x+1=y", "2x - y + 1 = 0", r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}", r"\sqrt[3]{8}", "2^{10}", "1024", r"3\pi", r"9.42", r"\frac{\pi}{2}", r"1.5707963",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix} 1 & 2 \\ 3 & 4.0 \end{pmatrix}", r"\begin{bmatrix}1\\2\end{bmatrix}", "A", "(A)", r"\text{(A)}", "a", "E", "twenty five", "25", "two thirds",
    "3 cm", r"3\text{ cm}", "3 hours", "x>3", "x<3", r"x \le 3", "12!", "e", "e^2", "i", "j", "1+i", r"\sin(x)", r"\cos\left(\frac{\pi}{3}\right)", r"\log_2 8", r"\ln e", r"|x|", "10^6", "1000000", "1e6",
    "0", "-0", "0.0", "1/3", "0.333", "0.3333", "0.33333", r"\frac{1}{3}", "2:3", "2/3", "1 1/2", r"1\frac{1}{2}", "1.5", "3.14", "22/7", "inf", r"\infty", r"\emptyset", r"\{\}", "Yes", "no", "x", "X",
    r"2\cdot 3", "2 \\times 3", "2*3", r"\binom{5}{2}", r"\lfloor 2.5 \rfloor", "f(x)=x+1", "x+1", r"\pm 2", r"2, -2", "-2, 2", "-2,2", r"1 \text{ or } 2", "1 and 2", r"5^\circ", "5 degrees", "7_8", "7_{8}",
    "11111111111111111111", "11111111111111111112", "0.1+0.2", "0.3", r"\overline{AB}", "d", "dx", r"\frac{d}{dx}", "{3}", "{{3}}", "3.", "3. ", "+3", "- 3", "--3", "3/0", r"\frac{1}{0}", r"\sqrt{-1}", r"x'", "x_1", "x_{1}",
]

CLAIMS = [r"\boxed{%s}", r"\boxed{%s}", r"so \boxed{%s}.", r"\boxed{ %s }", "The answer is %s", "the answer is: %s.", "The final answer is $%s$. I hope it is correct.", "%s", r"\boxed{%s", r"\boxed %s$ x",
          r"a \boxed{1} and \boxed{%s}", r"\fbox{%s}", "final answer is %s", "答案是 %s", r"x boxed{%s}", "\\boxed{%s}\n\n.", "\\boxed{\n%s\n}", "= %s", "Answer: %s", "answer is %s. So", "so %s is the answer"]


class MathRows:
    """Rows of four completions; claim makes a completion of an answer."""

    def __init__(self, t, path):
        self.random, self.file = t.random, []
        if path:
            with open(path, encoding="utf-8") as f:
                self.file = [json.loads(line) for line in f]
        self.texts = ANSWERS + VERL_ANSWERS + MORE

    def answer(self):
        text = self.random.choice(self.texts)
        if self.random.random() < 0.2:
            text = self.random.choice(["%s %s", "%s+%s", "%s, %s", "(%s,%s)", r"\frac{%s}{%s}", "%s/%s", r"%s\sqrt{%s}", "%s=%s", "[%s,%s)", "%s^{%s}", "%s-%s", r"%s\%%%.0s", r"\text{%s}%.0s", "-%s%.0s", r"%s \cup %s"]) % (text, self.random.choice(self.texts))
        return text

    def rows(self, most, claims, params=lambda: {}, completion=lambda text: text):
        """Random rows, then those of the file; half of the random claims are the gold answer."""
        def row(gold, preds):
            return {"completions": [completion(self.random.choice(claims).replace("%s", p)) for p in preds], "kwargs": {"solution": [gold] * len(preds)}, "params": params()}

        out = []
        for _ in range(most):
            gold = self.answer()
            out.append(row(gold, [gold if self.random.random() < 0.2 else self.answer() for _ in range(4)]))
        same = {}
        for r in self.file:
            same.setdefault(r["gold"], []).append(r["pred"])
        for gold, preds in same.items():
            self.random.shuffle(preds)
            out += [row(gold, preds[i:i + 4]) for i in range(0, len(preds), 4)]
        return out
