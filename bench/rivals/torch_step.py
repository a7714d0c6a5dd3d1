"""Time a training step of a PyTorch model: forward, backward, clipping, AdamW.

Prints one JSON object: the seconds of each repeat after some that do not count.
"""

import argparse
import json
import pathlib
import time

import torch
import torch.nn.functional as F

from llama import Llama


def step(model, optimizer, tokens, coef, micro, bf16):
    """One update on tokens (sequences, T+1), in micro-batches; coef weighs each
    sequence, as advantages do."""
    optimizer.zero_grad(set_to_none=False)
    count = tokens.shape[0] * (tokens.shape[1] - 1)
    for at in range(0, tokens.shape[0], micro):
        batch, weight = tokens[at:at + micro], coef[at:at + micro]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = model(batch[:, :-1])
        nll = F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten(), reduction="none")
        loss = (nll.view(len(batch), -1) * weight[:, None]).sum() / count
        loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
    optimizer.step()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True)
    p.add_argument("--sequences", type=int, default=16)
    p.add_argument("--length", type=int, default=128, help="tokens trained in a sequence")
    p.add_argument("--micro", type=int, default=16, help="sequences at a time")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    p.add_argument("--compile", action="store_true", help="through torch.compile (inductor)")
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("--warm", type=int, default=2, help="steps before the first that counts")
    a = p.parse_args()

    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    shapes = json.loads((pathlib.Path(__file__).parent / "shapes.json").read_text())
    model = Llama(shapes, a.model)
    # fused is the one-kernel AdamW; on the CPU, too, it is the fastest.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, fused=True)
    run = torch.compile(model) if a.compile else model
    tokens = torch.randint(shapes["vocab"], (a.sequences, a.length + 1))
    coef = torch.tensor([1.0 if i % 2 else -1.0 for i in range(a.sequences)])
    seconds = []
    for i in range(a.warm + a.repeats):
        # Compiling and the first allocations are over after a few micro-batches.
        n = a.sequences if i >= a.warm else min(a.sequences, 16)
        start = time.perf_counter()
        step(run, optimizer, tokens[:n], coef[:n], min(a.micro, n), a.dtype == "bf16")
        if i >= a.warm:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "parameters": sum(x.numel() for x in model.parameters())}))


if __name__ == "__main__":
    main()
