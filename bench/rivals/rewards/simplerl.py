"""The reward functions of SimpleRL and SimpleRL-Zoo."""

import os
import re
import sys
import types
from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import limit, module

CHECKOUTS = {"simplerl": "checkout of hkust-nlp/simpleRL-reason, branch v1 (needs math-verify and word2number)"}


def toolkit(o):
    """Its copy of Qwen2.5-Math's evaluation: extract_answer and math_equal."""
    folder = Path(o.simplerl, "verl/utils/reward_score/qwen_math_eval_toolkit")
    parser = module(folder / "parser.py", [r"^from \.utils import \*$", r"^import random$"])
    grader = module(folder / "grader.py", [r"^from latex2sympy2 import latex2sympy$"], {"latex2sympy": None})
    return parser, grader


def patient(equal):
    """As the publisher's subprocess: what takes long or raises is different."""
    def call(prediction, reference):
        try:
            with limit(5):
                return equal(prediction=prediction, reference=reference, timeout=False)
        except Exception:
            return False
    return call


def score(o, name, kind):
    parser, grader = toolkit(o)
    os.environ["REWORD_FUNCTION_TYPE"] = kind
    source = Path(o.simplerl, "verl/utils/reward_score", name)
    drop = [r"^from \.qwen_math_eval_toolkit.*?$", r"^global_executor = .*?$"]
    loaded = module(source, drop, {"qwen_extract_answer": parser.extract_answer, "qwen_math_equal": grader.math_equal})
    loaded.random = types.SimpleNamespace(random=lambda: 1)  # it prints one call in twenty
    loaded.hf_math_equal_subprocess = lambda gold, target: loaded.hf_verify_with_try(gold, target)
    loaded.qwen_math_equal_subprocess = patient(grader.math_equal)
    return loaded.compute_score


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    stdout = sys.stdout
    sys.stdout = open(os.devnull, "w")  # the module prints its settings
    zoo = {kind: score(o, "hf_math_verify.py", kind) for kind in ["mix", "independent"]}
    sys.stdout = stdout
    m = MathRows(t, o.math_rows)
    claims = CLAIMS + ["<|im_start|>user x<|im_end|>\n<|im_start|>assistant\n\\boxed{%s}", "%s</s> 7", "\\boxed{%s}<|endoftext|>\\boxed{3}"]

    def answer(row):
        kind = row["params"].get("reward_function_type", "mix")
        return [float(zoo[kind](c, row["kwargs"]["solution"][0])["score"]) for c in row["completions"]]

    middle = {kind: score(o, "simplelr_math.py", kind) for kind in ["mix", "independent"]}

    def before(row):
        kind = row["params"].get("reward_function_type", "mix")
        return [float(middle[kind](c, row["kwargs"]["solution"][0])) for c in row["completions"]]

    yield "simplerl.simplelr_math", before, m.rows(o.rows // 4, claims, lambda: {"reward_function_type": t.random.choice(["mix", "independent"])})
    yield "simplerl.zoo", answer, m.rows(o.rows // 4, claims, lambda: {"reward_function_type": t.random.choice(["mix", "independent"])})
