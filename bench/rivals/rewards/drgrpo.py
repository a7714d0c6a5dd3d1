"""The reward functions of Dr. GRPO (understand-r1-zero)."""

import importlib.util
from pathlib import Path

from grader_texts import GraderTexts, each
from published import module

CHECKOUTS = {"drgrpo": "checkout of sail-sg/understand-r1-zero"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    verify = importlib.util.find_spec("math_verify") is not None
    drop = [r"^from latex2sympy2_extended.*?$", r"^from sympy.parsing.latex.*?$"]
    if not verify:
        drop.append(r"^from math_verify import \(.*?\)$")
        print("Math-Verify is not installed: Dr. GRPO's functions are compared with fast only")
    grader = module(Path(o.drgrpo, "understand_r1_zero/math_grader.py"), drop)
    texts = GraderTexts(t, o.math_rows)
    for name, function in (("boxed", grader.boxed_reward_fn), ("r1_zero", grader.answer_tag_reward_fn), ("orz", grader.answer_tag_reward_fn_for_orz)):
        for fast in (True, False) if verify else (True,):
            rows = texts.rows(o.rows if fast else o.rows // 4)
            for row in rows:
                row["params"] = {"fast": fast}
            yield "drgrpo." + name, each(lambda c, g, f=function, fast=fast: f(c, g, fast)[1]), rows
