"""Random countdown problems and completions, right ones and nearly right ones."""

FORMS = [
    "x</think>\n<answer>%s</answer>", "x</think>\n<answer>%s</answer>", "</think>\n<answer> %s </answer>\n", "a\nb</think>\n<answer>\n%s\n</answer>", "a </think><answer>%s</answer>",
    "<think>a</think>\n<answer>%s</answer>", "a<think>b</think>\n<answer>%s</answer>", "a</think>b</think>\n<answer>%s</answer>", "a</think>\n<answer>1</answer>\n<answer>%s</answer>", "a</think>\n<answer>%s</answer><answer>2</answer>",
    "<answer>%s</answer>", "<answer>%s", "%s</answer>", "%s", "a</think>\n<answer>%s</answer> so", "a</think>\n<answer>%s</answer>\n\n", "a</think>\n<answer>%s = 3</answer>", "a < b</think>\n<answer>%s</answer>",
    "<answer>\n<answer>%s</answer>", "a</think>\n<answer></answer>\n<answer>%s</answer>", "a</think>\n<answer>%s</answer><|endoftext|>", "a</think>\n<answer>\r%s\x0b</answer>", "a</think>\r\n<answer>%s</answer>",
]
TURNS = ["Assistant: ", "Assistant: ", "User: hi\nAssistant:", "<|im_start|>assistant\n", "<|im_start|>assistant\nAssistant:", "", "Assistant: Assistant: "]


def equation(pick, rng, numbers):
    """An expression over the numbers, or over some of them, perhaps broken."""
    numbers = list(numbers)
    rng.shuffle(numbers)
    if rng.random() < 0.1:
        numbers.append(rng.randrange(12))
    if rng.random() < 0.1:
        numbers.pop()
    text, power = "", False
    for i, n in enumerate(numbers):
        if i:
            op = pick("+++---***//") if rng.random() < 0.85 else pick([" + ", " - ", "//", "**", ".", " ", "+-", "--", "* ", "\t*", "\u00a0+"])
            if "**" in op:
                op, power = ("*" if power else op), True
            text += op
        text += pick(["", "", "", "-", "+"]) * (rng.random() < 0.2) + pick(["%d"] * 12 + ["(%d)", "0%d", "%d.", ".%d", "%d.0", "-%d", "\u0663%d"]) % n
        if rng.random() < 0.2:
            text = "(" + text + ")"
        if rng.random() < 0.03:
            text += pick("()+*/. =x\u00d7^")
    return text


def value(text):
    """What Python makes of a text of digits and operators; None where it cannot."""
    try:
        return eval(text, {"__builtins__": None}, {}) if not text.strip("0123456789+-*/(). ") and text.count("**") < 2 else None
    except Exception:
        return None


def problem(t, form=FORMS):
    """Numbers, a target, and four completions of which some solve it."""
    rng, pick = t.random, t.random.choice
    numbers = [rng.randrange(1, 13) for _ in range(rng.randrange(2, 5))]
    goal = next((v for v in (value(equation(pick, rng, numbers)) for _ in range(9)) if v is not None and not isinstance(v, complex) and abs(v) < 1e6), 10)
    target = goal if goal == int(goal) else rng.choice([int(goal), round(goal), round(goal, 5)])
    target = int(target) if target == int(target) else target
    out = []
    for _ in range(4):
        tries = [equation(pick, rng, numbers) for _ in range(30)]
        hit = [e for e in tries if value(e) is not None and not isinstance(value(e), complex) and abs(value(e) - target) < 0.01]
        text = pick(hit) if hit and rng.random() < 0.7 else tries[0]
        made = pick(form)
        out.append(made.replace("%s", text, 1).replace("%s", tries[1]))
    return numbers, target, out


def columns(t, numbers, target):
    """The problem as TRL hands it on, or as verl's rows have it."""
    if t.random.random() < 0.5:
        return {"nums": [numbers] * 4, "target": [target] * 4}
    return {"ground_truth": [{"numbers": numbers, "target": target}] * 4}


def row(t, turns=None, params=None):
    numbers, target, completions = problem(t)
    if turns:
        completions = [t.random.choice(turns) + c for c in completions]
    return {"completions": completions, "kwargs": columns(t, numbers, target), "params": params or {}}


def given(r):
    """The numbers and the target of a row."""
    k = r["kwargs"]
    truth = k["ground_truth"][0] if "ground_truth" in k else {"numbers": k["nums"][0], "target": k["target"][0]}
    return list(truth["numbers"]), truth["target"]
