"""The table of ratios, and the page it stands in."""

import pathlib
import statistics

BEGIN, END = "<!-- rivals: written by make rivals -->", "<!-- rivals: end -->"


class NoMarkers(Exception):
    pass


class Page:
    """A page of documentation with a place for a table."""

    def __init__(self, path: pathlib.Path, begin=BEGIN, end=END):
        self.path, self.begin, self.end, self.text = path, begin, end, path.read_text()
        if self.text.count(begin) != 1 or self.text.count(end) != 1 or self.text.index(begin) > self.text.index(end):
            raise NoMarkers(f"{path}: want one line '{begin}' and behind it one line '{end}'")

    def replace(self, table: str):
        head, rest = self.text.split(self.begin)
        tail = rest.split(self.end)[1]
        self.path.write_text(f"{head}{self.begin}\n{table}\n{self.end}{tail}")


def count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def torch_words(s):
    return f"{count(s['threads'], 'thread')}, {s['micro']} sequences at a time, {'compiled' if s['compile'] else 'eager'}"


def llama_words(s):
    words = f"{count(s['threads'], 'thread')}, batch {s['batch']}, {'unified' if s['unified'] else 'separate'} KV"
    return words if s["flash"] == "auto" else words + ", no flash attention"


def spread(values, form):
    return f"{form(statistics.median(values))} ({form(min(values))}..{form(max(values))})"


def seconds(x):
    return f"{x:.3f} s" if x < 1 else f"{x:.2f} s"


def rate(x):
    return f"{x:,.0f} tok/s"


def times(x):
    return f"{x:.2f}x"


def row(m, ours="ours", theirs="theirs"):
    """One line: what, ours, theirs, with which setting, how many times faster."""
    a, b = [r[ours] for r in m["rounds"]], [r[theirs] for r in m["rounds"]]
    size, kind = m["model"].upper(), m["kind"]
    if kind == "train":
        what, rival = f"train step, 2,048 tokens, {size}, {m['dtype']}", f"PyTorch {'bf16 autocast' if m['dtype'] == 'bf16' else 'f32'}: {torch_words(m['best']['train'])}"
        form, ratio = seconds, [y / x for x, y in zip(a, b)]
    elif kind == "decode":
        setting = dict(m["best"]["decode"], batch=64) if theirs == "theirs64" else m["best"]["decode"]
        what, rival = f"decode, 64 sequences, {size}, f32", ("llama.cpp at 64: " if theirs == "theirs64" else "llama.cpp, best: ") + llama_words(setting)
        form, ratio = rate, [x / y for x, y in zip(a, b)]
    else:
        train, decode = statistics.median(r["train"] for r in m["rounds"]), statistics.median(r["decode"] for r in m["rounds"])
        what, rival = f"GRPO step, 128 x 128 tokens, {size}, f32", f"PyTorch training {seconds(train)} + llama.cpp sampling {seconds(decode)}"
        form, ratio = seconds, [y / x for x, y in zip(a, b)]
    return f"| {what} | {spread(a, form)} | {spread(b, form)} | {rival} | **{spread(ratio, times).replace(' (', '** (', 1)} |"


def render(measured, v, options):
    loads = [r["load"] for m in measured for r in m["rounds"]]
    least, most = min(len(m["rounds"]) for m in measured), max(len(m["rounds"]) for m in measured)
    counts = count(most, "round") if least == most else f"{least} to {most} rounds"
    lines = [
        f"{v['date']}, {v['machine']}; {v['gradus']} on {v['device']}, PyTorch {v['torch']}, llama.cpp of {v['llama']}. "
        f"Median of {counts} in turns, in brackets the range; the ratio is how many times faster gradus is, taken in each round. "
        f"The machine's load average before a round was {min(loads):.1f} to {max(loads):.1f}; where it is more than the number of CPUs, others were at work.",
        "",
        "| what | gradus | rival | the rival's best setting | ratio |",
        "|---|---|---|---|---|",
    ]
    for m in measured:
        lines.append(row(m))
        if m["kind"] == "decode" and m["best"]["decode"]["batch"] != 64:
            lines.append(row(m, theirs="theirs64"))
    tried = "16 and 4 sequences at a time" + (", the best of these compiled (inductor), too" if options.compile else "")
    threads = " and ".join(count(n, "thread") for n in options.threads)
    lines += ["", f"Tried for PyTorch: {threads}, {tried}. Tried for llama.cpp: batches of 8, 16, 32 and 64, {threads}, with and without flash "
              "attention, separate and unified KV cache. Its rate leaves out prompts and sampling, ours has both."]
    if not v["bf16"]:
        lines.append("This CPU has no tiles of bf16 (AMX), so there are no bf16 rows.")
    return "\n".join(lines)
