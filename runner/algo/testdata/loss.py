"""Expected values for loss_test.go, from an independent implementation.

Written after the equations in the doc comment of Loss, in the padded-matrix
form that TRL uses (rows x columns with a mask), in plain Python floats.
Run: python3 loss.py > loss.json
"""
import itertools, json, math

T = 4
LENGTHS = [3, 1, 4, 2]
TRUNCATED = [False, False, True, False]
ADV = [1.25, -0.5, -1.5, 0.75]
LOGP = [[-0.4, -2.1, -0.05, 0], [-1.3, 0, 0, 0], [-0.9, -0.2, -3.0, -0.6], [-0.1, -1.0, 0, 0]]
OLD = [[-0.7, -2.0, -0.05, 0], [-0.8, 0, 0, 0], [-0.4, -0.7, -2.2, -0.65], [-0.9, -1.1, 0, 0]]
REF = [[-0.5, -1.5, -0.3, 0], [-1.0, 0, 0, 0], [-1.2, -0.2, -2.0, -1.6], [-0.2, -0.4, 0, 0]]
ENT = [[0.9, 1.4, 0.2, 0], [1.1, 0, 0, 0], [1.3, 0.5, 2.0, 0.8], [0.3, 1.2, 0, 0]]
EPS_LOW, EPS_HIGH, MAX_LEN = 0.2, 0.28, 5


def clamp(x, lo, hi):
    return min(max(x, lo), hi)


def run(loss_type, level, beta, delta, ent, masked):
    B = len(LENGTHS)
    mask = [[1.0 if t < LENGTHS[i] and not (masked and TRUNCATED[i]) else 0.0 for t in range(T)] for i in range(B)]
    per_token, low, high, kls = [], [], [], []
    ratios = []
    for i in range(B):
        logr = [LOGP[i][t] - OLD[i][t] for t in range(T)]
        if level == "sequence":
            m = sum(logr[t] * mask[i][t] for t in range(T)) / max(sum(mask[i]), 1.0)
            weights = [m] * T
        else:
            weights = logr
        row = []
        for t in range(T):
            c1 = math.exp(weights[t])
            c2 = clamp(c1, 1 - EPS_LOW, 1 + EPS_HIGH)
            if mask[i][t] and (level == "token" or t == 0):
                ratios.append(c1)
                low.append(1.0 if c1 < 1 - EPS_LOW and ADV[i] < 0 else 0.0)
                high.append(1.0 if c1 > 1 + EPS_HIGH and ADV[i] > 0 else 0.0)
            if delta:
                c1 = min(c1, delta)
            l = -min(c1 * ADV[i], c2 * ADV[i])
            d = REF[i][t] - LOGP[i][t]
            kl = math.exp(d) - d - 1
            if mask[i][t]:
                kls.append(kl)
            row.append(l + beta * kl)
        per_token.append(row)
    total = sum(map(sum, mask))
    if loss_type == "grpo":
        loss = sum(sum(per_token[i][t] * mask[i][t] for t in range(T)) / max(sum(mask[i]), 1.0) for i in range(B)) / B
    else:
        s = sum(per_token[i][t] * mask[i][t] for i in range(B) for t in range(T))
        loss = s / {"bnpo": total, "dapo": total, "dr_grpo": B * MAX_LEN}[loss_type]
    mean_ent = sum(ENT[i][t] * mask[i][t] for i in range(B) for t in range(T)) / total
    loss -= ent * mean_ent
    n = len(ratios)
    return {"loss_type": loss_type, "level": level, "beta": beta, "delta": delta, "entropy_coef": ent, "mask_truncated": masked,
            "loss": loss, "kl": sum(kls) / len(kls), "entropy": mean_ent, "low": sum(low) / n, "high": sum(high) / n,
            "ratio_mean": sum(ratios) / n, "ratio_min": min(ratios), "ratio_max": max(ratios)}


cases = [run(*a) for a in itertools.product(["grpo", "bnpo", "dr_grpo", "dapo"], ["token", "sequence"], [0.0, 0.04], [0.0, 1.5], [0.0, 0.01], [False, True])]
flat = lambda m: [m[i][t] for i in range(len(LENGTHS)) for t in range(LENGTHS[i])]
print(json.dumps({"lengths": LENGTHS, "truncated": TRUNCATED, "advantages": ADV, "epsilon": EPS_LOW, "epsilon_high": EPS_HIGH, "max_completion_length": MAX_LEN,
                  "logp": flat(LOGP), "old": flat(OLD), "ref": flat(REF), "entropy": flat(ENT)}, separators=(",", ":"))[:-1] + ',"cases":[')
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]}")
