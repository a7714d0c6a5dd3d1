"""Answers for the graders that descend from PRM800K's: random ones made of the
pieces that they look for, and rows of a file."""

import json
import signal

PIECES = (r"\frac{1}{2}|\frac12|\frac1{72}|\frac|\dfrac{3}{4}|\tfrac34|\sqrt{2}|\sqrt3|\sqrt[3]{5}|\sqrt|\pi|\infty|\cup|\cdot|\times|\left|\right|(|)|[|]|{|}|,|, |1|2|3|10|1,000|12,345,678|.5|0.5|3.0|2.99999999|1e5|x|y|k=|=|/|"
          r"-|- |+|^|^2|^{2}|^{10}|_|\ |\!|,\!|\;|\,|\quad|\%|%|\$|$|\text{ cm}|\text{cm}|\text{|\mbox{ a}|\mathrm{|\mathbb{R}|\circ|^\circ|^{\circ}|\alpha|\le|\pm|\\|&|\begin{pmatrix}|\end{pmatrix}|\begin{array}{cc}|\end{array}|"
          r"\(|\)|degrees|inches| m|sq m| feet|hours|days| and | or |million|a|B|e|İ|√|π|∞|·| |--|~|\bar{x}|\overline{AB}|\foo{b}|\ln(2)|\ln 2|7 3/4|3 \frac{1}{4}|½|inf|nan|!|5!|\{1,2\}|(1,2)|[1,2)|x^2-1|(x-1)(x+1)|"
          r"2\sqrt{2}|\sqrt{8}|\frac{\sqrt{2}}{2}|1/\sqrt{2}|sqrt(8)|2pi|2i+3|3+2i|x(2)|0.333|1/3|03/4|5cm|12 square units").split("|")
WRAPS = [r"\boxed{%s}", r"so \boxed{%s}.", r"<think>a</think> \boxed{%s}", r"<think>\boxed{1}</think>\boxed{%s} or </think>\boxed{2}", r"a</think> the answer is \boxed{%s}", r"<think>b</think> \fbox{%s}",
         r"<think>a</think> <answer>%s</answer>", r"<think>a</think> <answer>\boxed{%s}</answer>", "<answer>%s</answer>", r"</think> <answer>%s", "%s", r"<think>a</think>\boxed %s", r"\boxed{%s"]
SAME = [lambda s: s, lambda s: s, lambda s: "(%s)" % s, lambda s: s + "+0", lambda s: "2*%s/2" % s, lambda s: s.replace("frac", "dfrac"), lambda s: " " + s, lambda s: "x=" + s, lambda s: s + r"\text{ cm}", lambda s: s + r"^\circ"]


class GraderTexts:
    def __init__(self, texts, file=None):
        self.random = texts.random
        self.given = []
        if file:
            with open(file, encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    self.given.append((row.get("gold", row.get("answer")), row.get("pred", row.get("solution"))))

    def answer(self):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3, 3, 4, 6])))

    def pair(self):
        """A gold answer and a claim, the same in another form half of the time."""
        gold = self.answer()
        claim = self.random.choice(SAME)(gold) if self.random.random() < 0.5 else self.answer()
        return gold, claim

    def rows(self, many, wrap=True, lists=True):
        """Calls of four completions; after random ones those of the file."""
        out = []
        for _ in range(many):
            pairs = [self.pair() for _ in range(4)]
            golds = [g if not lists or self.random.random() < 0.8 else [g, self.answer()] for g, _ in pairs]
            golds = [r"\boxed{%s}" % g if lists and isinstance(g, str) and self.random.random() < 0.1 else g for g in golds]
            forms = [self.random.choice(WRAPS) if wrap else "%s" for _ in pairs]
            out.append({"completions": [f % c if f.count("%s") else f for f, (_, c) in zip(forms, pairs)], "kwargs": {"solution": golds}, "params": {}})
        for at in range(0, len(self.given) - 3, 4):
            pairs = self.given[at:at + 4]
            texts = [c if "\\boxed" in c or not wrap else "\\boxed{" + c + "}" for _, c in pairs]
            texts = ["<think>a</think> <answer>" + c + "</answer>" if wrap else c for c in texts]
            out.append({"completions": texts, "kwargs": {"solution": [g for g, _ in pairs]}, "params": {}})
        return out


def each(function, seconds=4):
    """Scores each completion of a row; sympy is interrupted, which the
    published code takes for a difference."""
    def interrupt(*_):
        raise TimeoutError

    def one(completion, gold):
        signal.signal(signal.SIGALRM, interrupt)
        signal.alarm(seconds)
        try:
            return float(function(completion, gold))
        finally:
            signal.alarm(0)

    return lambda row: [one(c, g) for c, g in zip(row["completions"], row["kwargs"]["solution"])]
