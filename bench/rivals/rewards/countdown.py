"""The reward functions of countdown games: TinyZero, GRPO-Zero, nano-aha-moment and mini-R1."""

import types
from pathlib import Path

import equations
from published import functions_of, module


class TinyZero:
    CHECKOUTS = {"tinyzero": "checkout of Jiayi-Pan/TinyZero"}

    @staticmethod
    def functions(o, t):
        score = {n: module(Path(o.tinyzero, "verl/utils/reward_score", n + ".py")).compute_score for n in ("countdown", "multiply")}

        def countdown(r):
            numbers, target = equations.given(r)
            return [float(score["countdown"](c, {"numbers": numbers, "target": target}, **r["params"])) for c in r["completions"]]

        def multiply(r):
            return [float(score["multiply"](c, r["kwargs"]["ground_truth"][0], **r["params"])) for c in r["completions"]]

        def paid():
            return {"format_score": t.random.choice([0.1, 0.1, 0.2]), "score": t.random.choice([1.0, 1.0, 2.0])}

        def products():
            gold = t.random.choice([6, 42, 1000, -7, 0, 998001])
            claims = [str(gold), str(gold), "+%d" % gold, " %d\t" % gold, "0%d" % gold, "%d.0" % gold, "7", "x", "", "-", "1_000", "1__0", "\u0664\u0662", "\u00b2", "1e3", "4 2", "_1", "%d_" % gold, "+-7", "9" * 4301, "0x6"]
            forms = ["<answer>%s</answer>", "a <answer>%s</answer> b", "<answer>1</answer>\n<answer>%s</answer>", "<answer>\n%s</answer>", "<answer>%s", "<answer>%s</answer><answer>\n</answer>", "<answer>\n<answer>%s</answer>", "%s"]
            completions = [t.random.choice(equations.TURNS) + t.random.choice(forms) % t.random.choice(claims) for _ in range(4)]
            return {"completions": completions, "kwargs": {"ground_truth": [t.random.choice([gold, str(gold)])] * 4}, "params": paid()}

        yield "tinyzero.countdown", countdown, [equations.row(t, equations.TURNS, paid()) for _ in range(o.rows)]
        yield "tinyzero.multiply", multiply, [products() for _ in range(o.rows)]


class GRPOZero:
    CHECKOUTS = {"grpo_zero": "checkout of policy-gradient/GRPO-Zero"}

    @staticmethod
    def functions(o, t):
        names = ["reward_function", "format_reward_function", "answer_reward_function"]
        source = functions_of(Path(o.grpo_zero, "countdown_task.py"), names)

        def rows(params=dict):
            return [equations.row(t, None, params()) for _ in range(o.rows)]

        def whole(r):
            numbers, target = equations.given(r)
            return [source.reward_function(c, numbers, target, **r["params"])["reward"] for c in r["completions"]]

        def answer(r):
            numbers, target = equations.given(r)
            return [source.answer_reward_function(c, numbers, target) for c in r["completions"]]

        def form(r):
            prefix = r["params"].get("prefix", "")
            return [source.format_reward_function(prefix + c, r["params"].get("end_token")) for c in r["completions"]]

        def end():
            return t.random.choice([{}, {"end_token": "<|endoftext|>"}])
        yield "grpozero.countdown", whole, rows(end)
        yield "grpozero.answer", answer, rows()
        yield "grpozero.format", form, rows(lambda: {**end(), **t.random.choice([{}, {"prefix": "<think>"}])})


class NanoAha:
    CHECKOUTS = {"nano_aha": "checkout of McGill-NLP/nano-aha-moment"}

    @staticmethod
    def functions(o, t):
        source = functions_of(Path(o.nano_aha, "nano_r1_script.py"), ["format_reward_func", "equation_reward_func"])

        def equation(r):
            return [source.equation_reward_func(c, *equations.given(r)) for c in r["completions"]]

        eos = "<|endoftext|>"
        yield "nanoaha.format", lambda r: [source.format_reward_func(c, eos) for c in r["completions"]], [equations.row(t, None, {"eos_token": eos}) for _ in range(o.rows)]
        yield "nanoaha.equation", equation, [equations.row(t) for _ in range(o.rows)]


class MiniR1:
    CHECKOUTS = {"mini_r1": "checkout of philschmid/deep-learning-pytorch-huggingface"}

    @staticmethod
    def functions(o, t):
        quiet = types.SimpleNamespace(random=lambda: 1.0)  # it writes samples into a file
        source = functions_of(Path(o.mini_r1, "training/scripts/run_r1_grpo.py"), ["format_reward_func", "equation_reward_func"], {"random": quiet})

        def rows():
            out = [equations.row(t) for _ in range(o.rows)]
            for r in out:
                numbers, target = equations.given(r)
                r["kwargs"] = {"nums": [numbers] * 4, "target": [target] * 4}
            return out
        yield "minir1.format", lambda r: source.format_reward_func(r["completions"], r["kwargs"]["target"]), rows()
        yield "minir1.equation", lambda r: source.equation_reward_func(r["completions"], r["kwargs"]["target"], r["kwargs"]["nums"]), rows()


PUBLISHERS = [TinyZero, GRPOZero, NanoAha, MiniR1]
