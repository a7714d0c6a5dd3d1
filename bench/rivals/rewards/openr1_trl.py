"""The reward functions of open-r1 and of TRL."""

import importlib.util
import sys
import types
from pathlib import Path

from published import module

CHECKOUTS = {"open_r1": "checkout of huggingface/open-r1", "trl": "checkout of huggingface/trl"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    verify = importlib.util.find_spec("math_verify") is not None
    drop = [r"^from \.utils\.[a-z_]+ import \(.*?\)$", r"^from \.utils\..*?$"]
    if not verify:
        drop += [r"^from latex2sympy2_extended.*?$", r"^from math_verify.*?$"]
    r1 = module(Path(o.open_r1, "src/open_r1/rewards.py"), drop, {"SubtaskResult": None})
    think = module(Path(o.trl, "trl/rewards/format_rewards.py"))
    other = module(Path(o.trl, "trl/rewards/other_rewards.py"))
    pick = t.random.choice
    many = range(o.rows)

    def plain():
        return [t.row() for _ in many]

    def repetition(kwargs):
        return [t.row({"ngram_size": t.random.randrange(1, 5), "max_penalty": pick([-1, -0.5, 0, -2.5, -1e12, 0.5])}, kwargs()) for _ in many]

    def chinese():
        """open-r1's function asks transformers whether jieba is there."""
        if importlib.util.find_spec("jieba") is None:
            print("jieba is not installed: openr1.repetition_penalty is not compared for Chinese")
            return []
        if importlib.util.find_spec("transformers") is None:
            asked = types.ModuleType("transformers.utils.import_utils")
            asked._is_package_available = lambda name: True
            sys.modules.update({"transformers": types.ModuleType("transformers"), "transformers.utils": types.ModuleType("transformers.utils"), asked.__name__: asked})
        # One row a set of parameters: each starts a Python of its own.
        sizes = [(n, p) for n in (1, 2, 3, 5) for p in (-1.0, -0.3)]
        return [t.chinese({"ngram_size": n, "max_penalty": p, "language": "zh", "python": sys.executable}, o.rows // 2) for n, p in sizes]

    def zh(row):
        given = {k: v for k, v in row["params"].items() if k != "python"}
        return r1.get_repetition_penalty_reward(**given)(row["completions"])

    def overlong():
        return [t.row({"max_completion_len": t.random.randrange(-2, 12), "soft_punish_cache": t.random.randrange(-4, 14)}, t.ids()) for _ in many]

    def languages():
        return [t.row({"language": pick(["python", "c++", "c", "go|c", ""])}, pick([{}, {"language": ["python", "c++", "javascript", "c"]}, {"language": [None, "x|c", 3, "c."]}])) for _ in many]

    def answers(params=None):
        rows = [t.answers(params) for _ in range(o.rows // 10)]
        for row in rows[::12]:  # gold answers that are no texts
            row["kwargs"]["solution"][pick(range(4))] = pick([3, 0.5, None, True, ["3"], {"a": 1}])
        return rows

    def delimited():
        rows = answers()
        for row in rows:
            row["kwargs"]["reasoning_delimiters"] = pick([None, [], ["</think>"], ["is", "</think>"], ["</think>", "is"], ["box", "$"]])
        return rows

    ids = "completion_ids"
    verified = []
    if verify:
        accuracy = module(Path(o.trl, "trl/rewards/accuracy_rewards.py"), [r"^from \.\.import_utils.*?$"], {"is_math_verify_available": lambda: True})
        verified = [
            ("openr1.accuracy", lambda r: r1.accuracy_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("openr1.length", lambda r: r1.len_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("openr1.cosine", lambda r: r1.get_cosine_scaled_reward(**r["params"])(r["completions"], r["kwargs"]["solution"]), answers({"max_len": 100}) + answers({"max_len": -30, "min_value_correct": 2})),
            ("trl.accuracy", lambda r: accuracy.accuracy_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("trl.reasoning_accuracy", lambda r: accuracy.reasoning_accuracy_reward(r["completions"], **r["kwargs"]), delimited()),
            ("trl.cosine", lambda r: accuracy.get_cosine_scaled_reward(**r["params"])(r["completions"], r["kwargs"]["solution"], r["kwargs"][ids]), answers({"max_len": 100})),
        ]
    else:
        print("Math-Verify is not installed: the functions that verify answers are not compared")
    yield from verified + [
        ("openr1.format", lambda r: r1.format_reward(r["completions"]), plain()),
        ("openr1.tag_count", lambda r: r1.tag_count_reward(r["completions"]), plain()),
        ("openr1.reasoning_steps", lambda r: r1.reasoning_steps_reward(r["completions"]), plain()),
        ("openr1.repetition_penalty", lambda r: r1.get_repetition_penalty_reward(**r["params"])(r["completions"]), repetition(dict)),
        ("openr1.repetition_penalty", zh, chinese()),
        ("openr1.code_format", lambda r: r1.get_code_format_reward(**r["params"])(r["completions"], **r["kwargs"]), languages()),
        ("openr1.soft_overlong_punishment", lambda r: r1.get_soft_overlong_punishment(**r["params"])(r["kwargs"][ids]), overlong()),
        ("trl.think_format", lambda r: think.think_format_reward(r["completions"]), plain()),
        ("trl.repetition_penalty", lambda r: other.get_repetition_penalty_reward(**r["params"])(r["kwargs"][ids]), repetition(t.ids)),
        ("trl.soft_overlong_punishment", lambda r: other.get_soft_overlong_punishment(**r["params"])(r["kwargs"][ids]), overlong()),
    ]
