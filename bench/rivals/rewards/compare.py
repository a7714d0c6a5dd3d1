#!/usr/bin/env python3
"""Compare gradus' published reward functions with the publishers' own code.

    python3 bench/rivals/rewards/compare.py --open-r1 ~/open-r1 --trl ~/trl --verl ~/verl

Those are checkouts of the publishers' repositories; any may be left out
(open-r1 and TRL go together). Random texts are made of the pieces that the
functions look for. The functions that verify answers are compared where
Math-Verify is installed (pip install math-verify[antlr4_13_2]). --only takes
part of a function's name. Prints rows and disagreements for each function and
exits 1 if there is any.
"""

import argparse
import contextlib
import io
import json
import logging
import subprocess
import sys
import warnings

import countdown
import drgrpo
import ifevalg
import logic_rl
import lightr1
import mathrubric
import mathruler_users
import openinstruct
import openr1_contests
import openr1_trl
import prime_math
import prm800k
import published
import reasoninggym
import orz
import qwen
import simplerl
import skywork
import verl
from texts import Texts

# Each has CHECKOUTS, the options that name the checkouts it needs, and
# functions(options, texts).
PUBLISHERS = [
    openr1_trl,
    openr1_contests,
    verl,
    openinstruct,
    ifevalg,
    simplerl,
    mathrubric,
    logic_rl,
    reasoninggym,
    *countdown.PUBLISHERS,
    mathruler_users,
    lightr1,
    prm800k,
    *prm800k.FAMILY,
    *prime_math.PUBLISHERS,
    skywork,
    drgrpo,
    orz,
    qwen,
]


def same(want, got):
    """Equal lists of numbers and None; the last bit of a cosine is the C library's."""
    return len(want) == len(got) and all(a == b or (None not in (a, b) and abs(a - b) < 1e-12) for a, b in zip(want, got))


def explain(row, want, got):
    """Prints the completions of a row whose scores differ, or the row where that is refused."""
    if isinstance(want, Exception) or got is None or len(want) != len(got):
        print(f"  {json.dumps(row)}\n  published {want!r}, gradus {got}")
        return
    for i, (a, b) in enumerate(zip(want, got)):
        if not same([a], [b]):
            given = {k: v[i] for k, v in row["kwargs"].items() if isinstance(v, list) and len(v) > i}
            print(f"  {json.dumps({'completion': row['completions'][i], **given, 'params': row['params']})} published {a}, gradus {b}")


def compare(gradus, name, function, rows, show):
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
            if different <= show:
                explain(row, want, got)
    print(f"{name:34} {len(rows)} calls of 4 completions, {different} disagreements")
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for publisher in PUBLISHERS:
        for option, what in publisher.CHECKOUTS.items():
            if what != "as above":
                parser.add_argument("--" + option.replace("_", "-"), help=what)
    parser.add_argument("--gradus", default="bin/gradus")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--math-rows", help="rows of gold and pred that graders of answers get besides random ones (gradus reward fuzz --rows)")
    parser.add_argument("--show", type=int, default=3, help="disagreements to print for each function")
    parser.add_argument("--only", default="", help="part of a function's name")
    o = parser.parse_args()
    here = [p for p in PUBLISHERS if all(getattr(o, option) for option in p.CHECKOUTS)]
    if not here:
        parser.error("name the checkouts of a publisher")

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # of what the texts make Python's eval warn of
    published.ready()
    t = Texts(o.seed)
    different = 0
    for publisher in here:
        try:
            for name, function, rows in publisher.functions(o, t):
                if o.only in name:
                    different += compare(o.gradus, name, function, rows, o.show)
        except FileNotFoundError as missing:
            print(f"{publisher.__name__}: {missing.filename} is not there; is the checkout another version? Its other functions are not compared")
            different += 1
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
