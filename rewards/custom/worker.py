"""Runs reward functions for gradus: JSON lines in, JSON lines out.

Started as: python3 worker.py FILE. The functions of FILE are called with TRL's
signature, f(prompts, completions, completion_ids, **columns) -> list of numbers
or None. What they print never reaches the protocol.
"""

import asyncio
import importlib.util
import inspect
import io
import json
import math
import os
import sys
import time
import traceback
import types
from contextlib import redirect_stderr, redirect_stdout


def plain(value):
    """A value that JSON can hold; numbers of other libraries become Python's."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return repr(value)
    return number if math.isfinite(number) else repr(number)


def state(values):
    """The trainer's state, read as attributes."""
    return types.SimpleNamespace(**values) if isinstance(values, dict) else values


def describe(functions):
    out = []
    for name, function in functions.items():
        try:
            params = list(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            params = []
        out.append({"name": name, "params": params, "async": inspect.iscoroutinefunction(function)})
    return out


def accepts(function):
    """The names that a function takes, None if it takes any."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return None if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters}


def score(functions, accepted, call):
    function = functions.get(call["func"])
    if function is None:
        raise NameError(f"the file has no function {call['func']!r}; it has {', '.join(functions) or 'none'}")
    kwargs = dict(call["kwargs"])
    kwargs["trainer_state"] = state(kwargs.get("trainer_state"))
    extra, metrics = {}, {}
    kwargs["log_extra"] = lambda name, column: extra.__setitem__(name, [plain(v) for v in column])
    kwargs["log_metric"] = lambda name, value: metrics.__setitem__(name, plain(value))
    named = accepted.get(call["func"])
    if named is not None:
        kwargs = {name: value for name, value in kwargs.items() if name in named}
    rewards = function(**kwargs)
    if inspect.isawaitable(rewards):
        async def wait():
            return await rewards
        rewards = asyncio.run(wait())
    return [float(r) if isinstance(r, bool) else plain(r) for r in rewards], extra, metrics


def load(path):
    sys.path.insert(0, os.getcwd())
    spec = importlib.util.spec_from_file_location("reward_file", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reward_file"] = module
    spec.loader.exec_module(module)
    return {
        name: value for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and not inspect.isclass(value)
    }


def main():
    # The protocol keeps the real stdout; prints, those of C code too, go to stderr.
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def answer(row):
        protocol.write(json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n")
        protocol.flush()

    functions = load(sys.argv[1])
    accepted = {name: accepts(function) for name, function in functions.items()}
    answer({"type": "ready", "proto": 1, "python": sys.version.split()[0], "functions": describe(functions)})
    for line in requests:
        call = json.loads(line)
        out, err = io.StringIO(), io.StringIO()
        start = time.perf_counter()
        try:
            with redirect_stdout(out), redirect_stderr(err):
                rewards, extra, metrics = score(functions, accepted, call)
            row = {"type": "result", "rewards": rewards, "extra": extra, "metrics": metrics}
        except (Exception, SystemExit) as error:
            row = {"type": "error", "exception": type(error).__name__, "message": str(error)[:2000], "traceback": traceback.format_exc()[-8000:]}
        row["id"] = call["id"]
        row["ms"] = (time.perf_counter() - start) * 1e3
        row["stdout"], row["stderr"] = out.getvalue()[-8000:], err.getvalue()[-8000:]
        answer(row)


if __name__ == "__main__":
    main()
