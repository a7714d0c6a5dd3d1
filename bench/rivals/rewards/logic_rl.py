"""The reward function of Logic-RL for knights and knaves."""

from pathlib import Path

from published import module

CHECKOUTS = {"logic_rl": "checkout of Unakar/Logic-RL"}
NAMES = ["Zoey", "Oliver", "Ella", "Isk", "Aria", "Samuel"]
TURNS = ["Assistant: ", "Assistant: <think>", "User: hi\nAssistant:", "<|im_start|>assistant\n", "<|im_start|>assistant\n<think>", "", "Assistant: Assistant: "]
FORMS = ["<think>a</think>\n<answer>%s</answer>", "<think>a</think><answer>%s</answer>", "a</think>\n<answer> %s\n</answer>", "<think>a</think> b <answer>%s</answer> c", "<answer>%s</answer><think></think>",
         "<think>a</think><answer>%s", "<think>a</think>%s", "<think>a</think><answer>x</answer><answer>%s</answer>", "<think></think><answer></answer>%s", "<think>a</think><answer>%s</answer></answer>", "%s"]


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    rng, pick = t.random, t.random.choice
    score = module(Path(o.logic_rl, "verl/utils/reward_score/kk.py")).compute_score

    def gold(cast):
        line = pick(["(%d) %s is a %s", "(%d) %s is a %s", "%d. %s: %s", "%d %s the %s.", "x%d %s is a %s"])
        lines = [line % (i + 1, n, pick([r, r.upper(), r.title()])) for i, (n, r) in enumerate(cast)]
        return pick(["\n", "\n", "\n\n", "\r\n"]).join(lines + pick([[], [], ["nothing"], ["knight"], ["\u00e9 knave, knight"]]))

    def claim(cast):
        out = []
        for i, (n, r) in enumerate(cast):
            if rng.random() < 0.15:
                r = pick(["knight", "knave", "knights", "Knight", "\u212anight", "kn\u0131ght", "kn\u0130ght", "spy", "kna ve"])
            n = pick([n] * 12 + [n.upper(), n.lower(), n + "a", n[:-1], "x" + n, "I\u017fk", "\u00e9" + n])
            out.append(pick(["(%d) %s is a %s"] * 12 + ["(%d) %s  is\na\u00a0%s", "%d %s is %s", "%d %s IS A %s.", "%d %s is a%s", "%d_%s is a %s", "%d %s is a %s_", "%d %s \u0131\u017f a %s"]) % (i + 1, n, r))
        return pick(["\n", ", ", " and ", ""] if rng.random() < 0.3 else ["\n"]).join(out)

    def row():
        cast = [(n, pick(["knight", "knave"])) for n in rng.sample(NAMES, rng.randrange(1, 5))]
        if rng.random() < 0.1:
            cast.append((cast[0][0], pick(["knight", "knave"])))
        truth = gold(cast)
        completions = [pick(TURNS) + pick(FORMS[:3] if rng.random() < 0.6 else FORMS) % claim(cast) for _ in range(4)]
        kwargs = pick([{"solution_text_format": [truth] * 4}, {"ground_truth": [{"solution_text_format": truth, "statements": "x"}] * 4}, {"reward_model": [{"style": "rule", "ground_truth": {"solution_text_format": truth}}] * 4}])
        return {"completions": completions, "kwargs": kwargs, "params": pick([{}, {}, {"format_reward": 2}, {"format_reward": -1}])}

    def call(r):
        k = r["kwargs"]
        truth = k["ground_truth"][0] if "ground_truth" in k else k["reward_model"][0]["ground_truth"] if "reward_model" in k else {"solution_text_format": k["solution_text_format"][0]}
        return [float(score(c, truth, **r["params"])) for c in r["completions"]]

    yield "logicrl.kk", call, [row() for _ in range(o.rows)]
