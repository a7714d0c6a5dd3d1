"""The rival of bench/gpu/check.toml: the same GRPO step with transformers and PyTorch.

A Llama of the same sizes with random weights samples the same number of
completions of the same length with `generate`, scores them, and takes one
AdamW step on the policy gradient. Decoding stops only at the length, so both
programs produce the same number of tokens at most. Prints one JSON object a
line, in the form of `gradus bench --json`.
"""
import argparse
import json
import statistics
import time

import torch


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--json", help="file to append the figures to; default: print them")
    p.add_argument("--hidden", type=int, default=256)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, help="default: as many as --heads")
    p.add_argument("--inner", type=int, help="width of the MLP; default: 8/3 of --hidden")
    p.add_argument("--name", default="torch", help="figures are rival.NAME.rollout, .update and .step")
    p.add_argument("--matmul", action="store_true", help="measure the rate of a bf16 product of 8192 x 8192 x 8192 and a copy of 4 GiB, and nothing else")
    p.add_argument("--vocab", type=int, default=64)
    p.add_argument("--prompts", type=int, default=16)
    p.add_argument("--generations", type=int, default=8)
    p.add_argument("--prompt-length", type=int, default=32)
    p.add_argument("--completion-length", type=int, default=96)
    p.add_argument("--micro-batch", type=int, help="completions in one forward and backward pass; default: all")
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    a = p.parse_args()

    if not torch.cuda.is_available():
        raise SystemExit("rival.py: PyTorch sees no GPU")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = False
    if a.matmul:
        return ceilings(a.json)
    from transformers import LlamaConfig, LlamaForCausalLM  # the ceilings need PyTorch alone
    length = a.prompt_length + a.completion_length
    config = LlamaConfig(
        vocab_size=a.vocab, hidden_size=a.hidden, intermediate_size=a.inner or (8 * a.hidden // 3 + 15) // 16 * 16,
        num_hidden_layers=a.layers, num_attention_heads=a.heads, num_key_value_heads=a.kv_heads or a.heads,
        max_position_embeddings=length, tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, pad_token_id=0)
    model = LlamaForCausalLM(config).to("cuda", dtype=getattr(torch, a.dtype))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    rows = a.prompts * a.generations
    figures = {"rollout": [], "update": [], "step": []}
    for step in range(a.steps + 2):  # two to warm up
        prompts = torch.randint(1, a.vocab, (a.prompts, a.prompt_length), device="cuda").repeat_interleave(a.generations, 0)
        torch.cuda.synchronize()
        start = time.perf_counter()
        model.eval()
        with torch.no_grad():
            tokens = model.generate(
                prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                min_new_tokens=a.completion_length, max_new_tokens=a.completion_length)
        torch.cuda.synchronize()
        sampled = time.perf_counter()
        model.train()
        advantage = torch.randn(rows, 1, device="cuda")
        some = a.micro_batch or rows
        for lo in range(0, rows, some):
            part = tokens[lo:lo + some]
            logits = model(part[:, :-1]).logits[:, a.prompt_length - 1:].float()
            logp = torch.log_softmax(logits, -1).gather(-1, part[:, a.prompt_length:, None]).squeeze(-1)
            loss = -(torch.exp(logp - logp.detach()) * advantage[lo:lo + some]).sum() / (rows * a.completion_length)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        torch.cuda.synchronize()
        end = time.perf_counter()
        if step >= 2:
            figures["rollout"].append(sampled - start)
            figures["update"].append(end - sampled)
            figures["step"].append(end - start)
    for name, values in figures.items():
        report(a.json, {
            "name": f"rival.{a.name}.{name}", "value": statistics.median(values), "unit": "s", "better": "lower", "n": len(values),
            "min": min(values), "max": max(values),
            "note": f"PyTorch {torch.__version__}, {a.dtype}, {rows} x {a.completion_length} tokens, {sum(x.numel() for x in model.parameters())} parameters"})


def report(path, figure):
    line = json.dumps(figure)
    print(line, flush=True)
    if path:
        with open(path, "a") as out:
            print(line, file=out)


def ceilings(path):
    """What the GPU reaches with PyTorch: the measured peaks that shares are of."""
    n = 8192
    x, y = (torch.randn(n, n, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    a = torch.empty(1 << 30, device="cuda", dtype=torch.float32)
    b = torch.empty_like(a)
    for name, unit, work, run in (
            ("matmul", "GFLOP/s", 2 * n ** 3, lambda: x @ y),
            ("copy", "GB/s", 2 * a.numel() * a.element_size(), lambda: b.copy_(a))):
        rates = []
        for i in range(13):  # three to warm up
            torch.cuda.synchronize()
            start = time.perf_counter()
            run()
            torch.cuda.synchronize()
            if i >= 3:
                rates.append(work / (time.perf_counter() - start) / 1e9)
        report(path, {"name": "rival.torch." + name, "value": statistics.median(rates), "unit": unit, "better": "higher", "n": len(rates),
                      "min": min(rates), "max": max(rates), "note": f"PyTorch {torch.__version__}"})


if __name__ == "__main__":
    main()
