"""The reward functions of verl (utils/reward_score)."""

import importlib.util
import re
from pathlib import Path

from published import module

CHECKOUTS = {"verl": "checkout of volcengine/verl, or its package unpacked (pip download --no-deps verl, unzip)"}


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    def source(name):
        return module(Path(o.verl, "verl/utils/reward_score", name + ".py"))

    def each(name):
        function = source(name).compute_score

        def call(row):
            found = [function(c, row["kwargs"]["solution"][0], **row["params"]) for c in row["completions"]]
            return [f["score"] if isinstance(f, dict) else float(f) for f in found]
        return call

    search_r1, rlla = source("search_r1_like_qa_em"), source("rlla")

    def search(row):
        score = search_r1.compute_score_subem if row["params"].get("substring") else search_r1.compute_score
        given = {k: v for k, v in row["params"].items() if k != "substring"}
        return [float(score(c, row["kwargs"]["ground_truth"][0], **given)) for c in row["completions"]]

    def paid():
        return {"substring": t.random.random() < 0.3, "format_score": t.random.choice([0.0, 0.1]), "score": t.random.choice([1.0, 2.0])}

    def tools(row):
        name = {"experiment_name": row["params"].get("model", "qwen")}
        return [rlla.compute_score("rlla", c, row["kwargs"]["ground_truth"][0], name)["score"] for c in row["completions"]]

    def gsm8k():
        return {"method": t.random.choice(["strict", "flexible"]), "format_score": t.random.choice([0.0, 0.1]), "score": t.random.choice([1.0, 2.0])}

    yield "verl.rlla", tools, [t.tools() for _ in range(o.rows)]
    if importlib.util.find_spec("math_verify") is not None:
        verified = source("math_verify")._verify_in_subprocess

        def verify(row):
            return [verified("\\boxed{" + row["kwargs"]["solution"][0] + "}", c[0]["content"]) for c in row["completions"]]
        rows = [t.answers() for _ in range(o.rows // 10)]
        for row in rows:  # verl puts the gold answer in a box
            row["kwargs"]["solution"] = [re.sub(r"^The answer is |\.$", "", row["kwargs"]["solution"][0])] * 4
        yield "verl.math_verify", verify, rows
    yield "verl.gsm8k", each("gsm8k"), [t.verl(gsm8k()) for _ in range(o.rows)]
    yield "verl.math", each("math_reward"), [t.verl() for _ in range(o.rows)]
    yield "verl.search_r1", search, [t.search(paid()) for _ in range(o.rows)]
    yield "verl.math_dapo", each("math_dapo"), [t.verl({"strict_box_verify": t.random.random() < 0.3}) for _ in range(o.rows)]
