"""Loads a publisher's functions from their source, without what they do not need."""

import ast
import os
import random
import contextlib
import re
import signal
import sys
import types
from pathlib import Path


def module(path, drop=(), given=()):
    """Loads a source file without the imports that its functions under test do not use."""
    source = Path(path).read_text(encoding="utf-8")
    for pattern in drop:
        source = re.sub(pattern, "", source, flags=re.S | re.M)
    loaded = types.ModuleType("published_" + Path(path).stem)
    sys.modules[loaded.__name__] = loaded  # where dataclasses look for it
    loaded.__dict__.update(given)
    exec(compile("from __future__ import annotations\n" + source, str(path), "exec"), loaded.__dict__)
    return loaded


def functions_of(path, names, given=()):
    """Loads some functions or classes of a source file, without the rest of it."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    tree.body = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name in names]
    loaded = types.ModuleType(Path(path).stem)
    loaded.__dict__.update({"re": re, "os": os, "random": random, **dict(given)})
    exec(compile("from __future__ import annotations\n" + ast.unparse(tree), str(path), "exec"), loaded.__dict__)
    return loaded


def ready():
    """Lets sympy's parse_latex import its parser: its first call may take longer than a publisher's limit, and then it never works."""
    with contextlib.suppress(ImportError):
        from sympy.parsing.latex import parse_latex
        parse_latex("1")


@contextlib.contextmanager
def limit(seconds):
    """Raises TimeoutError in what runs longer, as sympy can."""
    def stop(*_):
        raise TimeoutError
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
