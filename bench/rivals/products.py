"""Measure the matrix products of gradus beside those of MKL, oneDNN and OpenBLAS.

gradus (`gradus bench kernels`) and the libraries (gemm.py) take turns for some
rounds. A product's rival is the library that was fastest at it, by the median of
the rounds; a ratio is one of the same round. run.sh products prepares all that
this needs.
"""

import argparse
import collections
import os
import pathlib
import statistics
import sys

import numpy

import compare
import table

BEGIN, END = "<!-- products: written by bench/rivals/run.sh products -->", "<!-- products: end -->"
HERE = pathlib.Path(__file__).resolve().parent
OPS = {"linear": "forward", "linear_dx": "input gradient", "linear_dw": "weight gradient"}


def ours(gradus, names):
    """GFLOP/s of each product, and the multiply-add ceiling taken beside it."""
    found = {}
    for f in compare.json_lines(compare.call([gradus, "bench", "kernels", "--only", ",".join(names), "--repeats", "3", "--json"])):
        if f.get("name") in names:
            found[f["name"]] = (f["value"], f["ceiling"])
    if missing := [n for n in names if n not in found]:
        raise compare.Failed(f"gradus bench kernels has no {', '.join(missing)}")
    return found


def theirs():
    """GFLOP/s by product and library."""
    found = collections.defaultdict(dict)
    for library in ("torch", "numpy"):
        for row in compare.json_lines(compare.call([sys.executable, HERE / "gemm.py", "--library", library])):
            found[row["name"]][row["library"]] = statistics.median(row["gflops"])
    return found


def best_library(rounds, name):
    libraries = rounds[0]["theirs"][name]
    return max(libraries, key=lambda lib: statistics.median(r["theirs"][name][lib] for r in rounds))


def render(rounds, v):
    names = list(rounds[0]["theirs"])
    ratio = {}
    wins = collections.Counter()
    for name in names:
        library = best_library(rounds, name)
        wins[library] += 1
        ratio[name] = statistics.median(r["ours"][name][0] / r["theirs"][name][library] for r in rounds)
    loads = [r["load"] for r in rounds]
    lines = [
        f"{v['date']}, {v['machine']}; {v['gradus']} on {v['device']}, PyTorch {v['torch']} (MKL, oneDNN), NumPy {v['numpy']} (OpenBLAS). "
        f"{table.count(len(rounds), 'round')} in turns; load average before a round {min(loads):.1f} to {max(loads):.1f}. "
        "Medians over the layers of the 1M and 5M models, in brackets their range; the ratio is gradus over the fastest library at that product.",
        "", "| products, f32 | gradus, GFLOP/s | fastest library | ratio | of the multiply-add ceiling |", "|---|---|---|---|---|",
    ]
    for rows in (2048, 64):
        for op, words in OPS.items():
            group = [n for n in names if n.startswith(op + ".") and n.endswith(f".n{rows}")]
            mine = [statistics.median(r["ours"][n][0] for r in rounds) for n in group]
            rival = [max(statistics.median(r["theirs"][n][lib] for r in rounds) for lib in rounds[0]["theirs"][n]) for n in group]
            share = [statistics.median(r["ours"][n][0] / r["ours"][n][1] for r in rounds) for n in group]
            whole, percent = "{:.0f}".format, "{:.0%}".format
            lines.append(f"| {words}, {rows:,} rows | {table.spread(mine, whole)} | {table.spread(rival, whole)} | "
                         f"**{table.spread([ratio[n] for n in group], table.times).replace(' (', '** (', 1)} | {table.spread(share, percent)} |")
    least = min(ratio, key=ratio.get)
    lines += ["", f"Of {len(names)} products gradus is at {min(ratio.values()):.2f} of the fastest library or more (least: `{least}`), at 0.8 or more in "
              f"{sum(x >= 0.8 for x in ratio.values())} and ahead in {sum(x >= 1 for x in ratio.values())}. "
              "The fastest was " + ", ".join(f"{lib} for {n}" for lib, n in wins.most_common()) + "."]
    return "\n".join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gradus", required=True, type=pathlib.Path)
    p.add_argument("--rounds", default=5, type=int)
    p.add_argument("--write", type=pathlib.Path, help="page whose lines between the products markers become the table")
    options = p.parse_args()
    try:
        if options.rounds < 1:
            raise compare.Failed(f"--rounds is {options.rounds}; want at least 1")
        page = table.Page(options.write, BEGIN, END) if options.write else None
        rounds = []
        for i in range(options.rounds):
            load, rival = os.getloadavg()[0], theirs()
            rounds.append({"load": load, "theirs": rival, "ours": ours(options.gradus, list(rival))})
            print(f"round {i + 1} of {options.rounds}", file=sys.stderr, flush=True)
        text = render(rounds, compare.versions(options.gradus) | {"numpy": numpy.__version__})
        print(text)
        if page:
            page.replace(text)
    except (compare.Failed, table.NoMarkers, OSError) as e:
        sys.exit(f"rivals: {e}")


if __name__ == "__main__":
    main()
