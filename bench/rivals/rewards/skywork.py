"""What Skywork-OR1's trainer pays for mathematics."""

import importlib.util
import re
import types
from pathlib import Path

from grader_texts import GraderTexts, each

CHECKOUTS = {"skywork_or1": "as above"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    if importlib.util.find_spec("math_verify") is None:
        print("Math-Verify is not installed: skywork.math is not compared")
        return
    source = Path(o.skywork_or1, "verl/utils/reward_score/livecodebench/compute_score.py").read_text(encoding="utf-8")
    loaded = types.ModuleType("skywork")
    exec("from math_verify import parse, verify\n" + re.search(r"^def math_verify_reward_function.*?(?=^def )", source, re.S | re.M).group(), loaded.__dict__)

    def score(completion, gold):
        return loaded.math_verify_reward_function(completion.split("</think>")[1] if "</think>" in completion else completion, gold)

    yield "skywork.math", each(score, 20), GraderTexts(t, o.math_rows).rows(o.rows // 4)
