"""A Llama-type model written plainly in PyTorch, with the shapes of gradus bench.

Root-mean-square norm, rotary positions, causal attention, SwiGLU, tied input
and output embedding: what gradus trains, without anything on top.
"""

import torch
import torch.nn.functional as F
from torch import nn


def rotary_tables(positions, dim, theta):
    """cos and sin, (positions, dim), for the rotation of halves."""
    rates = theta ** (-torch.arange(0, dim, 2).float() / dim)
    angles = torch.outer(torch.arange(positions).float(), rates)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """x (B, heads, T, dim), rotated by its positions."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-b, a], dim=-1) * sin


class Norm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class Layer(nn.Module):
    def __init__(self, hidden, inner, heads, eps):
        super().__init__()
        self.heads = heads
        self.before_attention = Norm(hidden, eps)
        self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
        self.out = nn.Linear(hidden, hidden, bias=False)
        self.before_mlp = Norm(hidden, eps)
        self.gate_up = nn.Linear(hidden, 2 * inner, bias=False)
        self.down = nn.Linear(inner, hidden, bias=False)

    def forward(self, x, cos, sin):
        b, t, c = x.shape
        qkv = self.qkv(self.before_attention(x)).view(b, t, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        gate, up = self.gate_up(self.before_mlp(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Llama(nn.Module):
    def __init__(self, shapes, name):
        super().__init__()
        s = shapes["models"][name]
        eps = shapes["rms_norm_eps"]
        self.embed = nn.Embedding(shapes["vocab"], s["hidden"])
        self.layers = nn.ModuleList(Layer(s["hidden"], s["inner"], s["heads"], eps) for _ in range(s["layers"]))
        self.norm = Norm(s["hidden"], eps)
        cos, sin = rotary_tables(shapes["max_positions"], s["hidden"] // s["heads"], shapes["rope_theta"])
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, tokens):
        """Logits (B, T, vocab) of tokens (B, T)."""
        t = tokens.shape[1]
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x, self.cos[:t].to(x.dtype), self.sin[:t].to(x.dtype))
        return F.linear(self.norm(x), self.embed.weight)
