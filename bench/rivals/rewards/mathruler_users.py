"""The reward functions that ask the package mathruler: EasyR1's and verl's geo3k."""

import importlib.util
from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import module

CHECKOUTS = {"easyr1": "checkout of hiyouga/EasyR1 (needs mathruler)", "verl": "as above"}

THINK = ["<think>a</think>%s", "<think>a</think> <answer>%s</answer>", "<think> a < / think >\n< answer >%s</answer>", "%s", "%s", "x<think>%s</think>", "<think></think></think><answer>\n%s</answer>", "<think></think><answer>%s</answer> x"]


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    if importlib.util.find_spec("mathruler") is None:
        print("mathruler is not installed: EasyR1's functions and verl's geo3k are not compared")
        return
    examples = Path(o.easyr1, "examples/reward_function")
    math, r1v = module(examples / "math.py"), module(examples / "r1v.py")
    geo3k = module(Path(o.verl, "verl/utils/reward_score/geo3k.py"))
    m = MathRows(t, o.math_rows)

    def of(row, score):
        return [float(score(c, row["kwargs"]["solution"][0], **row["params"])) for c in row["completions"]]

    def rows(params):
        return m.rows(o.rows // 4, CLAIMS + ["%s"], params, lambda text: t.random.choice(THINK).replace("%s", text))

    def weight():
        return {"format_weight": t.random.choice([0.1, 0.5])}

    yield "easyr1.math", lambda r: of(r, lambda c, gold, **p: math.compute_score([{"response": c, "ground_truth": gold}], **p)[0]["overall"]), rows(weight)
    yield "easyr1.r1v", lambda r: of(r, lambda c, gold, **p: r1v.compute_score({"response": c, "ground_truth": gold}, **p)["overall"]), rows(weight)
    yield "verl.geo3k", lambda r: of(r, geo3k.compute_score), rows(lambda: {"use_boxed": t.random.random() < 0.8, "format_score": t.random.choice([0.1, 0.3])})
