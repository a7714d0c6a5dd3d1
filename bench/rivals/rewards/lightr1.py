"""The reward function of Light-R1, a copy of DeepScaleR's."""

from pathlib import Path

from mathrows import CLAIMS, MathRows
from published import module

CHECKOUTS = {"light_r1": "checkout of Qihoo360/Light-R1 (needs sympy and pylatexenc)"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    rewards = Path(o.light_r1, "deepscaler-release/deepscaler/rewards")
    utils = module(rewards / "math_utils/utils.py")
    types = module(rewards / "reward_types.py")
    given = {**types.__dict__, "THOUGHT_DELIMITER_START": "<think>", "THOUGHT_DELIMITER_END": "</think>", "OAI_RM_MODEL": "", "ORM_PROMPT": "",
             "extract_answer": utils.extract_answer, "grade_answer_sympy": utils.grade_answer_sympy, "grade_answer_mathd": utils.grade_answer_mathd}
    math = module(rewards / "math_reward.py", [r"^from deepscaler.*?$"], given)

    def score(row):
        return [float(math.deepscaler_reward_fn(c, row["kwargs"]["solution"][0], **row["params"])) for c in row["completions"]]

    claims = ["<think>a</think>" + c for c in CLAIMS] + ["<think>\\boxed{%s}</think>", "a</think>\\boxed{%s}", "<think></think>\\boxed{%s}</think> \\boxed{3}", "\\boxed{%s}"]
    yield "lightr1.math", score, MathRows(t, o.math_rows).rows(o.rows // 4, claims, lambda: {"skip_format_reward": t.random.random() < 0.3})
