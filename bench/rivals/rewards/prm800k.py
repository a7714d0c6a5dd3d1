"""PRM800K's grader."""

from pathlib import Path

from grader_texts import GraderTexts, each
from published import module

CHECKOUTS = {"prm800k": "checkout of openai/prm800k"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    source = Path(o.prm800k, "prm800k/grading")
    grader = module(source / "grader.py", [r"^from grading import .*?$"], {"math_normalize": module(source / "math_normalize.py")})
    texts = GraderTexts(t, o.math_rows)
    yield "prm800k.grade_answer", each(grader.grade_answer), texts.rows(o.rows, wrap=False, lists=False)


def reward(path, options):
    """RewardMathFn of a checkout with the folder of its rewards, and its config."""
    folder = Path(path)
    drop = [r"^from (rllm|deepscaler|verl)\S* import .*?$"]
    kinds = module(folder / "reward_types.py", [r"^from __future__.*?$"])
    utils = module(folder / options.get("utils", "math_utils") / "utils.py")
    given = {**kinds.__dict__, **utils.__dict__, "THOUGHT_DELIMITER_START": "<think>", "THOUGHT_DELIMITER_END": "</think>", "ORM_PROMPT": "", "OAI_RM_MODEL": "", "call_gemini_llm": None, "call_oai_rm_llm": None}
    return module(folder / "math_reward.py", drop, given), kinds


class Family:
    """A publisher that has DeepScaleR's RewardMathFn."""

    def __init__(self, option, what, name, folder, call, **options):
        self.CHECKOUTS = {option: what}
        self.option, self.name, self.folder, self.call, self.options = option, name, folder, call, options

    def functions(self, o, t):
        maths, kinds = reward(Path(getattr(o, self.option), self.folder), self.options)
        texts = GraderTexts(t, o.math_rows)
        yield self.name, each(lambda c, g: self.call(maths, kinds, c, g)), texts.rows(o.rows)


def _scored(maths, kinds, completion, gold):
    config = kinds.RewardConfig()
    given = kinds.RewardInput(problem=completion, problem_type=kinds.RewardType.MATH, model_response=completion, ground_truth={"answer": gold})
    return maths.RewardMathFn(config)(given).reward


FAMILY = [
    Family("deepscaler", "checkout of agentica-project/deepscaler", "deepscaler.math", "deepscaler/rewards", _scored),
    Family("rllm", "checkout of agentica-project/rllm", "rllm.math", "rllm/rewards", lambda m, k, c, g: m.rllm_reward_fn_math("", c, g)),
    Family("skywork_or1", "checkout of SkyworkAI/Skywork-OR1", "skywork.deepscaler", "verl/utils/reward_score/deepscaler_math", lambda m, k, c, g: m.deepscaler_reward_fn(c, g), utils="utils"),
]
