"""The verifiers of open-instruct (ground_truth_utils.py, if_functions.py)."""

import asyncio
import importlib.util
import logging
import types
from pathlib import Path

from ifevalg import seeded_langdetect
from openinstruct_texts import OpenInstructTexts
from published import module

CHECKOUTS = {"open_instruct": "checkout of allenai/open-instruct"}

# ground_truth_utils.py's name of each verifier that judges by a rule.
VERIFIERS = {
    "gsm8k": "GSM8KVerifier", "math": "MathVerifier", "strict_math": "StrictMathVerifier", "puzzle": "PuzzleMatcherVerifier", "string_matcher": "StringMatcherVerifier",
    "string_f1": "F1Verifier", "flan": "FlanVerifier", "re_search": "R1SearchVerifier", "re_search_f1": "ReSearchVerifierF1", "max_length": "MaxLenVerifier",
    "up_to_max_length": "UpToMaxLenVerifier", "ifeval_old": "IFEvalVerifierOld",
}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    if importlib.util.find_spec("sympy") is None or importlib.util.find_spec("antlr4") is None:
        print("sympy and antlr4-python3-runtime==4.11.1 are not installed: open-instruct's verifiers are not compared")
        return
    quiet = {"logger_utils": types.SimpleNamespace(setup_logger=lambda name: logging.getLogger(name)), "requests": None, "langdetect": seeded_langdetect()}
    drop = [r"^from open_instruct\S* import \(.*?^\)$", r"^from open_instruct\b.*?$", r"^import (requests|langdetect)$"]
    source = Path(o.open_instruct, "open_instruct")
    maths = module(source / "math_utils.py", drop, quiet)
    follow = module(source / "if_functions.py", drop, quiet)
    truth = module(source / "ground_truth_utils.py", drop, {**quiet, **maths.__dict__, "IF_FUNCTIONS_MAP": follow.IF_FUNCTIONS_MAP, "JUDGE_PROMPT_MAP": {}, "instructions_registry": None})
    t = OpenInstructTexts(t)

    def verifier(name, config=None):
        return getattr(truth, VERIFIERS[name])(config or truth.MaxLengthVerifierConfig())

    def score(function, ids, completion, gold):
        """None where it raises: it is asked for one completion at a time."""
        try:
            return float(function(ids, completion, gold).score)
        except Exception:
            return None

    def each(name):
        def call(row):
            config = truth.MaxLengthVerifierConfig(**row["params"])
            gold = row["kwargs"]["ground_truth"]
            ids = row["kwargs"].get("completion_ids", [[]] * len(gold))
            return [score(verifier(name, config), i, c, g) for i, c, g in zip(ids, row["completions"], gold)]
        return call

    def soft_format(row):
        return truth.soft_format_reward_func(row["completions"], **row["params"])

    def total(row):
        """RewardConfig's sum, without tools."""
        settings = {k: v for k, v in row["params"].items() if not k.startswith("max_length")}
        mapping = {name: verifier(name) for name in VERIFIERS}
        config = truth.RewardConfig(verifier_functions=mapping, **settings)
        n, kwargs = len(row["completions"]), row["kwargs"]
        infos = types.SimpleNamespace(timeouts=[False] * n, tool_errors=[""] * n, tool_outputs=[""] * n, tool_calleds=[False] * n, rollout_states=None)
        scores, _ = asyncio.run(config.build()(kwargs["completion_ids"], row["completions"], kwargs["ground_truth"], kwargs["dataset"], kwargs["finish_reasons"], infos))
        return [float(s) for s in scores]

    many = range(o.rows)
    yield "openinstruct.gsm8k", each("gsm8k"), [t.numbers() for _ in many]
    for name in ("math", "strict_math"):
        yield "openinstruct." + name, each(name), [t.maths() for _ in range(o.rows // 10)]
    for name in ("puzzle", "string_matcher", "flan"):
        yield "openinstruct." + name, each(name), [t.phrases() for _ in many]
    yield "openinstruct.string_f1", each("string_f1"), [t.phrases("list") for _ in many]
    for name in ("re_search", "re_search_f1"):
        yield "openinstruct." + name, each(name), [t.phrases("json") for _ in many]
    for name in ("max_length", "up_to_max_length"):
        yield "openinstruct." + name, each(name), [t.lengths() for _ in many]
    yield "openinstruct.soft_format", soft_format, [t.thoughts() for _ in many]
    yield "openinstruct.ifeval_old", each("ifeval_old"), [t.instructions() for _ in many]
    yield "openinstruct.reward", total, [t.sums() for _ in many]


