#!/usr/bin/env python3
"""Judge the same rows with Math-Verify and with gradus, and count.

    gradus reward fuzz --in ../shared/data/math500.jsonl --rows rows.jsonl
    python3 bench/rivals/mathverify/compare.py --gradus bin/gradus rows.jsonl
    python3 bench/rivals/mathverify/compare.py --gradus bin/gradus --own-tests

Rows hold gold, pred and expected. Math-Verify gets them as its users give
them: the gold answer between dollar signs, the prediction as written, boxes
first. With --own-tests the rows are the cases of Math-Verify's own tests, read
from its source package; they carry their parameters, and --bare drops those.
Math-Verify is installed from the Python registry into a folder of its own
(--venv, made when missing). Nothing of it is kept in this repository.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "0.9.0"
ANTLR = "antlr4-python3-runtime==4.13.2"


def judge_with_mathverify(path, own):
    """Runs inside the venv: prints one JSON line of verdict and seconds a row."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        kinds = row.get("match_types", ["latex", "expr"])
        targets = [LatexExtractionConfig(boxed_match_priority=0)] if "latex" in kinds else []
        targets += [ExprExtractionConfig()] if "expr" in kinds else []
        gold = row["gold"] if own else f"${row['gold']}$"
        start = time.perf_counter()
        try:
            equal = verify(
                parse(gold, targets),
                parse(row["pred"], targets),
                float_rounding=row.get("precision", 6),
                strict=row.get("strict", True),
                allow_set_relation_comp=row.get("allow_set_relation_comp", False),
            )
        except Exception as error:  # a verifier that dies gives no verdict
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            equal = False
        print(json.dumps([bool(equal), time.perf_counter() - start]), flush=True)


def ensure_venv(venv, version):
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", f"math-verify=={version}", ANTLR], check=True)
    return python


def own_tests(folder, bare, version):
    """Download the source package and write its cases as rows."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", f"math-verify=={version}", "--no-deps", "--no-binary", ":all:", "-d", folder], check=True)
    archive = next(pathlib.Path(folder).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    tests = next(pathlib.Path(folder).glob("*/tests"))
    text = subprocess.run([sys.executable, str(HERE / "cases.py"), str(tests)], check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in text.splitlines()]
    if bare:
        rows = [{k: r[k] for k in ("gold", "pred", "expected", "case")} for r in rows]
    path = pathlib.Path(folder) / "cases.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def count(name, rows, verdicts):
    fn = [r for r, v in zip(rows, verdicts) if r["expected"] and not v]
    fp = [r for r, v in zip(rows, verdicts) if not r["expected"] and v]
    same = sum(1 for r in rows if r["expected"])
    other = len(rows) - same
    print(f"{name:12} agrees on {len(rows) - len(fn) - len(fp)} of {len(rows)}; "
          f"false negatives {len(fn)} of {same} ({100 * len(fn) / max(same, 1):.2f} %), "
          f"false positives {len(fp)} of {other} ({100 * len(fp) / max(other, 1):.2f} %)")
    by_rule = {}
    for r in fn + fp:
        key = (r.get("rule") or r.get("case", "").split("[")[0], "false negative" if r["expected"] else "false positive")
        by_rule[key] = by_rule.get(key, 0) + 1
    for (rule, kind), n in sorted(by_rule.items()):
        print(f"    {rule:40} {kind} {n}")
    return fn, fp


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", help="JSONL file of rows with gold, pred, expected")
    parser.add_argument("--gradus", default="bin/gradus")
    parser.add_argument("--policy", default="mathverify")
    parser.add_argument("--math-verify", default=VERSION, help="its version, for its tests too; " + VERSION)
    parser.add_argument("--venv", help="where it is installed; a folder for each version among the temporary files")
    parser.add_argument("--own-tests", action="store_true", help="use the cases of Math-Verify's own tests")
    parser.add_argument("--bare", action="store_true", help="without the parameters of those tests")
    parser.add_argument("--show", type=int, default=0, help="wrong rows to print for each verifier")
    parser.add_argument("--judge", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.judge:
        return judge_with_mathverify(args.rows, args.own_tests)
    if not args.rows and not args.own_tests:
        parser.error("give a file of rows, or --own-tests")
    venv = args.venv or pathlib.Path(tempfile.gettempdir()) / f"gradus-mathverify-{args.math_verify}"
    python = ensure_venv(pathlib.Path(venv), args.math_verify)
    with tempfile.TemporaryDirectory() as folder:
        path = own_tests(folder, args.bare, args.math_verify) if args.own_tests else pathlib.Path(args.rows)
        rows = [json.loads(line) for line in open(path, encoding="utf-8")]
        command = [str(python), __file__, "--judge", str(path)] + (["--own-tests"] if args.own_tests else [])
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        theirs = [json.loads(line) for line in result.stdout.splitlines()]
        source = "".join(json.dumps({k: v for k, v in r.items() if k != "verdict"}) + "\n" for r in rows)
        start = time.perf_counter()
        result = subprocess.run([args.gradus, "reward", "verify", "--policy", args.policy], input=source, stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.perf_counter() - start
    ours = [json.loads(line)["verdict"]["equal"] for line in result.stdout.splitlines()]
    if len(theirs) != len(rows) or len(ours) != len(rows):
        sys.exit(f"{len(rows)} rows, but {len(theirs)} verdicts of Math-Verify and {len(ours)} of gradus")
    times = sorted(t for _, t in theirs)
    for name, verdicts in (("Math-Verify", [v for v, _ in theirs]), ("gradus", ours)):
        wrong = count(name, rows, verdicts)
        for kind, list_ in zip(("false negative", "false positive"), wrong):
            for r in list_[: args.show]:
                print(f"      {kind}: gold {r['gold'][-100:]!r} pred {r['pred'][-100:]!r}")
    print(f"time a row: Math-Verify median {1e3 * times[len(times) // 2]:.2f} ms, longest {1e3 * times[-1]:.0f} ms; "
          f"gradus mean {1e6 * seconds / len(rows):.0f} µs with start and JSON")


if __name__ == "__main__":
    main()
