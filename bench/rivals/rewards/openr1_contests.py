"""open-r1's rewards for competitive programming, with a stand-in for Piston."""

import os
import sys
import tempfile
import types
from pathlib import Path

import contests
import piston_standin
from published import module

CHECKOUTS = {"open_r1": "as above", "piston": "checkout of guipenedo/piston"}


def package(o):
    """open_r1.utils.competitive_programming without what it asks the network for."""
    def missing(*_, **__):
        raise ConnectionError("no data set is fetched here")
    for name, given in {"datasets": {"load_dataset": missing}, "dotenv": {"load_dotenv": missing}, "open_r1.utils.import_utils": {"is_morph_available": lambda: False}}.items():
        made = types.ModuleType(name)
        made.__dict__.update(given)
        sys.modules.setdefault(name, made)
    for name in ("open_r1", "open_r1.utils"):
        made = types.ModuleType(name)
        made.__path__ = [str(Path(o.open_r1, "src", *name.split(".")))]
        sys.modules.setdefault(name, made)
    import open_r1.utils.competitive_programming as published
    return published


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    folder = tempfile.mkdtemp(prefix="contests-")
    os.environ.update({"PISTON_ENDPOINTS": piston_standin.serve(o.piston), "PISTON_MAX_REQUESTS_PER_ENDPOINT": "2", "CF_TESTS_FOLDER": folder})
    generated(folder)
    p = package(o)
    drop = [r"^from \.utils\.[a-z_.]+ import \(.*?\)$", r"^from \.utils\..*?$", r"^from latex2sympy2_extended.*?$", r"^from math_verify.*?$"]
    r1 = module(Path(o.open_r1, "src/open_r1/rewards.py"), drop, {"SubtaskResult": p.SubtaskResult, "add_includes": p.add_includes, "get_piston_client_from_env": p.get_piston_client_from_env,
                "cf_patch_code": p.patch_code, "cf_score_submission": p.score_submission, "score_subtask": p.score_subtask})
    made = contests.Contests(t.random)
    many = range(max(1, o.rows // 20))

    def texts(row):
        return [[{"role": "assistant", "content": c}] for c in row["completions"]]

    yield "openr1.cf_code", lambda row: r1.cf_code_reward(texts(row), **row["params"], **row["kwargs"]), [made.cf() for _ in many]
    yield "openr1.ioi_code", lambda row: r1.ioi_code_reward(texts(row), **row["params"], **row["kwargs"]), [made.ioi() for _ in many]


def generated(folder):
    """Two generated tests for the problem 7/B, as open-r1/codeforces keeps them."""
    import pandas
    pandas.DataFrame([{"problem_id": "7/B", "input": "2 2\n", "output": "4\n", "test_case_i": i} for i in range(2)] + [{"problem_id": "7/C", "input": "1 1\n", "output": "3\n", "test_case_i": 0}]).to_parquet(Path(folder, "test_cases_0007.parquet"))
