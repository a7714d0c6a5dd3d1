"""Measure gradus beside PyTorch and llama.cpp and write the table of ratios.

Three comparisons, each on the models of `gradus bench`:

  train   one step over 16 x 128 tokens: forward, backward, clipping, AdamW
  decode  64 sequences of 96 new tokens behind prompts of 32
  grpo    a GRPO step, 128 sequences of 32 + 96 tokens; the rival is the same
          training in PyTorch plus the same sampling in llama.cpp

First each rival's settings are tried and the best is kept. Then gradus and the
rival take turns for some rounds, because the clock of a shared machine drifts;
a ratio is one of neighbours in time. run.sh prepares all that this needs.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
PROMPT, NEW, BATCH = 32, 96, 64
SEQUENCES, LENGTH = 16, 128
GRPO_PROMPTS, GRPO_SEQUENCES = 16, 128


class Failed(Exception):
    pass


def call(command, env=None):
    """The standard output of a command, or what it said when it failed."""
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise Failed(f"{shlex.join(map(str, command))}: exit code {done.returncode}\n  " + "\n  ".join(said))
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Bench:
    """Runs single measurements of ours and theirs."""

    def __init__(self, gradus, llama, models, dtype_flag):
        self.gradus, self.llama, self.models = gradus, llama, models
        self.dtype_flag = dtype_flag

    def ours(self, figure, kind, dtype, repeats=1):
        command = [self.gradus, "bench", kind, "--only", figure, "--repeats", str(repeats), "--json"]
        if self.dtype_flag:
            command += ["--dtype", dtype]
        for f in json_lines(call(command)):
            if f.get("name") == figure:
                return f["value"]
        raise Failed(f"{shlex.join(command)}: no figure {figure} in its output")

    def torch(self, model, setting, sequences=SEQUENCES, repeats=2, warm=1):
        """Seconds of a training step in PyTorch."""
        command = [sys.executable, HERE / "torch_step.py", "--model", model, "--sequences", str(sequences), "--length", str(LENGTH),
                   "--threads", str(setting["threads"]), "--micro", str(setting["micro"]), "--dtype", setting["dtype"],
                   "--repeats", str(repeats), "--warm", str(warm)]
        if setting["compile"]:
            command.append("--compile")
        env = dict(os.environ, OMP_NUM_THREADS=str(setting["threads"]), CUDA_VISIBLE_DEVICES="", TORCHINDUCTOR_CACHE_DIR=str(self.models / "inductor"))
        return statistics.median(json_lines(call(command, env))[-1]["seconds"])

    def decode(self, model, setting, batch=None):
        """llama.cpp's decoding rate, tokens a second, without its prompts and
        without sampling, and its rate for prompts."""
        batch = batch or setting["batch"]
        command = [self.llama, "-m", self.models / f"{model}.gguf", "-c", str(batch * (PROMPT + NEW)), "-b", "2048", "-ub", "512",
                   "-npp", str(PROMPT), "-ntg", str(NEW), "-npl", str(batch), "-t", str(setting["threads"]), "-tb", str(setting["threads"]),
                   "-fa", setting["flash"], "--kv-unified" if setting["unified"] else "--no-kv-unified", "--output-format", "jsonl"]
        rows = json_lines(call(command))
        if not rows:
            raise Failed(f"{shlex.join(map(str, command))}: printed no figures")
        return {"decode": rows[-1]["speed_tg"], "prompt": rows[-1]["speed_pp"]}


# What one child process measures; it runs under --under.

def scout_torch(b, a):
    return b.torch(a["model"], a["setting"], repeats=2, warm=2)


def scout_decode(b, a):
    return b.decode(a["model"], a["setting"])["decode"]


def round_train(b, a):
    return {"ours": b.ours(f"train.{a['model']}.2048tok", "step", a["setting"]["dtype"], 2), "theirs": b.torch(a["model"], a["setting"])}


def round_decode(b, a):
    out = {"ours": b.ours(f"decode.{a['model']}.b{BATCH}", "decode", "f32")}
    out["theirs"] = b.decode(a["model"], a["setting"])["decode"]
    out["theirs64"] = out["theirs"] if a["setting"]["batch"] == BATCH else b.decode(a["model"], a["setting"], BATCH)["decode"]
    return out


def round_grpo(b, a):
    out = {"ours": b.ours(f"grpo.{a['model']}.128x128", "step", a["train"]["dtype"])}
    rates = b.decode(a["model"], a["decode"])
    out["decode"] = GRPO_SEQUENCES * NEW / rates["decode"] + GRPO_PROMPTS * PROMPT / rates["prompt"]
    out["train"] = b.torch(a["model"], a["train"], sequences=GRPO_SEQUENCES, repeats=1)
    out["theirs"] = out["decode"] + out["train"]
    return out


MEASURES = {f.__name__: f for f in (scout_torch, scout_decode, round_train, round_decode, round_grpo)}


def in_child(options, measure, **args):
    """Runs one of MEASURES in a process of its own, behind --under."""
    command = shlex.split(options.under) + [sys.executable, str(HERE / "compare.py"), "--measure", json.dumps({"measure": measure, **args})]
    for name in ("gradus", "llama", "cache"):
        command += [f"--{name}", str(getattr(options, name))]
    return json.loads(call(command).splitlines()[-1])


def torch_settings(options, dtype, known):
    """Threads and micro-batches, then torch.compile for the best of them: `known`
    maps a setting's text to its seconds."""
    for threads in options.threads:
        for micro in (16, 4):
            yield {"threads": threads, "micro": micro, "compile": False, "dtype": dtype}
    if options.compile:
        yield dict(json.loads(min(known, key=known.get)), compile=True)


def decode_settings(options, known):
    """Batch sizes first, with the most threads; then what else there is to set,
    at the best batch: `known` maps a setting's text to its rate."""
    base = {"threads": max(options.threads), "flash": "auto", "unified": False}
    for batch in (8, 16, 32, 64):
        yield dict(base, batch=batch)
    best = json.loads(max(known, key=known.get))
    for change in [{"threads": t} for t in options.threads if t != base["threads"]] + [{"flash": "off"}, {"unified": True}]:
        yield dict(best, **change)


def tried(options, say, what, measure, model, settings, known, form):
    """Measures settings into known. One that does not run is said and left out."""
    for s in settings:
        try:
            known[json.dumps(s)] = value = in_child(options, measure, model=model, setting=s)
        except Failed as e:
            say(f"try {what}: failed and left out: {e}")
            continue
        say(f"try {what} {s}: {form(value)}")
    if not known:
        raise Failed(f"{what}: no setting ran")


def scout(options, say, model, dtype):
    """The rivals' best settings for a model."""
    best = {}
    if {"train", "grpo"} & set(options.kinds):
        known = {}
        tried(options, say, f"train.{model} PyTorch", "scout_torch", model, torch_settings(options, dtype, known), known, table.seconds)
        best["train"] = json.loads(min(known, key=known.get))
    if dtype == "f32" and {"decode", "grpo"} & set(options.kinds):
        known = {}
        tried(options, say, f"decode.{model} llama.cpp", "scout_decode", model, decode_settings(options, known), known, table.rate)
        best["decode"] = json.loads(max(known, key=known.get))
    return best


def has_bf16():
    """Whether this CPU multiplies bf16 by itself; elsewhere it is emulated and slow."""
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def whole(options, say):
    help_text = call([options.gradus, "bench", "--help"])
    if "--only" not in help_text:
        raise Failed(f"{options.gradus}: 'gradus bench' has no --only; build it from this tree (make build)")
    dtypes = ["f32"]
    if has_bf16() and "--dtype" in help_text and "train" in options.kinds:
        dtypes.append("bf16")
    measured = []
    for model in options.models:
        for dtype in dtypes:
            best = scout(options, say, model, dtype)
            for kind in [k for k in options.kinds if dtype == "f32" or k == "train"]:
                args = {"train": {"setting": best.get("train")}, "decode": {"setting": best.get("decode")},
                        "grpo": best}[kind]
                rounds = []
                for i in range(options.rounds):
                    rounds.append(in_child(options, f"round_{kind}", model=model, **args))
                    say(f"round {i + 1} {kind}.{model} {dtype}: " + ", ".join(f"{k} {v:.4g}" for k, v in rounds[-1].items()))
                measured.append({"kind": kind, "model": model, "dtype": dtype, "best": args, "rounds": rounds})
    return measured


def versions(options):
    import torch
    llama = (options.cache / "llama-version").read_text().strip()
    doctor = {f["name"].strip(): f for f in json_lines(subprocess.run([options.gradus, "doctor", "--json"], capture_output=True, text=True).stdout)}
    return {
        "date": datetime.date.today().isoformat(), "machine": f"{os.cpu_count()} CPUs, {cpu_name()}",
        "gradus": call([options.gradus, "version"]).splitlines()[0], "device": doctor.get("device", {}).get("value", ""),
        "torch": torch.__version__, "llama": llama, "bf16": has_bf16(),
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gradus", required=True, type=pathlib.Path)
    p.add_argument("--llama", required=True, type=pathlib.Path, help="llama-batched-bench")
    p.add_argument("--cache", required=True, type=pathlib.Path, help="folder of the .gguf files")
    p.add_argument("--models", default="1m,5m,10m", type=lambda s: s.split(","))
    p.add_argument("--kinds", default="train,decode,grpo", type=lambda s: s.split(","))
    p.add_argument("--threads", default=None, type=lambda s: [int(n) for n in s.split(",")], help="thread counts that the rivals may take; default 1 and all")
    p.add_argument("--rounds", default=5, type=int)
    p.add_argument("--no-compile", dest="compile", action="store_false", help="leave torch.compile out")
    p.add_argument("--under", default="", help="command that each measurement runs under, such as 'taskset -c 0,1'")
    p.add_argument("--write", type=pathlib.Path, help="page whose lines between the rivals markers become the table")
    p.add_argument("--measure", help=argparse.SUPPRESS)
    options = p.parse_args()
    options.threads = options.threads or sorted({1, len(os.sched_getaffinity(0))})
    try:
        if options.measure:
            args = json.loads(options.measure)
            dtype_flag = "--dtype" in call([options.gradus, "bench", "--help"])
            print(json.dumps(MEASURES[args.pop("measure")](Bench(options.gradus, options.llama, options.cache, dtype_flag), args)))
            return
        if options.rounds < 1:
            raise Failed(f"--rounds is {options.rounds}; want at least 1")
        for name, given, known in (("--models", options.models, {"1m", "5m", "10m"}), ("--kinds", options.kinds, {"train", "decode", "grpo"})):
            if not set(given) <= known:
                raise Failed(f"{name} {','.join(given)}: want some of {', '.join(sorted(known))}")
        page = table.Page(options.write) if options.write else None
        measured = whole(options, lambda line: print(line, file=sys.stderr, flush=True))
        text = table.render(measured, versions(options), options)
        print(text)
        if page:
            page.replace(text)
    except (Failed, table.NoMarkers, OSError) as e:
        sys.exit(f"rivals: {e}")


if __name__ == "__main__":
    main()
