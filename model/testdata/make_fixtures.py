"""Makes llama.json: what Hugging Face transformers computes for tiny Llamas.

Run once, outside the repository, with torch 1.13 and transformers 4.41.2:

    python make_fixtures.py > llama.json

Weights and token ids follow from the formulas in weight() and tokens(), which
fixtures_test.go repeats, so only results are stored. transformers casts parts
of the forward pass to float32 whatever the model's type is; here float32 means
float64, so that the results are good to more digits than the tests ask for.
"""

import json

import numpy
import torch

torch.float32 = torch.float64
torch.Tensor.float = torch.Tensor.double

from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

CASES = [
    dict(name="tied, 4 heads on 2", vocab_size=19, hidden_size=16, intermediate_size=20, num_hidden_layers=2,
         num_attention_heads=4, num_key_value_heads=2, head_dim=4, rope_theta=10000.0, rms_norm_eps=1e-6,
         tie_word_embeddings=True, temperature=1.0),
    dict(name="untied, 4 heads on 1", vocab_size=23, hidden_size=24, intermediate_size=36, num_hidden_layers=3,
         num_attention_heads=4, num_key_value_heads=1, head_dim=6, rope_theta=500.0, rms_norm_eps=1e-5,
         tie_word_embeddings=False, temperature=0.7),
    dict(name="untied, 4 heads on 4", vocab_size=11, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
         num_attention_heads=4, num_key_value_heads=4, head_dim=2, rope_theta=100000.0, rms_norm_eps=1e-3,
         tie_word_embeddings=False, temperature=1.5),
]

# (length, prompt) of the sequences of a batch.
SEQS = [(9, 3), (5, 1), (14, 6)]

ADAMW = dict(lr=0.01, beta1=0.9, beta2=0.95, eps=1e-8, weight_decay=0.1, max_grad_norm=0.5)


def mix(i, k):
    """A number in [-0.5, 0.5) from two indices, exact in float64."""
    h = (i * 2654435761 + k * 974711 + 12345) % 2**32
    h ^= h >> 15
    h = (h * 2246822519) % 2**32
    h ^= h >> 13
    return h / 2**32 - 0.5


def weight(k, i, gain):
    w = mix(i, k)
    return 1 + 0.5 * w if gain else 0.6 * w


def tokens(s, n, vocab):
    return [int((mix(i, 1000 + s) + 0.5) * vocab) for i in range(n)]


def coefs(s, n):
    """Derivatives of the loss by log-prob and by entropy."""
    return [mix(i, 2000 + s) for i in range(n)], [0.3 * mix(i, 3000 + s) for i in range(n)]


def objective(model, case):
    total, scores = 0, []
    for s, (n, prompt) in enumerate(SEQS):
        ids = tokens(s, n, case["vocab_size"])
        logits = model(torch.tensor([ids])).logits[0, prompt - 1:-1] / case["temperature"]
        logp = torch.log_softmax(logits, -1)
        ent = -(logp.exp() * logp).sum(-1)
        picked = logp[torch.arange(n - prompt), torch.tensor(ids[prompt:])]
        c, e = coefs(s, n - prompt)
        total = total + (picked * torch.tensor(c)).sum() + (ent * torch.tensor(e)).sum()
        scores.append(dict(logprobs=picked.tolist(), entropies=ent.tolist()))
    return total, scores


def main():
    torch.set_default_dtype(torch.float64)
    out = []
    for case in CASES:
        cfg = LlamaConfig(
            **{k: case[k] for k in ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
                                    "num_attention_heads", "num_key_value_heads", "rope_theta", "rms_norm_eps",
                                    "tie_word_embeddings")},
            max_position_embeddings=64, attn_implementation="eager", torch_dtype=torch.float64)
        assert cfg.hidden_size == case["head_dim"] * cfg.num_attention_heads
        model = LlamaForCausalLM(cfg).double()
        names = sorted(n for n, _ in model.named_parameters())
        params = dict(model.named_parameters())
        with torch.no_grad():
            for k, name in enumerate(names):
                p = params[name]
                gain = p.dim() == 1
                # The weights of a checkpoint are float32.
                flat = numpy.array([weight(k, i, gain) for i in range(p.numel())]).astype(numpy.float32)
                p.copy_(torch.tensor(flat.astype(numpy.float64)).reshape(p.shape))
        out.append(run(model, names, params, case))
    print(json.dumps(dict(adamw=ADAMW, seqs=SEQS, cases=out)))


def digest(tensors, names):
    """Per tensor: its norm and its product with mix(i, 5000)."""
    return {n: [tensors[n].norm().item(),
                (tensors[n].reshape(-1) * torch.tensor([mix(i, 5000) for i in range(tensors[n].numel())])).sum().item()]
            for n in names}


def run(model, names, params, case):
    loss, scores = objective(model, case)
    loss.backward()
    grads = {n: params[n].grad.clone() for n in names}
    result = dict(case, params=sum(p.numel() for p in params.values()), objective=loss.item(), scores=scores,
                  grads=digest(grads, names))
    if case["hidden_size"] == 8:
        result["all_grads"] = {n: [float("%.9g" % x) for x in g.reshape(-1).tolist()] for n, g in grads.items()}
    a = ADAMW
    opt = torch.optim.AdamW([
        dict(params=[params[n] for n in names if params[n].dim() > 1], weight_decay=a["weight_decay"]),
        dict(params=[params[n] for n in names if params[n].dim() == 1], weight_decay=0.0),
    ], lr=a["lr"], betas=(a["beta1"], a["beta2"]), eps=a["eps"])
    steps = []
    for _ in range(3):
        opt.zero_grad()
        loss, _ = objective(model, case)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), a["max_grad_norm"])
        opt.step()
        steps.append(dict(objective=loss.item(), norm=norm.item()))
    result["steps"] = steps
    result["weights_after"] = digest({n: params[n].detach() for n in names}, names)
    return result


main()
