# Runs a row's own test code (assertions, check functions) inside the sandbox,
# in a process without the model's program: the names that the tests take from
# the program are stand-ins that ask the program's process and get plain data
# back. So nothing that the program defines, __eq__ say, takes part in a
# comparison, and no expected value crosses over.
import ast, builtins, importlib, io, json, os, sys


class Gone(BaseException):
    pass


class Unsupported(BaseException):
    pass


with open(sys.argv[1], encoding="utf-8", errors="surrogatepass") as f:
    job = json.load(f)
results = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
os.dup2(2, 1)
null = os.open(os.devnull, os.O_RDONLY)
os.dup2(null, 0)
answers = os.fdopen(int(sys.argv[2]), "rb")
requests = os.fdopen(int(sys.argv[3]), "wb")
sys.setrecursionlimit(20000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
longest = 16 << 20


def receive():
    line = answers.readline(longest)
    if not line.endswith(b"\n"):
        raise Gone("the program ended" if len(line) < longest else "the program's answer is too long")
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise Gone("the program's answer cannot be read") from None
    if not isinstance(answer, dict):
        raise Gone("the program's answer cannot be read")
    return answer


def ask(q):
    try:
        requests.write(json.dumps(q).encode() + b"\n")
        requests.flush()
    except OSError:
        raise Gone("the program ended") from None
    answer = receive()
    if "error" in answer:
        raise raised(answer["error"])
    return answer


def raised(error):
    try:
        name, message = str(error[0]), str(error[1])
    except (TypeError, IndexError, KeyError):
        name, message = "Exception", ""
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    try:
        e = kind(message)
    except TypeError:
        e = Exception(message)
    e.from_program = name + ": " + message
    return e


class Remote:
    def __init__(self, **at):
        object.__setattr__(self, "_at", at)

    def __call__(self, *args, **named):
        mutable = any(isinstance(a, (list, dict, set, bytearray)) for a in args)
        q = dict(self._at, do="call", args=[encode(a) for a in args], named={k: encode(v) for k, v in named.items()}, back=mutable)
        answer = ask(q)
        for mine, its in zip(args, answer.get("args") or []):
            its = decode(its)
            if isinstance(mine, (list, bytearray)) and isinstance(its, (list, bytes)):
                mine[:] = its
            elif isinstance(mine, (dict, set)) and type(mine) is type(its):
                mine.clear()
                mine.update(its)
        return decode(answer.get("value"))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return decode(ask(dict(self._at, do="get", names=[name])).get("value"))

    def __iter__(self):
        if "other" not in self._at:
            raise TypeError("this is not iterable")
        return iter([decode(e) for e in ask(dict(self._at, do="list")).get("value")])

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return id(self)


def encode(v):
    if v is None or type(v) in (bool, int, str):
        return v
    if isinstance(v, float):
        if v != v or v in (float("inf"), float("-inf")):
            return {"$": ["float", repr(v)]}
        return float(v)
    if isinstance(v, list):
        return [encode(e) for e in v]
    if isinstance(v, tuple):
        return {"$": ["tuple", [encode(e) for e in v]]}
    if isinstance(v, (set, frozenset)):
        return {"$": ["set", [encode(e) for e in v]]}
    if isinstance(v, (bytes, bytearray)):
        return {"$": ["bytes", bytes(v).hex()]}
    if isinstance(v, complex):
        return {"$": ["complex", [repr(v.real), repr(v.imag)]]}
    if isinstance(v, dict):
        if all(type(k) is str and k != "$" for k in v):
            return {k: encode(e) for k, e in v.items()}
        return {"$": ["dict", [[encode(k), encode(e)] for k, e in v.items()]]}
    if isinstance(v, Remote) and "other" in v._at:
        return {"$": ["other", v._at["other"]]}
    if isinstance(v, int):
        return int(v)
    if isinstance(v, str):
        return str(v)
    if isinstance(v, (range, map, filter, zip)) or hasattr(v, "__next__"):
        return [encode(e) for e in v]
    raise Unsupported("the test passes a %s, which is no plain data" % type(v).__name__)


def decode(v):
    try:
        return plain(v)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise Gone("the program's answer cannot be read") from None


def plain(v):
    if isinstance(v, list):
        return [plain(e) for e in v]
    if isinstance(v, dict):
        if len(v) == 1 and "$" in v:
            kind, inner = v["$"]
            if kind == "tuple":
                return tuple(plain(e) for e in inner)
            if kind == "set":
                return {plain(e) for e in inner}
            if kind == "bytes":
                return bytes.fromhex(inner)
            if kind == "float":
                return float(inner)
            if kind == "complex":
                return complex(float(inner[0]), float(inner[1]))
            if kind == "dict":
                return {plain(k): plain(e) for k, e in inner}
            if kind == "other":
                return Remote(other=int(inner))
            raise ValueError(kind)
        return {k: plain(e) for k, e in v.items()}
    return v


def free_names(texts):
    """Names that the code reads, and neither binds nor finds among the builtins."""
    read, bound = set(), set(dir(builtins)) | {"__name__", "__file__"}
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                bound.add(node.name)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, ast.alias):
                bound.add((node.asname or node.name).split(".")[0])
            elif isinstance(node, ast.ExceptHandler) and node.name:
                bound.add(node.name)
    return read - bound


# What tests use without importing it, as their authors ran them below a
# program that did: from the program, it would be handed the expected values.
LIBRARY = {name: name for name in (
    "bisect", "cmath", "collections", "copy", "datetime", "decimal", "fractions", "functools", "heapq", "itertools",
    "json", "math", "operator", "random", "re", "statistics", "string")}
LIBRARY.update(np="numpy", numpy="numpy", pd="pandas", pandas="pandas", pytest="pytest")
COMPARERS = {"isclose": "math", "Counter": "collections", "OrderedDict": "collections", "defaultdict": "collections", "deque": "collections",
             "Decimal": "decimal", "Fraction": "fractions", "allclose": "numpy", "array_equal": "numpy", "approx": "pytest"}


def of_library(texts, free):
    """Those of the free names that are the library's: modules of which the
    tests take attributes only, and comparers that are given what a call returned."""
    found, bare = {}, set()
    for text in texts:
        tree = ast.parse(text)
        of = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and id(node) not in of:
                bare.add(node.id)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in COMPARERS:
                inner = [n.func for a in node.args for n in ast.walk(a) if isinstance(n, ast.Call)]
                if any(isinstance(f, ast.Attribute) or isinstance(f, ast.Name) and f.id != node.func.id and f.id not in dir(builtins) for f in inner):
                    found[node.func.id] = COMPARERS[node.func.id], node.func.id
    found.update((name, (LIBRARY[name], None)) for name in free if name in LIBRARY and name not in bare)
    return {name: at for name, at in found.items() if name in free}


def tell(i, status, why=""):
    results.write(json.dumps({"i": i, "status": status, "why": why[:500]}) + "\n")
    results.flush()


def run(i, test):
    try:
        test()
    except Gone as e:
        tell(i, "gone", str(e))
        os._exit(0)
    except Unsupported as e:
        tell(i, "unsupported", str(e))
    except BaseException as e:
        if getattr(e, "from_program", None):
            tell(i, "runtime_error", e.from_program)
        elif isinstance(e, AssertionError):
            tell(i, "wrong_answer", str(e) or "the assertion does not hold")
        else:
            tell(i, "wrong_answer", "the test fails with %s: %s" % (type(e).__name__, e))
    else:
        tell(i, "accepted")


first = None
try:
    first = receive()
except Gone as e:
    tell(-1, "gone", str(e))
    os._exit(0)
if "error" in first:
    tell(-1, "compile_error" if first.get("at") == "compile" else "runtime_error", ": ".join(str(p) for p in first["error"]))
    os._exit(0)
setup, tests, entry = job["setup"], job["tests"], job["entry"]
scope = {"__name__": "tests"}
try:
    texts = [compile(t, "tests.py", "exec") for t in [setup] + tests]
    free = free_names([setup] + tests)
    library = of_library([setup] + tests, free)
    for name in free:
        if name in library:
            module, attribute = library[name]
            module = importlib.import_module(module)
            scope[name] = getattr(module, attribute) if attribute else module
        else:
            scope[name] = Remote(path=[name])
    exec(texts[0], scope)
except BaseException as e:
    tell(-1, "unsupported", "the tests cannot be read: %s: %s" % (type(e).__name__, e))
    os._exit(0)
if entry:
    run(0, lambda: scope["check"](Remote(path=entry.split("."))))
else:
    for i in range(job["from"], len(tests)):
        run(i, lambda: exec(texts[1 + i], scope))
