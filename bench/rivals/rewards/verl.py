"""The reward functions of verl (utils/reward_score)."""

import importlib.util
import re
import types
from pathlib import Path

import prime_code
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
    if importlib.util.find_spec("numpy") is not None:
        yield from prime_code.functions(o, t)
        yield "verl.dapo_overlong", overlong(o), [buffer(t) for _ in range(o.rows)]
    else:
        print("numpy is not installed: verl.dapo_overlong and verl.prime_code are not compared")


def buffer(t):
    """A row of the DAPO reward manager's settings and of lengths."""
    length = t.random.randrange(1, 10)
    return t.row({"overlong_buffer_len": length, "penalty_factor": t.random.choice([1.0, 0.5, 0.1, 0.0]), "max_resp_len": length + t.random.randrange(8)}, t.ids())


def overlong(o):
    """What the DAPO reward manager pays for a score of 0; numpy's arrays stand for torch's."""
    import numpy as np

    torch = types.SimpleNamespace(zeros_like=lambda a, dtype: np.zeros(a.shape), float32=None)
    manager = module(Path(o.verl, "verl/workers/reward_manager/dapo.py"), [r"^import torch$", r"^from verl.*?$", r"^@register.*?$"],
                     {"torch": torch, "AbstractRewardManager": type("Manager", (), {"_extract_reward_from_rm_scores": lambda *_: None}), "DataProto": None, "default_compute_score": None})
    tokenizer = types.SimpleNamespace(decode=lambda ids, skip_special_tokens: "", eos_token="<eos>")

    class Data(list):
        batch = {}

    def call(row):
        p, longest = row["params"], 40
        settings = types.SimpleNamespace(enable=True, len=p["overlong_buffer_len"], penalty_factor=p["penalty_factor"], log=False)
        judge = manager.DAPORewardManager(tokenizer, 0, compute_score=lambda **_: 0.0, max_resp_len=p["max_resp_len"], overlong_buffer_cfg=settings)
        lengths = [len(ids) for ids in row["kwargs"]["completion_ids"]]
        data = Data(types.SimpleNamespace(
            batch={"prompts": np.ones(2), "responses": np.ones(longest), "attention_mask": np.array([1, 1] + [1] * n + [0] * (longest - n))},
            non_tensor_batch={"reward_model": {"ground_truth": ""}, "data_source": "x", "extra_info": {}}) for n in lengths)
        data.batch = {"responses": np.ones((len(lengths), longest))}
        paid = judge(data)
        return [float(paid[i, n - 1]) for i, n in enumerate(lengths)]
    return call
