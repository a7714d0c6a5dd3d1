#!/usr/bin/env python3
"""Run the publishers' own tests of their reward functions on gradus' functions.

    python3 bench/rivals/rewards/suites.py --open-r1 ~/open-r1 --trl ~/trl

Those are checkouts of huggingface/open-r1 and huggingface/trl; either may be
left out. Their test files run as they are, but what they import from
open_r1.rewards and trl.rewards calls `gradus reward score`. Needs pytest, and
jieba for open-r1's test of Chinese. Prints how many tests passed and how many
of their assertions were reached, and exits 1 if a test failed.
"""

import argparse
import ast
import functools
import json
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

# The functions of each publisher: name there, name here, and the arguments
# that it takes by position. The makers get their parameters first.
FUNCTIONS = {
    "open_r1": {
        "accuracy_reward": ("openr1.accuracy", ["completions", "solution"]),
        "format_reward": ("openr1.format", ["completions"]),
        "tag_count_reward": ("openr1.tag_count", ["completions"]),
        "reasoning_steps_reward": ("openr1.reasoning_steps", ["completions"]),
        "len_reward": ("openr1.length", ["completions", "solution"]),
    },
    "trl": {
        "accuracy_reward": ("trl.accuracy", ["completions", "solution"]),
        "reasoning_accuracy_reward": ("trl.reasoning_accuracy", ["completions", "solution"]),
        "think_format_reward": ("trl.think_format", ["completions"]),
    },
}
MAKERS = {
    "open_r1": {
        "get_cosine_scaled_reward": ("openr1.cosine", ["completions", "solution"], []),
        "get_repetition_penalty_reward": ("openr1.repetition_penalty", ["completions"], ["ngram_size", "max_penalty", "language"]),
        "get_code_format_reward": ("openr1.code_format", ["completions"], ["language"]),
        "get_soft_overlong_punishment": ("openr1.soft_overlong_punishment", ["completion_ids"], ["max_completion_len", "soft_punish_cache"]),
    },
    "trl": {
        "get_cosine_scaled_reward": ("trl.cosine", ["completions", "solution", "completion_ids"], ["max_len"]),
        "get_repetition_penalty_reward": ("trl.repetition_penalty", ["completion_ids"], ["ngram_size", "max_penalty"]),
        "get_soft_overlong_punishment": ("trl.soft_overlong_punishment", ["completion_ids"], ["max_completion_len", "soft_punish_cache"]),
    },
}

# What gradus' list of rewards must have for open-r1's test of its registry.
REGISTRY = ["accuracy", "format", "reasoning_steps", "cosine", "repetition_penalty", "length", "tag_count", "code", "ioi_code", "code_format", "binary_code"]


class Function:
    """A reward function of gradus that is called as the publisher's."""

    def __init__(self, gradus, name, positional, params=None):
        self.gradus, self.name, self.positional, self.params = gradus, name, positional, params or {}
        stem = name.split(".")[1]
        self.__name__ = {"cosine": "cosine_scaled", "length": "len"}.get(stem, stem) + "_reward"

    def __call__(self, *args, **kwargs):
        given = {**dict(zip(self.positional, args)), **kwargs}
        row = {"kwargs": {k: v for k, v in given.items() if k != "completions"}, "params": self.params}
        if "completions" in given:
            row["completions"] = given["completions"]
        run = subprocess.run([self.gradus, "reward", "score", "--reward", self.name, "--in", "-"], input=json.dumps(row), capture_output=True, text=True, check=False)
        answer = json.loads(run.stdout)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["scores"]


def maker(gradus, name, positional, order):
    def make(*args, **kwargs):
        made = Function(gradus, name, positional, {**dict(zip(order, args)), **kwargs})
        made(**{k: [] for k in positional})  # refuses its parameters here, as the publisher's maker does
        return made
    return make


def registry(gradus):
    """open-r1's get_reward_funcs: gradus' functions of the names in args."""
    def get(args):
        listed = subprocess.run([gradus, "reward", "list", "--json"], capture_output=True, text=True, check=True).stdout
        return [Function(gradus, "openr1." + name, ["completions"]) for name in args.reward_funcs if f'"openr1.{name}"' in listed]
    return get


def modules(gradus):
    """The modules that the test files import, with gradus' functions."""
    made = {name: types.ModuleType(name) for name in ("open_r1", "open_r1.rewards", "open_r1.configs", "dotenv", "trl", "trl.rewards", "suite", "suite.testing_utils")}
    for publisher in FUNCTIONS:
        rewards = made[publisher + ".rewards"]
        for there, (here, positional) in FUNCTIONS[publisher].items():
            setattr(rewards, there, Function(gradus, here, positional))
        for there, (here, positional, order) in MAKERS[publisher].items():
            setattr(rewards, there, maker(gradus, here, positional, order))
    made["open_r1.rewards"].get_reward_funcs = registry(gradus)
    made["open_r1.configs"].GRPOScriptArguments = types.SimpleNamespace
    made["dotenv"].load_dotenv = lambda: None
    made["suite"].__path__ = []
    made["suite.testing_utils"].TrlTestCase = object
    made["suite.testing_utils"].require_math_latex = lambda test: test
    return made


class Counted(ast.NodeTransformer):
    """Counts the assertions of a file as they are reached."""

    def __init__(self):
        self.written = 0

    def mark(self, node):
        self.written += 1
        count = ast.parse("__reached__()").body[0]
        return [ast.copy_location(ast.fix_missing_locations(count), node), node]

    def visit_Assert(self, node):
        return self.mark(node)

    def visit_Expr(self, node):
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr.startswith("assert"):
            return self.mark(node)
        return node

    def visit_With(self, node):
        self.generic_visit(node)
        raises = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call) and isinstance(i.context_expr.func, ast.Attribute)]
        return self.mark(node) if any(c.func.attr in ("raises", "assertRaises", "assertRaisesRegex") for c in raises) else node


class Plugin:
    def __init__(self):
        self.outcomes = {"passed": 0, "failed": 0, "skipped": 0}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] += 1


def run(path, folder):
    """Runs a test file; returns whether all passed."""
    source = ast.parse(Path(path).read_text(encoding="utf-8"))
    counted = Counted()
    counted.visit(source)
    for node in source.body:  # its own package is not there
        if isinstance(node, ast.ImportFrom) and node.level:
            node.level, node.module = 0, "suite." + node.module
    reached = []
    import builtins
    builtins.__reached__ = functools.partial(reached.append, 1)
    copy = Path(folder, f"test_{Path(path).parent.parent.name.replace('-', '_')}_rewards.py")
    copy.write_text(ast.unparse(ast.fix_missing_locations(source)), encoding="utf-8")
    plugin = Plugin()
    code = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "--rootdir", str(folder), str(copy)], plugins=[plugin])
    o = plugin.outcomes
    print(f"{path}: {o['passed']} tests passed, {o['failed']} failed, {o['skipped']} skipped; {counted.written} assertions written, reached {len(reached)} times")
    return code == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open-r1", help="checkout of huggingface/open-r1")
    parser.add_argument("--trl", help="checkout of huggingface/trl")
    parser.add_argument("--gradus", default="bin/gradus")
    o = parser.parse_args()
    checkouts = [c for c in (o.open_r1, o.trl) if c]
    if not checkouts:
        parser.error("name a checkout")
    sys.modules.update(modules(o.gradus))
    with tempfile.TemporaryDirectory() as folder:
        good = [run(Path(c, "tests", "test_rewards.py"), folder) for c in checkouts]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
