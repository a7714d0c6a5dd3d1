"""Runs reward functions for gradus: frames of marshal in, JSON lines out.

Started as: python3 worker.py FILE. The functions of FILE are called with TRL's
signature, f(prompts, completions, completion_ids, **columns) -> list of numbers
or None. What they print never reaches the protocol.
"""

import array
import ast
import asyncio
import functools
import gc
import importlib.util
import inspect
import io
import json
import linecache
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
    if value is None or isinstance(value, (bool, str)):
        return value
    try:
        number = float(value)
    except OverflowError:
        return kind.__name__ + " beyond any float"
    except Exception:  # of a tensor of several numbers, say: each library has its own
        return repr(value)
    if isinstance(value, int):
        return int(value)
    return number if math.isfinite(number) else repr(number)


def describe(functions, accepted):
    out = []
    for name, function in functions.items():
        named = accepted[name] is not None
        out.append({"name": name, "params": sorted(accepted[name] or ()), "async": inspect.iscoroutinefunction(function), "named": named})
    return out


def accepts(function):
    """The names that a function can see, None if it can see any."""
    if hasattr(function, "__signature__"):
        return None  # what is said there need not be what the function takes
    try:
        parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return None
    names = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        return names
    others = taken(function)
    return None if others is None else names | others


def taken(function):
    """The names that a function takes out of its **kwargs, None if it may look at any.

    To make what nobody sees costs more than many a call. Names are known where
    the source says kwargs["answer"], kwargs.get("answer") or "answer" in kwargs
    and kwargs nowhere else but as **kwargs for the function that it wraps.
    """
    if type(function) is not types.FunctionType:
        return None
    body = definition(function.__code__)
    if body is None or body.args.kwarg is None:
        return None
    name = body.args.kwarg.arg
    keys, known, inner = set(), set(), None
    for node in ast.walk(body):
        if not FRAME_READERS.isdisjoint(words(node, function)):
            return None
        whose, key = lookup(node)
        if type(whose) is ast.Name and type(key) is ast.Constant and type(key.value) is str:
            known.add(whose)
            if whose.id == name:
                keys.add(key.value)
        if type(node) is ast.Call and type(node.func) is ast.Name and wrapped(function, node.func.id):
            for k in node.keywords:
                if k.arg is None and type(k.value) is ast.Name:
                    known.add(k.value)
                    inner = function.__wrapped__ if k.value.id == name else inner
    if any(type(node) is ast.Name and node.id == name and node not in known for node in ast.walk(body)):
        return None
    if inner is None:
        return keys
    others = accepts(inner)
    return None if others is None else keys | others


def wrapped(function, name):
    """Whether a name of a decorator's function stands for what it decorates (functools.wraps)."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    try:
        return name in cells and cells[name].cell_contents is function.__wrapped__
    except (AttributeError, ValueError):  # it wraps nothing; the cell is empty
        return False


def lookup(node):
    """What of what a node looks up: a mapping and its key, or nothing."""
    if type(node) is ast.Subscript and type(node.ctx) is ast.Load:
        return node.value, getattr(node.slice, "value", node.slice) if type(node.slice).__name__ == "Index" else node.slice  # Index: before Python 3.9
    if type(node) is ast.Call and type(node.func) is ast.Attribute and node.func.attr == "get" and node.args:
        return node.func.value, node.args[0]
    if type(node) is ast.Compare and len(node.ops) == 1 and type(node.ops[0]) in (ast.In, ast.NotIn):
        return node.comparators[0], node.left
    return None, None


def definition(code):
    """The syntax tree of the function that was compiled to code, None if its source is not there any more."""
    definitions, codes = parsed(code.co_filename)
    return definitions.get((code.co_name, code.co_firstlineno)) if code in codes else None


@functools.lru_cache(maxsize=None)
def parsed(path):
    """The functions of a file by name and first line, and all code objects it compiles to."""
    try:
        tree = ast.parse("".join(linecache.getlines(path)))
        codes = set(compiled(compile(tree, path, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}, set()
    definitions = {}
    for node in ast.walk(tree):
        if type(node) in (ast.FunctionDef, ast.AsyncFunctionDef):
            definitions[node.name, min([node.lineno] + [d.lineno for d in node.decorator_list])] = node
    return definitions, codes


def compiled(code):
    """A code object and all within it."""
    yield code
    for const in code.co_consts:
        if type(const) is types.CodeType:
            yield from compiled(const)


# By these a function may see all of its arguments without naming them.
FRAME_READERS = {"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe", "stack", "inspect", "sys", "gc", "breakpoint", "set_trace",
                 "f_locals", "cell_contents", "f_back"}

# By these another function may see the arguments of the one that calls it.
CALLER_READERS = {"_getframe", "currentframe", "stack", "f_back"}


def words(node, function):
    """The words of a node by which it may name one of FRAME_READERS."""
    kind = type(node)
    if kind is ast.Name:
        # Under a name of its own too: from inspect import currentframe as here.
        value = function.__globals__.get(node.id)
        if isinstance(value, (types.ModuleType, types.FunctionType, types.BuiltinFunctionType)):
            code = getattr(value, "__code__", None)
            return {node.id, getattr(value, "__name__", "")} | CALLER_READERS.intersection(code.co_names if code else ())
        return {node.id}
    if kind is ast.Attribute:
        return {node.attr}
    if kind is ast.Constant:
        return {node.value}  # of getattr, say
    if kind is ast.Import:
        return {part for name in node.names for part in name.name.split(".")}
    if kind is ast.ImportFrom:
        return {node.module or ""} | {name.name for name in node.names}
    return set()


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
        extra[str(name)] = [plain(v) for v in column]

    def log_metric(name, value):
        metrics[str(name)] = plain(value)

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
    if not usual and not hasattr(rewards, "__iter__") and not hasattr(rewards, "__getitem__"):
        rewards = repr(rewards)[:200]  # no list at all, which it is told as
    elif not usual:
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
    if type(rewards) is str:
        row["rewards"], row["returned"] = [], rewards
    return json.dumps(row, allow_nan=False) + "\n"


class Printed(io.StringIO):
    """A standard stream in memory. Who asks for its descriptor, as subprocess does, gets the process's stderr."""

    encoding, errors = "utf-8", "backslashreplace"

    def fileno(self):
        return 2

    def reconfigure(self, **how):
        pass

    @property
    def buffer(self):
        return Bytes(self)


class Bytes(io.RawIOBase):
    """The bytes of a standard stream."""

    def __init__(self, text):
        self.text = text

    def writable(self):
        return True

    def write(self, data):
        self.text.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)


class Capture:
    """What a function prints, until it is taken."""

    def __init__(self):
        self.out, self.err = Printed(), Printed()

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
        linecache.cache[path] = len(source), None, source.splitlines(True), path
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
    let_others, clock = getattr(os, "sched_yield", lambda: None), time.perf_counter
    # Of a raw file, as that says None where os.read makes an exception and its
    # text each time. What a pipe holds fits in.
    buffer = bytearray(1 << 16)
    view, read = memoryview(buffer), io.FileIO(fd).readinto
    have, until = bytearray(), 0.0
    while True:
        size = read(buffer)
        if size is None:
            # Whoever else wants this processor comes first: that may be who
            # writes the frame.
            let_others()
            if clock() > until:
                asleep.poll()
            continue
        if not size:
            return
        if not have and size == 4 + int.from_bytes(view[:4], sys.byteorder):
            yield view[4:size]  # the usual one: it came whole
            until = clock() + PATIENCE
            continue
        have += view[:size]
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

    try:
        functions = load(*sys.argv[1:3])
    except (Exception, SystemExit) as error:
        sys.stderr.write(where(error, sys.argv[1]) + "\n")
        sys.exit(1)
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
        except BaseException as error:  # a panic of a Rust library, say, is no Exception; nobody interrupts but the function itself
            row = {"type": "error", "id": call[0], "exception": type(error).__name__, "message": told(error), "traceback": traceback.format_exc()[-8000:]}
            row["ms"] = (time.perf_counter() - start) * 1e3
            row["stdout"], row["stderr"] = capture.take(capture.out), capture.take(capture.err)
            answer(json.dumps(row, allow_nan=False) + "\n")
            continue
        answer(result(call[0], *judged, capture.take(capture.out), capture.take(capture.err)))


def where(error, path):
    """What is wrong with a file that cannot be loaded, in one line: the exception, its line in the file, and where it was raised if that is elsewhere."""
    text = " ".join(f"{type(error).__name__}: {told(error)}".split())
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == path]
    if own:
        text += f" ({os.path.basename(path)}, line {own[-1]})"
    if own and frames[-1].filename != path and not frames[-1].filename.startswith("<"):
        text += f", raised in {frames[-1].filename}, line {frames[-1].lineno}"
    return text


def told(error):
    """The text of an exception, which its class makes."""
    try:
        return str(error)[:2000]
    except BaseException as another:
        return "its text cannot be made: " + type(another).__name__


if __name__ == "__main__":
    main()
