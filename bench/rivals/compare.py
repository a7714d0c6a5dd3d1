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


def call(command, env=None, show=False):
    """The standard output of a command, or what it said when it failed. With show
    its standard error goes to ours."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if show else subprocess.PIPE, text=True, env=env)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise Failed(f"{shlex.join(map(str, command))}: exit code {done.returncode}\n  " + "\n  ".join(said))
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Bench:
    """Runs single measurements of ours and theirs."""

    def __init__(self, gradus, llama, models):
        self.gradus, self.llama, self.models = gradus, llama, models

    def ours(self, figure, kind, dtype, repeats=1):
        if dtype == "bf16":
            figure += ".bf16"
        command = [self.gradus, "bench", kind, "--only", figure, "--repeats", str(repeats), "--json"]
        for f in json_lines(call(command)):
            if f.get("name") == figure:
                return f["value"]
        raise Failed(f"{shlex.join(command)}: no figure {figure} in its output")

    def torch(self, model, setting, sequences=SEQUENCES, repeats=3):
        """Seconds of a training step in PyTorch."""
        warm = 3 if setting["compile"] else 1  # compiled code allocates in its first steps
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
        for _ in range(3):  # it logs from a thread, whose last line a busy machine loses at times
            if rows := json_lines(call(command)):
                break
        else:
            raise Failed(f"{shlex.join(map(str, command))}: printed no figures")
        return {"decode": rows[-1]["speed_tg"], "prompt": rows[-1]["speed_pp"]}


# What one child process measures; it runs under --under.

def try_settings(settings, measure, say):
    """Rates or seconds of settings by their text. One that does not run is left out."""
    known = {}
    for s in settings(known):
        try:
            known[json.dumps(s)] = value = measure(s)
        except Failed as e:
            say(f"failed and left out: {e}")
            continue
        say(f"try {s}: {value:.4g}")
    if not known:
        raise Failed("no setting of a rival ran")
    return known


def scout_torch(b, a, say):
    """PyTorch's best threads and micro-batch: [setting, seconds]."""
    def settings(_):
        for threads in a["threads"]:
            for micro in (16, 4):
                yield {"threads": threads, "micro": micro, "compile": False, "dtype": a["dtype"]}
    known = try_settings(settings, lambda s: b.torch(a["model"], s), say)
    best = min(known, key=known.get)
    return [json.loads(best), known[best]]


def scout_compiled(b, a, say):
    """The same setting through torch.compile: [setting, seconds]. The first run of
    a machine compiles for a minute, later ones take it from the cache."""
    setting = dict(a["setting"], compile=True)
    return [setting, try_settings(lambda _: [setting], lambda s: b.torch(a["model"], s), say)[json.dumps(setting)]]


def scout_llama(b, a, say):
    """llama.cpp's best setting: first the batch, with all threads, then the rest at the best batch."""
    def settings(known):
        base = {"threads": max(a["threads"]), "flash": "auto", "unified": False}
        for batch in (8, 16, 32, 64):
            yield dict(base, batch=batch)
        best = json.loads(max(known, key=known.get))
        for change in [{"threads": t} for t in a["threads"] if t != base["threads"]] + [{"flash": "off"}, {"unified": True}]:
            yield dict(best, **change)
    known = try_settings(settings, lambda s: b.decode(a["model"], s)["decode"], say)
    return json.loads(max(known, key=known.get))


def one_round(b, a, say):
    """One comparison of a model, ours and then theirs."""
    model, best, out = a["model"], a["best"], {"load": os.getloadavg()[0]}
    if a["kind"] == "train":
        return out | {"ours": b.ours(f"train.{model}.2048tok", "step", a["dtype"], 3), "theirs": b.torch(model, best["train"])}
    if a["kind"] == "decode":
        out["ours"] = b.ours(f"decode.{model}.b{BATCH}", "decode", a["dtype"], 2)
        out["theirs"] = out["theirs64"] = b.decode(model, best["decode"])["decode"]
        if best["decode"]["batch"] != BATCH:
            out["theirs64"] = b.decode(model, best["decode"], BATCH)["decode"]
        return out
    out["ours"] = b.ours(f"grpo.{model}.128x128", "step", a["dtype"])
    rates = b.decode(model, best["decode"])
    out["decode"] = GRPO_SEQUENCES * NEW / rates["decode"] + GRPO_PROMPTS * PROMPT / rates["prompt"]
    out["train"] = b.torch(model, best["train"], sequences=GRPO_SEQUENCES, repeats=1)
    return out | {"theirs": out["train"] + out["decode"]}


MEASURES = {f.__name__: f for f in (scout_torch, scout_compiled, scout_llama, one_round)}


def in_child(options, measure, **args):
    """Runs one of MEASURES in a process of its own, behind --under."""
    command = shlex.split(options.under) + [sys.executable, str(HERE / "compare.py"), "--measure", json.dumps({"measure": measure, **args})]
    for name in ("gradus", "llama", "cache"):
        command += [f"--{name}", str(getattr(options, name))]
    return json.loads(call(command, show=True).splitlines()[-1])


def scout(options, say, model, dtype, wanted):
    """The rivals' best settings for a model."""
    best = {}
    if "train" in wanted:
        best["train"], seconds = in_child(options, "scout_torch", model=model, dtype=dtype, threads=options.threads)
        if options.compile:
            try:
                compiled, faster = in_child(options, "scout_compiled", model=model, setting=best["train"])
                if faster < seconds:
                    best["train"] = compiled
            except Failed as e:
                say(f"torch.compile is left out: {e}")
    if "decode" in wanted:
        best["decode"] = in_child(options, "scout_llama", model=model, threads=options.threads)
    return best


def has_bf16():
    """Whether this CPU has tiles of bf16, the only bf16 that gradus takes."""
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return "amx_bf16" in flags


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
    if has_bf16() and "train" in options.kinds:
        dtypes.append("bf16")
    wanted = {"train": {"train"}, "decode": {"decode"}, "grpo": {"train", "decode"}}
    wanted = set().union(*(wanted[k] for k in options.kinds))
    measured = []
    kept = options.cache / "settings.json"
    settings = json.loads(kept.read_text()) if options.settled else {}
    for model in options.models:
        for dtype in dtypes:
            key = f"{model} {dtype}"
            if not wanted <= set(settings.get(key, {})):
                settings[key] = scout(options, say, model, dtype, wanted)
                kept.write_text(json.dumps(settings, indent=1))
            best = settings[key]
            kinds = [k for k in options.kinds if dtype == "f32" or k == "train"]
            for kind in [k for k in options.kinds if dtype == "f32" or k == "train"]:
                rounds = []
                for i in range(options.rounds):
                    what = f"round {i + 1} of {kind} {key}"
                    try:
                        rounds.append(in_child(options, "one_round", model=model, dtype=dtype, best=best, kind=kind))
                        say(f"{what}: {json.dumps(rounds[-1])}")
                    except Failed as e:
                        say(f"{what}: left out: {e}")
                if not rounds:
                    raise Failed(f"{kind} {key}: no round succeeded")
                measured.append({"kind": kind, "model": model, "dtype": dtype, "best": best, "rounds": rounds})
    return sorted(measured, key=lambda m: options.kinds.index(m["kind"]))


def versions(gradus):
    """What was measured, when and where, as the head of a table says it."""
    import torch
    doctor = {f["name"].strip(): f for f in json_lines(subprocess.run([gradus, "doctor", "--json"], capture_output=True, text=True).stdout)}
    return {
        "date": datetime.date.today().isoformat(), "machine": f"{os.cpu_count()} CPUs, {cpu_name()}",
        "gradus": call([gradus, "version"]).splitlines()[0], "device": ", ".join(doctor.get("device", {}).get("value", "").split(", ")[:2]),
        "torch": torch.__version__,
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
    p.add_argument("--settled", action="store_true", help="take the rivals' best settings from the last run")
    p.add_argument("--under", default="", help="command that each measurement runs under, such as 'taskset -c 0,1'")
    p.add_argument("--write", type=pathlib.Path, help="page whose lines between the rivals markers become the table")
    p.add_argument("--measure", help=argparse.SUPPRESS)
    options = p.parse_args()

    def say(line):
        print(line, file=sys.stderr, flush=True)

    options.threads = options.threads or sorted({1, len(os.sched_getaffinity(0))})
    try:
        if options.measure:
            args = json.loads(options.measure)
            bench = Bench(options.gradus, options.llama, options.cache)
            print(json.dumps(MEASURES[args.pop("measure")](bench, args, say)))
            return
        if options.rounds < 1:
            raise Failed(f"--rounds is {options.rounds}; want at least 1")
        for name, given, known in (("--models", options.models, {"1m", "5m", "10m"}), ("--kinds", options.kinds, {"train", "decode", "grpo"})):
            if not set(given) <= known:
                raise Failed(f"{name} {','.join(given)}: want some of {', '.join(sorted(known))}")
        page = table.Page(options.write) if options.write else None
        measured = whole(options, say)
        llama = (options.cache / "llama-version").read_text().strip()
        text = table.render(measured, versions(options.gradus) | {"llama": llama, "bf16": has_bf16()}, options)
        print(text)
        if page:
            page.replace(text)
    except (Failed, table.NoMarkers, OSError) as e:
        sys.exit(f"rivals: {e}")


if __name__ == "__main__":
    main()
