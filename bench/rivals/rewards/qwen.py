"""The grader of Qwen2.5-Math's evaluation."""

import sys
from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import limit, module

CHECKOUTS = {"qwen": "checkout of QwenLM/Qwen2.5-Math (needs sympy, antlr4-python3-runtime==4.11.1, word2number, regex)"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    folder = Path(o.qwen, "evaluation")
    sys.path.insert(0, str(folder / "latex2sympy"))
    try:
        from latex2sympy2 import latex2sympy
    except Exception:
        print("Qwen2.5-Math's latex2sympy2 cannot be loaded: what only it reads counts as a text")
        latex2sympy = None
    given = {"latex2sympy": latex2sympy}
    parser = module(folder / "parser.py", [r"^from utils import \*$", r"^from latex2sympy2 .*?$", r"^import random$"], given)
    grader = module(folder / "grader.py", [r"^from latex2sympy2 .*?$"], given)

    def same(claim, gold):
        try:
            with limit(5):  # the publisher's pool gives three seconds
                return float(grader.math_equal(parser.strip_string(parser.extract_answer(claim, "math")), parser.strip_string(gold)))
        except Exception:
            return 0.0

    yield "qwen.math_equal", lambda row: [same(c, row["kwargs"]["solution"][0]) for c in row["completions"]], MathRows(t, o.math_rows).rows(o.rows // 4, CLAIMS)
