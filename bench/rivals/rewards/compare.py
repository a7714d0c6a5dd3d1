#!/usr/bin/env python3
"""Compare gradus' published reward functions with the publishers' own code.

    python3 bench/rivals/rewards/compare.py --open-r1 ~/open-r1 --trl ~/trl --verl ~/verl

Those are checkouts of the publishers' repositories; any may be left out. verl's is also its package unpacked (pip download
--no-deps verl, unzip). Random texts are made of
the pieces that the functions look for. The functions that verify answers are
compared where Math-Verify is installed (pip install math-verify[antlr4_13_2]).
Prints rows and disagreements for each function and exits 1 if there is any.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import logging
import random
import re
import subprocess
import sys
import types
from pathlib import Path

PIECES = [
    "<think>", "</think>", "<answer>", "</answer>", "<think>\n", "\n</think>\n<answer>\n", "\n</answer>", "\n", "\n", "\n", " ", "x",
    "Step 1:", "Step 22 :", "1.", "- a", "\n-", "\n*", "First,", "Second,", "Next,", "Finally,", "the cat", "THE Cat", "\u0130", "\u03a3",
    "\u0391\u03a3", "```python\n", "```", "```c++\n", "\x1c", "\u00a0", "\u00e9", "\u8ba1\u7b97", "a b a b a b",
]


# Answers in the forms that verification must tell apart.
ANSWERS = [
    "3", "42", "-7", "0.5", "1/2", r"\frac{1}{2}", r"\frac{63}{400}", r"\frac{64}{400}", r"\frac12", r"\sqrt{2}", "2.50", "1,000",
    r"\{1,2\}", "(1,2)", "x+1", "1+x", r"\pi", r"50\%", "10", "forty two", r"2\sqrt{3}", r"\sqrt{12}", "x=5", "5", "[0,1)", r"\text{A}", "3.0", "6",
]
GOLDS = ["%s", "%s", "$%s$", r"\boxed{%s}", "The answer is $%s$."]
CLAIMS = [
    r"\boxed{%s}", r"so \boxed{%s}.", r"<think>a</think> \boxed{%s}", "The final answer is $%s$", "answer: $%s$", "$%s$", "%s",
    "</think> the answer is %s", r"\boxed{%s} and more", r"\[ %s \]", r"\boxed{%s",
]


VERL_ANSWERS = ANSWERS + ["42.", "$42", "1/2.", r"\dfrac34", r"\tfrac{1}3", r"\frac1", "-1/2", "01/2", "1_0/3", r"5\text{ cm}", r"\text{ a}\text{ b}", "k=3", "abc=3", ".5", "0.5",
    r"\sqrt", r"\sqrt3", "x=", "$5$", r"\$5", "1{,}000", "12 square units", r"\textbf{7}", r"\overline{3}", r"\boxed{2}", r"90^\circ", r"90^{\circ}", "\u00b2", "a cat", r"3\ 4", "{.5}", ""]
VERL_CLAIMS = ["#### %s", "#### %s.", "####%s", "%s #### %s", "the answer is %s", r"\boxed{%s}", r"\boxed %s$ x", r"\boxed %s", r"\fbox{%s}", r"\boxed{%s", r"a \boxed{\boxed{%s}}", "Answer: %s", "answer :\u3000%s\nx",
    "AN\u017fWER: %s", "Answer: $%s$ or $%s$", r"\boxed{%s} Answer: %s", "Answer:\n%s", r"Answer: \boxed{%s}.", "%s", "<think>%s</think>\n#### %s"]


def module(path, drop=(), given=()):
    """Loads a source file without the imports that its functions under test do not use."""
    source = Path(path).read_text(encoding="utf-8")
    for pattern in drop:
        source = re.sub(pattern, "", source, flags=re.S | re.M)
    loaded = types.ModuleType(Path(path).stem)
    loaded.__dict__.update(given)
    exec(compile("from __future__ import annotations\n" + source, str(path), "exec"), loaded.__dict__)
    return loaded


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def join(self, most):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(most)))

    def completion(self):
        text = self.join(14)
        if self.random.random() < 0.4:
            text = "<think>\n" + text + "\n</think>\n<answer>\n" + self.join(6) + "\n</answer>" + self.join(3)
        return [{"role": "assistant", "content": text}]

    def row(self, params=None, kwargs=None):
        return {"completions": [self.completion() for _ in range(4)], "kwargs": kwargs or {}, "params": params or {}}

    def answers(self, params=None):
        """Four completions that claim the gold half of the time."""
        gold = self.random.choice(ANSWERS)
        claims = [gold if self.random.random() < 0.5 else self.random.choice(ANSWERS) for _ in range(4)]
        row = self.row(params, {"solution": [self.random.choice(GOLDS) % gold] * 4, **self.long_ids()})
        row["completions"] = [[{"role": "assistant", "content": self.random.choice(CLAIMS) % c}] for c in claims]
        return row

    def verl(self, params=None):
        """Four completions that claim the gold half of the time, some of them long."""
        gold = self.random.choice(VERL_ANSWERS)
        row = self.row(params, {"solution": [gold] * 4})
        row["completions"] = []
        for _ in range(4):
            form = self.random.choice(VERL_CLAIMS)
            claims = tuple(gold if self.random.random() < 0.6 else self.random.choice(VERL_ANSWERS) for _ in range(form.count("%s")))
            pad = "\u00e9 " * self.random.choice([0, 0, 3, 140, 160])
            row["completions"].append((pad if self.random.random() < 0.5 else "") + form % claims + (pad if self.random.random() < 0.3 else ""))
        return row

    def search(self, params=None):
        """Claims between answer tags, beside gold answers as verl keeps them."""
        words = ["Paris", "the", "The", "a", "an", "eiffel", "tower", "x_a", "\u00c9a", "\u03a3\u0391\u03a3", "\u0130n", "1999", "\u00bd", "a-b", ".", "!", "U.S.", "\u2014", "\u0301", "_", "\x1c", "\u00a0", "'s", "\u2019"]

        def phrase():
            return self.random.choice(["", " "]).join(self.random.choice(words) for _ in range(self.random.randrange(4)))
        golds = [phrase() for _ in range(self.random.randrange(1, 4))]
        truth = {"target": golds if self.random.random() < 0.8 else golds[0]}
        row = self.row(params, {"ground_truth": [truth] * 4})
        row["completions"] = []
        for _ in range(4):
            claim = self.random.choice(golds) if self.random.random() < 0.6 else phrase()
            claim = self.random.choice([claim, claim.upper(), "the " + claim + ".", " " + claim + "\n", claim + " " + phrase()])
            text = self.random.choice(["<answer>%s</answer>", "x <answer>%s</answer> y", "<answer>no</answer><answer>%s</answer>", "<answer><answer>%s</answer>", "<answer>%s", "%s</answer>", "%s"]) % claim
            row["completions"].append("<answer>" * self.random.choice([0, 0, 1, 12]) + text + "</answer>" * self.random.choice([0, 0, 0, 12]))
        return row

    def tools(self, params=None):
        """Tool calls beside a gold answer's, in and out of form."""
        pick = self.random.choice

        def value():
            return pick([0, 1, 1.0, True, None, "a", "b", [1, "a"], {"x": 1}, 10**20, 0.1])

        def call():
            tool = {"name": pick(["get", "get", "put", 1, True]), "parameters": {pick("abc"): value() for _ in range(self.random.randrange(3))}}
            if self.random.random() < 0.05:
                tool.pop(pick(["name", "parameters"]))
            if self.random.random() < 0.05:
                tool["parameters"] = value()
            return tool

        def part(calls):
            return "<tool_call>\n" + "\n".join(json.dumps(c) for c in calls) + "\n</tool_call>"

        gold_calls = [call() for _ in range(self.random.randrange(1, 4))]
        parts = pick([["think", "call"], ["think", "call", "reply"], ["think", "reply"], ["think"]])
        text = {"think": "<think>a\nb</think>", "call": part(gold_calls), "reply": "<response>hi</response>"}
        row = self.row(params, {"ground_truth": ["\n".join(text[p] for p in parts)] * 4})
        row["completions"] = []
        for _ in range(4):
            calls = [c for c in gold_calls if self.random.random() < 0.8] + [call() for _ in range(pick([0, 0, 1]))]
            self.random.shuffle(calls)
            text["call"] = part(pick([gold_calls, calls]))
            mine = "\n".join(text[p] for p in (parts if self.random.random() < 0.7 else pick([["call"], ["think", "call", "call"], ["think", "reply"], []])))
            if self.random.random() < 0.1:
                mine = mine.replace("}", "", 1)
            if self.random.random() < 0.3:
                mine = "<|im_start|>assistant\n" + mine + "<|im_end|>\n"
            row["completions"].append(mine)
        return row

    def long_ids(self):
        return {"completion_ids": [[1] * self.random.randrange(120) for _ in range(4)]}

    def ids(self):
        return {"completion_ids": [[self.random.randrange(4) for _ in range(self.random.randrange(12))] for _ in range(4)]}


def same(want, got):
    """Equal lists of numbers and None; the last bit of a cosine is the C library's."""
    return len(want) == len(got) and all(a == b or (None not in (a, b) and abs(a - b) < 1e-12) for a, b in zip(want, got))


def compare(gradus, name, function, rows):
    process = subprocess.run([gradus, "reward", "score", "--reward", name, "--in", "-"],
                             input="\n".join(json.dumps(r) for r in rows), capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    if len(answers) != len(rows):
        sys.exit(f"{name}: {len(answers)} answers for {len(rows)} rows: {process.stderr[-500:]}")
    different = 0
    for row, answer in zip(rows, answers):
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # some print what they cannot read
                want = function(row)
        except Exception as error:  # the publisher refuses: so must we
            want = error
        got = answer.get("scores")
        if isinstance(want, Exception) != (got is None) or (got is not None and not same(want, got)):
            different += 1
            if different <= 3:
                print(f"  {json.dumps(row)}\n  published {want!r}, gradus {got}")
    print(f"{name:34} {len(rows)} calls of 4 completions, {different} disagreements")
    return different


def compare_verl(o, t):
    scores = {name: module(Path(o.verl, "verl/utils/reward_score", name + ".py")).compute_score for name in ["gsm8k", "math_reward", "math_dapo"]}

    def each(function):
        def call(row):
            found = [function(c, row["kwargs"]["solution"][0], **row["params"]) for c in row["completions"]]
            return [f["score"] if isinstance(f, dict) else float(f) for f in found]
        return call

    search_r1 = module(Path(o.verl, "verl/utils/reward_score/search_r1_like_qa_em.py"))

    def search(row):
        score = search_r1.compute_score_subem if row["params"].get("substring") else search_r1.compute_score
        given = {k: v for k, v in row["params"].items() if k != "substring"}
        return [float(score(c, row["kwargs"]["ground_truth"][0], **given)) for c in row["completions"]]

    def paid():
        return {"substring": t.random.random() < 0.3, "format_score": t.random.choice([0.0, 0.1]), "score": t.random.choice([1.0, 2.0])}

    rlla = module(Path(o.verl, "verl/utils/reward_score/rlla.py"))

    def tools(row):
        name = {"experiment_name": row["params"].get("model", "qwen")}
        return [rlla.compute_score("rlla", c, row["kwargs"]["ground_truth"][0], name)["score"] for c in row["completions"]]

    others = compare(o.gradus, "verl.rlla", tools, [t.tools() for _ in range(o.rows)])
    if importlib.util.find_spec("math_verify") is not None:
        verified = module(Path(o.verl, "verl/utils/reward_score/math_verify.py"))._verify_in_subprocess

        def verify(row):
            return [verified("\\boxed{" + row["kwargs"]["solution"][0] + "}", c[0]["content"]) for c in row["completions"]]
        rows = [t.answers() for _ in range(o.rows // 10)]
        for row in rows:  # verl puts the gold answer in a box
            row["kwargs"]["solution"] = [re.sub(r"^The answer is |\.$", "", row["kwargs"]["solution"][0])] * 4
        others += compare(o.gradus, "verl.math_verify", verify, rows)

    def gsm8k():
        return {"method": t.random.choice(["strict", "flexible"]), "format_score": t.random.choice([0.0, 0.1]), "score": t.random.choice([1.0, 2.0])}

    return (others + compare(o.gradus, "verl.gsm8k", each(scores["gsm8k"]), [t.verl(gsm8k()) for _ in range(o.rows)])
            + compare(o.gradus, "verl.math", each(scores["math_reward"]), [t.verl() for _ in range(o.rows)])
            + compare(o.gradus, "verl.search_r1", search, [t.search(paid()) for _ in range(o.rows)])
            + compare(o.gradus, "verl.math_dapo", each(scores["math_dapo"]), [t.verl({"strict_box_verify": t.random.random() < 0.3}) for _ in range(o.rows)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open-r1", help="checkout of huggingface/open-r1")
    parser.add_argument("--trl", help="checkout of huggingface/trl")
    parser.add_argument("--verl", help="checkout of volcengine/verl")
    parser.add_argument("--gradus", default="bin/gradus")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    o = parser.parse_args()

    t = Texts(o.seed)
    different = 0
    if o.verl:
        different += compare_verl(o, t)
    if not (o.open_r1 and o.trl):
        if not o.verl:
            parser.error("give --verl, or --open-r1 and --trl")
        sys.exit(1 if different else 0)

    verify = importlib.util.find_spec("math_verify") is not None
    drop = [r"^from \.utils\.[a-z_]+ import \(.*?\)$", r"^from \.utils\..*?$"]
    if not verify:
        drop += [r"^from latex2sympy2_extended.*?$", r"^from math_verify.*?$"]
    logging.disable(logging.CRITICAL)
    r1 = module(Path(o.open_r1, "src/open_r1/rewards.py"), drop, {"SubtaskResult": None})
    think = module(Path(o.trl, "trl/rewards/format_rewards.py"))
    other = module(Path(o.trl, "trl/rewards/other_rewards.py"))
    pick = t.random.choice
    many = range(o.rows)

    def plain():
        return [t.row() for _ in many]

    def repetition(kwargs):
        return [t.row({"ngram_size": t.random.randrange(1, 5), "max_penalty": pick([-1, -0.5, 0, -2.5, 0.5])}, kwargs()) for _ in many]

    def overlong():
        return [t.row({"max_completion_len": t.random.randrange(1, 12), "soft_punish_cache": t.random.randrange(14)}, t.ids()) for _ in many]

    def languages():
        return [t.row({"language": pick(["python", "c++", "c"])}, pick([{}, {"language": ["python", "c++", "javascript", "c"]}])) for _ in many]

    def answers(params=None):
        return [t.answers(params) for _ in range(o.rows // 10)]

    ids = "completion_ids"
    verified = []
    if verify:
        accuracy = module(Path(o.trl, "trl/rewards/accuracy_rewards.py"), [r"^from \.\.import_utils.*?$"], {"is_math_verify_available": lambda: True})
        verified = [
            ("openr1.accuracy", lambda r: r1.accuracy_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("openr1.length", lambda r: r1.len_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("openr1.cosine", lambda r: r1.get_cosine_scaled_reward(**r["params"])(r["completions"], r["kwargs"]["solution"]), answers({"max_len": 100})),
            ("trl.accuracy", lambda r: accuracy.accuracy_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("trl.reasoning_accuracy", lambda r: accuracy.reasoning_accuracy_reward(r["completions"], r["kwargs"]["solution"]), answers()),
            ("trl.cosine", lambda r: accuracy.get_cosine_scaled_reward(**r["params"])(r["completions"], r["kwargs"]["solution"], r["kwargs"][ids]), answers({"max_len": 100})),
        ]
    else:
        print("Math-Verify is not installed: the functions that verify answers are not compared")
    for name, function, rows in verified + [
        ("openr1.format", lambda r: r1.format_reward(r["completions"]), plain()),
        ("openr1.tag_count", lambda r: r1.tag_count_reward(r["completions"]), plain()),
        ("openr1.reasoning_steps", lambda r: r1.reasoning_steps_reward(r["completions"]), plain()),
        ("openr1.repetition_penalty", lambda r: r1.get_repetition_penalty_reward(**r["params"])(r["completions"]), repetition(dict)),
        ("openr1.code_format", lambda r: r1.get_code_format_reward(**r["params"])(r["completions"], **r["kwargs"]), languages()),
        ("openr1.soft_overlong_punishment", lambda r: r1.get_soft_overlong_punishment(**r["params"])(r["kwargs"][ids]), overlong()),
        ("trl.think_format", lambda r: think.think_format_reward(r["completions"]), plain()),
        ("trl.repetition_penalty", lambda r: other.get_repetition_penalty_reward(**r["params"])(r["kwargs"][ids]), repetition(t.ids)),
        ("trl.soft_overlong_punishment", lambda r: other.get_soft_overlong_punishment(**r["params"])(r["kwargs"][ids]), overlong()),
    ]:
        different += compare(o.gradus, name, function, rows)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
