"""The reward function of Open-Reasoner-Zero."""

import re
from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import limit, module

CHECKOUTS = {"orz": "checkout of Open-Reasoner-Zero (needs sympy, antlr4-python3-runtime==4.11.1; math-verify for its second mode)"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    tools = module(Path(o.orz, "orz/ppo/tools/math_utils.py"))
    boxed = re.compile(r"<answer>.*?(\\boxed{.*}).*?</answer>", re.DOTALL)  # extract_final_answers_batch in playground/

    def latex_equal(a, b, mode):
        if mode == "math_verify":
            return tools.verify(tools.parse(a), tools.parse(b))
        if (len(a) > 128 and tools.repeatness(a)) or (len(b) > 128 and tools.repeatness(b)):
            return False
        return tools._is_latex_equal(a, b)

    def score(text, gold, mode):
        found = re.findall(boxed, text)
        a, b = tools.solution2answer(gold), tools.solution2answer(found[-1] if found else "")
        try:
            with limit(5):  # the publisher gives a second
                return float(tools.is_equiv(a, b) or latex_equal(a, b, mode))
        except TimeoutError:
            return 0.0

    def row(r):
        return [score(c, r["kwargs"]["solution"][0], r["params"].get("math_mode", "legacy")) for c in r["completions"]]

    claims = ["<answer>" + c + "</answer>" for c in CLAIMS] + ["<answer>\\boxed{1} and \\boxed{%s}}</answer></answer>", "<answer>x</answer> \\boxed{%s} <answer></answer>", "<answer>\\boxed{%s}", "\\boxed{%s}"] + ["<answer>\\boxed{%s}</answer>"] * 15
    yield "orz.math", row, MathRows(t, o.math_rows).rows(o.rows // 4, claims, lambda: {"math_mode": "legacy"})
