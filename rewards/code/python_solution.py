# Runs inside the sandbox, in the process of the model's program: it calls the
# program's functions with the arguments that come as JSON lines and answers
# with what they return. It knows no expected value. Whatever the program does
# to this code only changes its own answers.
import builtins, io, json, os, sys


# What the published harnesses import before a solution, by name; taken only
# where the solution reads the name.
modules = "bisect collections copy datetime functools heapq io itertools json math operator os random re statistics string sys time typing".split()
members = {
    "typing": "Any Callable Deque DefaultDict Dict FrozenSet Generator Generic Iterable Iterator List Mapping NamedTuple Optional Sequence Set Tuple Type TypeVar Union",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "itertools": "accumulate chain combinations combinations_with_replacement count cycle groupby islice pairwise permutations product repeat starmap takewhile zip_longest",
    "functools": "cache cmp_to_key lru_cache partial reduce wraps",
    "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "math": "ceil comb cos e factorial floor gcd hypot inf isqrt lcm log log10 log2 perm pi prod sin sqrt tan",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation",
    "copy": "deepcopy",
    "random": "choice randint shuffle",
    "statistics": "mean median",
    "datetime": "date timedelta",
    "operator": "itemgetter xor",
}


def usual(code, scope):
    """Puts what the code reads of the usual imports into its scope."""
    names, todo = set(), [code]
    while todo:
        c = todo.pop()
        names.update(c.co_names)
        todo.extend(k for k in c.co_consts if hasattr(k, "co_names"))
    for m in modules:
        if m in names:
            scope[m] = __import__(m)
    for m, list_ in members.items():
        for name in names.intersection(list_.split()):
            value = getattr(__import__(m), name, None)
            if value is not None:
                scope[name] = value


def main(sources, request_fd, answer_fd):
    requests = os.fdopen(os.dup(request_fd), "r", encoding="utf-8", errors="surrogatepass", closefd=True)
    answers = os.fdopen(os.dup(answer_fd), "w", encoding="utf-8", errors="surrogatepass", closefd=True)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), encoding="utf-8")
    sys.setrecursionlimit(50000)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    kept = []
    scope = {"__name__": "solution", "__builtins__": builtins}

    def failure(e):
        return {"error": [type(e).__name__, str(e)[:500]]}

    def reply(message):
        answers.write(json.dumps(message, allow_nan=False) + "\n")
        answers.flush()

    plain_int, plain_float, plain_str = int, float, str

    def encode(v, depth=0):
        if depth > 150:
            raise ValueError("the value is nested too deeply")
        if v is None or v is True or v is False:
            return v
        if type(v).__module__ == "numpy" and hasattr(v, "tolist"):
            v = v.tolist()
        if isinstance(v, bool):
            return bool(v)
        if isinstance(v, int):
            return plain_int(v)
        if isinstance(v, float):
            v = plain_float(v)
            if v != v or v in (float("inf"), float("-inf")):
                return {"$": ["float", repr(v)]}
            return v
        if isinstance(v, str):
            return plain_str(v)
        if isinstance(v, list):
            return [encode(e, depth + 1) for e in v]
        if isinstance(v, tuple):
            return {"$": ["tuple", [encode(e, depth + 1) for e in v]]}
        if isinstance(v, (set, frozenset)):
            return {"$": ["set", [encode(e, depth + 1) for e in v]]}
        if isinstance(v, (bytes, bytearray)):
            return {"$": ["bytes", bytes(v).hex()]}
        if isinstance(v, complex):
            return {"$": ["complex", [repr(v.real), repr(v.imag)]]}
        if isinstance(v, dict):
            if all(type(k) is str and k != "$" for k in v):
                return {k: encode(e, depth + 1) for k, e in v.items()}
            return {"$": ["dict", [[encode(k, depth + 1), encode(e, depth + 1)] for k, e in v.items()]]}
        kept.append(v)
        return {"$": ["other", len(kept) - 1]}

    def decode(v):
        if isinstance(v, list):
            return [decode(e) for e in v]
        if isinstance(v, dict):
            if len(v) == 1 and "$" in v:
                kind, inner = v["$"]
                if kind == "tuple":
                    return tuple(decode(e) for e in inner)
                if kind == "set":
                    return {decode(e) for e in inner}
                if kind == "bytes":
                    return bytes.fromhex(inner)
                if kind == "float":
                    return float(inner)
                if kind == "complex":
                    return complex(float(inner[0]), float(inner[1]))
                if kind == "dict":
                    return {decode(k): decode(e) for k, e in inner}
                if kind == "other":
                    return kept[inner]
            return {k: decode(e) for k, e in v.items()}
        return v

    def find(path):
        at = scope
        for i, part in enumerate(path):
            call = part.endswith("()")
            name = part[:-2] if call else part
            if i == 0:
                if name not in at:
                    if name in dir(builtins):
                        at = getattr(builtins, name)
                    elif len(path) == 1 and "Solution" in scope and hasattr(scope["Solution"], name):
                        return getattr(scope["Solution"](), name)
                    else:
                        raise NameError("name %r is not defined" % name)
                else:
                    at = at[name]
            else:
                at = getattr(at, name)
            if call:
                at = at()
        return at

    def serve(q):
        what = q["do"]
        if what == "call":
            target = kept[q["other"]] if "other" in q else find(q["path"])
            args, named = [decode(a) for a in q["args"]], {k: decode(a) for k, a in q.get("named", {}).items()}
            value = target(*args, **named)
            answer = {"value": encode(value)}
            if q.get("back"):
                answer["args"] = [encode(a) if isinstance(a, (list, dict, set, bytearray)) else None for a in args]
            return answer
        if what == "get":
            target = kept[q["other"]] if "other" in q else find(q["path"])
            for name in q["names"]:
                target = getattr(target, name)
            return {"value": encode(target)}
        if what == "list":
            out = []
            for e in kept[q["other"]]:
                out.append(encode(e))
                if len(out) > 1000000:
                    raise ValueError("more than a million elements")
            return {"value": out}
        raise ValueError("unknown request")

    code, refused = None, None
    for source in sources:
        try:
            code = compile(source, "solution.py", "exec")
            break
        except Exception as e:
            refused = refused or e
    if code is None:
        reply(dict(failure(refused), at="compile"))
        return
    usual(code, scope)
    try:
        exec(code, scope)
    except Exception as e:
        reply(dict(failure(e), at="import"))
        return
    reply({"ready": True})
    for line in requests:
        try:
            answer = serve(json.loads(line))
        except Exception as e:
            answer = failure(e)
        try:
            reply(answer)
        except ValueError as e:
            reply(failure(e))


with open(sys.argv[1], encoding="utf-8", errors="surrogatepass") as f:
    text = json.load(f)
main(text, int(sys.argv[2]), int(sys.argv[3]))
