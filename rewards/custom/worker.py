"""Runs reward functions for gradus: frames of marshal in, JSON lines out.

Started as: python3 worker.py FILE. The functions of FILE are called with TRL's
signature, f(prompts, completions, completion_ids, **columns) -> list of numbers
or None. What they print never reaches the protocol.
"""

import array
import asyncio
import dis
import gc
import importlib.util
import inspect
import io
import json
import marshal
import math
import os
import select
import sys
import time
import traceback
import types


decode = json.JSONDecoder().decode


def plain(value):
    """A value that JSON can hold; numbers of other libraries become Python's."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else repr(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return repr(value)
    return number if math.isfinite(number) else repr(number)


def describe(functions, accepted):
    out = []
    for name, function in functions.items():
        try:
            params = list(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            params = []
        named = accepted[name] is not None
        out.append({"name": name, "params": params, "async": inspect.iscoroutinefunction(function), "named": named})
    return out


def accepts(function):
    """The names that a function can see, None if it can see any."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters) and reads_others(function):
        return None
    return {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}


def reads_others(function):
    """Whether a function with **kwargs may look at them. To make what nobody sees costs more than many a call."""
    if type(function) is not types.FunctionType or hasattr(function, "__wrapped__"):
        return True
    code = function.__code__
    if not code.co_flags & inspect.CO_VARKEYWORDS:
        return True  # not what its signature says
    name = code.co_varnames[code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)]
    if name in code.co_cellvars or not FRAME_READERS.isdisjoint(code.co_names):
        return True
    return any(i.argval == name or type(i.argval) is tuple and name in i.argval for i in dis.get_instructions(code))


# By these a function may see all of its arguments without naming them.
FRAME_READERS = {"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe", "stack", "inspect", "sys", "breakpoint", "set_trace"}


def score(functions, accepted, call):
    _, name, n, same, kwargs, ids, columns, step = call
    function = functions.get(name)
    if function is None:
        raise NameError(f"the file has no function {name!r}; it has {', '.join(functions) or 'none'}")
    for column, value in same.items():
        kwargs[column] = [value] * n
    if ids is not None:
        kwargs["completion_ids"] = [array.array("i", one).tolist() for one in ids]
    if columns != "{}":
        kwargs.update(decode(columns))
    extra, metrics = {}, {}

    def log_extra(name, column):
        extra[name] = [plain(v) for v in column]

    def log_metric(name, value):
        metrics[name] = plain(value)

    named = accepted[name]
    if named is None or "trainer_state" in named:
        kwargs["trainer_state"] = types.SimpleNamespace(global_step=step)
    if named is None or "log_extra" in named:
        kwargs["log_extra"] = log_extra
    if named is None or "log_metric" in named:
        kwargs["log_metric"] = log_metric
    start = time.perf_counter()
    rewards = function(**kwargs)
    if type(rewards) is not list and inspect.isawaitable(rewards):
        async def wait():
            return await rewards
        rewards = asyncio.run(wait())
    ms = (time.perf_counter() - start) * 1e3
    usual = numbers(rewards)
    if not usual:
        rewards = [float(r) if isinstance(r, bool) else plain(r) for r in rewards]
    return rewards, usual, extra, metrics, ms


def numbers(rewards):
    """Whether it is a list of finite floats. A sum that is finite has finite parts."""
    return type(rewards) is list and set(map(type, rewards)) == {float} and math.isfinite(sum(rewards))


def result(number, rewards, usual, extra, metrics, ms, out, err):
    """The reply as a line. The usual one is numbers only."""
    if usual and not (extra or metrics or out or err):
        return '{"type":"result","id":%d,"rewards":%s,"ms":%.4f}\n' % (number, rewards, ms)
    row = {"type": "result", "id": number, "rewards": rewards, "extra": extra, "metrics": metrics, "ms": ms, "stdout": out, "stderr": err}
    return json.dumps(row, allow_nan=False) + "\n"


class Capture:
    """What a function prints, until it is taken."""

    def __init__(self):
        self.out, self.err = io.StringIO(), io.StringIO()

    def begin(self):
        """A function may have put something else in their place."""
        if self.out.closed or self.err.closed:
            self.__init__()
        sys.stdout, sys.stderr = self.out, self.err

    @staticmethod
    def take(stream):
        if stream.closed or not stream.tell():
            return ""
        text = stream.getvalue()[-8000:]
        stream.seek(0)
        stream.truncate()
        return text


def load(path, source=None):
    """The functions of a file, or of the source that is given."""
    sys.path.insert(0, os.getcwd())
    if source is None:
        spec = importlib.util.spec_from_file_location("reward_file", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["reward_file"] = module
        spec.loader.exec_module(module)
    else:
        module = types.ModuleType("reward_file")
        sys.modules["reward_file"] = module
        exec(compile(source, path, "exec"), vars(module))
    return {
        name: value for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and not inspect.isclass(value)
    }


# How long to look again and again for the next call before going to sleep.
# Calls for the groups of a step follow each other; to be woken up costs more
# than the rest of a call, on virtual cores several times more.
PATIENCE = 200e-6


def frames(fd):
    """The frames that can be read from fd: four bytes that say how long the rest is."""
    os.set_blocking(fd, False)
    asleep = select.poll()
    asleep.register(fd, select.POLLIN)
    read, let_others, clock = os.read, getattr(os, "sched_yield", lambda: None), time.perf_counter
    have, until = bytearray(), 0.0
    while True:
        try:
            data = read(fd, 1 << 16)  # what a pipe holds; more would be memory of its own each time
        except BlockingIOError:
            # Whoever else wants this processor comes first: that may be who
            # writes the frame.
            let_others()
            if clock() > until:
                asleep.poll()
            continue
        if not data:
            return
        if not have and len(data) == 4 + int.from_bytes(data[:4], sys.byteorder):
            yield memoryview(data)[4:]  # the usual one: it came whole
            until = clock() + PATIENCE
            continue
        have += data
        while len(have) >= 4:
            end = 4 + int.from_bytes(have[:4], sys.byteorder)
            if len(have) < end:
                break
            yield bytes(have[4:end])
            del have[:end]
            until = clock() + PATIENCE


def main():
    # The protocol keeps the real stdout; prints, those of C code too, go to stderr.
    protocol = os.dup(1)
    os.dup2(2, 1)
    requests = frames(os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def answer(line):
        data = line.encode("ascii", "backslashreplace")
        while data:
            data = data[os.write(protocol, data):]

    functions = load(*sys.argv[1:3])
    accepted = {name: accepts(function) for name, function in functions.items()}
    ready = {"type": "ready", "proto": 1, "marshal": True, "python": sys.version.split()[0], "functions": describe(functions, accepted)}
    answer(json.dumps(ready) + "\n")
    # What the file has imported stays: a collection, which may come in the midst
    # of any call, need not walk through it.
    gc.collect()
    gc.freeze()
    capture = Capture()
    for frame in requests:
        call = marshal.loads(frame)
        capture.begin()
        start = time.perf_counter()
        try:
            judged = score(functions, accepted, call)
        except (Exception, SystemExit) as error:
            row = {"type": "error", "id": call[0], "exception": type(error).__name__, "message": str(error)[:2000], "traceback": traceback.format_exc()[-8000:]}
            row["ms"] = (time.perf_counter() - start) * 1e3
            row["stdout"], row["stderr"] = capture.take(capture.out), capture.take(capture.err)
            answer(json.dumps(row, allow_nan=False) + "\n")
            continue
        answer(result(call[0], *judged, capture.take(capture.out), capture.take(capture.err)))


if __name__ == "__main__":
    main()
