"""The reward function of verifiers' MathRubric."""

from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import module

CHECKOUTS = {"verifiers": "checkout of PrimeIntellect-ai/verifiers, 0.4.0 (needs math-verify)"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    legacy = Path(o.verifiers, "verifiers/legacy")
    extract = module(legacy / "utils/data_utils.py", [r"^from datasets import .*?$"]).extract_boxed_answer
    parser = module(legacy / "parsers/maybe_think_parser.py", [r"^from verifiers.*?$"], {"Parser": Base}).MaybeThinkParser(lambda text: extract(text, strict=True))
    verify = module(legacy / "rubrics/math_rubric.py", [r"^from verifiers.*?$"], {"Rubric": object, "Parser": None, "Messages": None, "RewardFunc": None}).verify_response

    def answer(row):
        return [verify(parser.parse(c) or "", row["kwargs"]["solution"][0], 50_000)[0] for c in row["completions"]]

    claims = CLAIMS + ["<think>%s</think> \\boxed{%s}", "</think>\\boxed{%s}</think> %s", "\\boxed{%s}</think>"]
    yield "verifiers.math", answer, MathRows(t, o.math_rows).rows(o.rows // 4, claims)


class Base:
    def __init__(self, extract_fn):
        self.extract_fn = extract_fn
