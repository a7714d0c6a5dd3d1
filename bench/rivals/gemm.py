"""Time the matrix products of the models in the libraries that are known for them.

Forward (Y = X W^T), input gradient (dX = dY W) and weight gradient (dW = dY^T X)
of the layers in shapes.json, 64 rows as in decoding and 2,048 as in training, f32:

  mkl       torch.mm, which is Intel's MKL in PyPI's PyTorch
  onednn    the same with the weight laid out once before, by oneDNN
  openblas  numpy.matmul, which is OpenBLAS in PyPI's NumPy

Prints one JSON object a line: {"name", "library", "gflops": [...]}, one rate for
each repeat. The names are those of `gradus bench kernels`.
"""

import argparse
import json
import os
import pathlib
import time

ROWS = (64, 2048)
WORK = 2e8  # floating-point operations of one repeat, at least


def products(models):
    """(name of layer, rows, inputs, outputs) of the 1M and the 5M model."""
    for model in ("1m", "5m"):
        c, ff = models[model]["hidden"], models[model]["inner"]
        for n in ROWS:
            yield from ((f"{model}.qkv", n, c, 3 * c), (f"{model}.gate_up", n, c, 2 * ff), (f"{model}.down", n, ff, c))


def rates(call, flop, repeats):
    """GFLOP/s of each repeat of call, after one that does not count."""
    batch = int(WORK / flop) + 1
    out = []
    for i in range(repeats + 1):
        start = time.perf_counter()
        for _ in range(batch):
            call()
        out.append(flop * batch / (time.perf_counter() - start) / 1e9)
    return out[1:]


def in_torch(n, k, o):
    import torch
    torch.manual_seed(1)
    x, w, dy = torch.randn(n, k), torch.randn(o, k), torch.randn(n, o)
    y, dx, dw = torch.empty(n, o), torch.empty(n, k), torch.empty(o, k)
    yield "mkl", "linear", lambda: torch.mm(x, w.t(), out=y)
    yield "mkl", "linear_dx", lambda: torch.mm(dy, w, out=dx)
    yield "mkl", "linear_dw", lambda: torch.mm(dy.t(), x, out=dw)
    laid = torch.ops.mkldnn._reorder_linear_weight(w, n)
    back = torch.ops.mkldnn._reorder_linear_weight(w.t().contiguous(), n)
    linear = torch.ops.mkldnn._linear_pointwise
    yield "onednn", "linear", lambda: linear(x, laid, None, "none", [], "")
    yield "onednn", "linear_dx", lambda: linear(dy, back, None, "none", [], "")


def in_numpy(n, k, o):
    import numpy as np
    rng = np.random.default_rng(1)
    x, w, dy = (rng.standard_normal(shape, dtype=np.float32) for shape in ((n, k), (o, k), (n, o)))
    y, dx, dw = (np.empty(shape, np.float32) for shape in ((n, o), (n, k), (o, k)))
    yield "openblas", "linear", lambda: np.matmul(x, w.T, out=y)
    yield "openblas", "linear_dx", lambda: np.matmul(dy, w, out=dx)
    yield "openblas", "linear_dw", lambda: np.matmul(dy.T, x, out=dw)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--library", required=True, choices=["torch", "numpy"], help="one a process: their thread pools fight")
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--repeats", type=int, default=3)
    a = p.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(a.threads)  # read when a library is loaded
    build = {"torch": in_torch, "numpy": in_numpy}[a.library]
    models = json.loads((pathlib.Path(__file__).parent / "shapes.json").read_text())["models"]
    for name, n, k, o in products(models):
        for library, op, call in build(n, k, o):
            print(json.dumps({"name": f"{op}.{name}.n{n}", "library": library, "gflops": rates(call, 2 * n * k * o, a.repeats)}))


if __name__ == "__main__":
    main()
