"""open-instruct's IFEvalG (ground_truth_utils.IFEvalVerifier), with nltk and langdetect."""

import collections
import importlib
import importlib.util
import json
import logging
import os
import sys
import types
from pathlib import Path

from ifevalg_texts import IFEvalTexts
from published import module

CHECKOUTS = {"open_instruct": "as above"}

NEEDED = ["nltk", "langdetect", "immutabledict", "absl"]


class Drawn(Exception):
    """An argument that IFEvalG draws at random: nothing to compare."""


def no_draw(*_, **__):
    raise Drawn


def ready():
    """Whether the packages and nltk's data are here; prints what is missing."""
    missing = [n for n in NEEDED if importlib.util.find_spec(n) is None]
    if missing:
        print(f"{', '.join(missing)} not installed: IFEvalG is not compared (nltk==3.9.2 langdetect==1.0.9 immutabledict absl-py)")
        return False
    import nltk
    try:
        nltk.data.load("nltk:tokenizers/punkt/english.pickle")
    except LookupError:
        print("nltk has no punkt_tab (python -m nltk.downloader punkt_tab, or NLTK_DATA): IFEvalG is not compared")
        return False
    if nltk.__version__ != "3.9.2":
        print(f"nltk is {nltk.__version__}, open-instruct's lock file has 3.9.2, whose words and sentences are built in")
    return True


def seeded_langdetect():
    """langdetect with seed 0 and its profiles in alphabetical order, the same in each run; None where it is not installed."""
    if importlib.util.find_spec("langdetect") is None:
        return None
    factory = importlib.import_module("langdetect.detector_factory")
    listed = os.listdir
    factory.os = types.SimpleNamespace(listdir=lambda p: sorted(listed(p)), path=os.path)
    factory.DetectorFactory.seed = 0
    return importlib.import_module("langdetect")


def functions(o, t):
    if not ready():
        return
    seeded_langdetect()
    source = Path(o.open_instruct, "open_instruct")
    sys.path.insert(0, str(o.open_instruct))
    registry = importlib.import_module("open_instruct.IFEvalG.instructions_registry")
    draws = types.SimpleNamespace(choice=no_draw, randint=no_draw, sample=no_draw)
    registry.instructions.random = registry.instructions.instructions_util.random = draws
    drop = [r"^from open_instruct\S* import \(.*?^\)$", r"^from open_instruct\b.*?$", r"^import requests$"]
    given = {"logger_utils": types.SimpleNamespace(setup_logger=logging.getLogger), "requests": None, "IF_FUNCTIONS_MAP": {}, "JUDGE_PROMPT_MAP": {}, "instructions_registry": registry}
    verifier = module(source / "ground_truth_utils.py", drop, given).IFEvalVerifier()
    verdicts = collections.defaultdict(collections.Counter)

    def ifeval(row):
        scores = []
        for completion, gold in zip(row["completions"], row["kwargs"]["ground_truth"]):
            try:
                scores.append(float(verifier([], completion, gold).score))
            except Exception:  # whatever it raises, a trainer stops
                scores.append(None)
            if "only" in row:
                verdicts[row["only"]][scores[-1]] += 1
        return scores

    texts = IFEvalTexts(t)
    names = sorted(registry.INSTRUCTION_DICT)
    rows = []
    for name in names:
        rows += [{**texts.row([name]), "only": name} for _ in range(max(1, o.rows // 8))]
    yield "openinstruct.ifeval", ifeval, rows
    if verdicts:
        rare = {n: dict(verdicts[n]) for n in names if min(verdicts[n][0.0], verdicts[n][1.0]) < 0.1 * sum(verdicts[n].values())}
        print(f"  one instruction at a time, {len(names)} of them; seldom paid or seldom refused: {json.dumps({n: {str(k): v for k, v in c.items()} for n, c in rare.items()})}")
    yield "openinstruct.ifeval", ifeval, [texts.row(t.random.sample(names, t.random.randint(2, 5))) for _ in range(o.rows)]
    yield "openinstruct.ifeval", ifeval, [texts.bad() for _ in range(o.rows // 8)]
