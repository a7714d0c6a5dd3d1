#!/usr/bin/env python3
"""Compare gradus' published reward functions with the publishers' own code.

    python3 bench/rivals/rewards/compare.py --open-r1 ~/open-r1 --trl ~/trl

Both are checkouts of the publishers' repositories. Only the functions that
need no answer verification are compared; random texts are made of the pieces
that the functions look for. Prints rows and disagreements for each function
and exits 1 if there is any.
"""

import argparse
import json
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


def module(path, drop=()):
    """Loads a source file without the imports that its pure functions do not use."""
    source = Path(path).read_text(encoding="utf-8")
    for pattern in drop:
        source = re.sub(pattern, "", source, flags=re.S | re.M)
    loaded = types.ModuleType(Path(path).stem)
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

    def ids(self):
        return {"completion_ids": [[self.random.randrange(4) for _ in range(self.random.randrange(12))] for _ in range(4)]}


def compare(gradus, name, function, rows):
    process = subprocess.run([gradus, "reward", "score", "--reward", name, "--in", "-"],
                             input="\n".join(json.dumps(r) for r in rows), capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    if len(answers) != len(rows):
        sys.exit(f"{name}: {len(answers)} answers for {len(rows)} rows: {process.stderr[-500:]}")
    different = 0
    for row, answer in zip(rows, answers):
        try:
            want = function(row)
        except Exception as error:  # the publisher refuses: so must we
            want = error
        got = answer.get("scores")
        if isinstance(want, Exception) != (got is None) or (got is not None and want != got):
            different += 1
            if different <= 3:
                print(f"  {json.dumps(row)}\n  published {want!r}, gradus {got}")
    print(f"{name:34} {len(rows)} calls of 4 completions, {different} disagreements")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open-r1", required=True, help="checkout of huggingface/open-r1")
    parser.add_argument("--trl", required=True, help="checkout of huggingface/trl")
    parser.add_argument("--gradus", default="bin/gradus")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    o = parser.parse_args()

    r1 = module(Path(o.open_r1, "src/open_r1/rewards.py"),
                drop=[r"^from latex2sympy2_extended.*?$", r"^from math_verify.*?$", r"^from \.utils\.[a-z_]+ import \(.*?\)$", r"^from \.utils\..*?$"])
    think = module(Path(o.trl, "trl/rewards/format_rewards.py"))
    other = module(Path(o.trl, "trl/rewards/other_rewards.py"))
    t = Texts(o.seed)
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

    ids = "completion_ids"
    different = 0
    for name, function, rows in [
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
