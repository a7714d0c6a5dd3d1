"""The reward functions of reasoning-gym: score_answer of its data sets, and the format rewards of its examples."""

import importlib
import json
import sys
import types
from pathlib import Path

import equations
from published import functions_of, module
from reasoninggym_puzzles import Puzzles, entries_of

CHECKOUTS = {"reasoning_gym": "checkout of open-thought/reasoning-gym, with what its pyproject.toml names installed"}
OWN = ["chain_sum", "products", "decimal_chain_sum", "countdown", "puzzle24", "number_sorting", "spell_backward", "word_sorting", "sentence_reordering", "letter_jumble", "palindrome_generation",
       "shortest_path", "mini_sudoku", "sudoku", "futoshiki", "knights_knaves", "propositional_logic", "prime_factorization", "number_format", "rectangle_count", "circuit_logic", "ab", "self_reference",
       "dice", "zebra_puzzles", "family_relationships", "needle_haystack", "path_star",
       "complex_arithmetic", "polynomial_equations", "binary_matrix", "spiral_matrix", "string_insertion", "n_queens", "game_of_life", "game_of_life_halting", "group_anagrams", "palindrome_partitioning",
       "graph_color", "jugs", "arc_agi", "rearc", "kakurasu", "survo", "manipulate_matrix", "pool_matrix", "word_ladder", "cryptarithm", "color_cube_rotation", "figlet_font", "emoji_mystery", "tsumego",
       "quantum_lock", "rush_hour", "tower_of_hanoi", "knight_swap", "sokoban", "rubiks_cube", "boxnet", "calendar_arithmetic", "time_intervals", "fraction_simplification", "coin_flip", "gsm_symbolic",
       "power_function", "decimal_arithmetic", "bitwise_arithmetic", "advanced_geometry", "codeio", "polynomial_multiplication", "simple_integration", "intermediate_integration"]
DEFAULT = ["gcd", "base_conversion", "letter_counting", "caesar_cipher", "count_bits", "basic_arithmetic", "simple_equations"]
NEEDED = ["source_dataset", "numbers", "target", "direction", "sorted_words", "letters", "matrix", "solution", "variables", "premises",
          "result", "valid_answers", "puzzle", "output", "row_sums", "col_sums", "n_rows", "n_cols", "board_size", "start_word", "end_word", "words_letters", "result_letters", "allow_leading_zero",
          "initial_value", "target_value", "initial_state", "buttons", "board_config", "num_disks", "num_pegs", "start_peg", "target_peg", "solution_length", "board", "pieces", "start_turn", "is_possible",
          "gamestr", "cube_size", "scramble_moves", "task", "task_type", "numerator", "denominator", "simplified_numerator", "simplified_denominator", "problem", "ortho", "incircle_radius_exact",
          "integrand", "variable"]
ROLES = ["knight", "knave", "pioneer", "laggard", "saint", "sinner", "hero", "villain", "angel", "devil", "altruist", "egoist", "sage", "fool"]


class Answers:
    """Answers near the right ones."""

    def __init__(self, t):
        self.rng, self.pick = t.random, t.random.choice

    def near(self, entry):
        """The answer, or it with something changed."""
        rng, pick = self.rng, self.pick
        text = str(entry["answer"])
        for _ in range(pick([0, 1, 1, 2])):
            at = rng.randrange(len(text) + 1)
            words = text.split(" ")
            text = pick([
                text, text.upper(), text.lower(), text.title(), " " + text, text + ".", "the " + text, text + " " + text, text[:at] + text[at + 1:], text[:at] + pick("019xA ,.\n") + text[at:],
                text.replace(" ", "  "), text.replace(" ", "\n"), text.replace("\n", " "), text.replace("\n", "\u00a0\n"), " ".join(rng.sample(words, len(words))), " ".join(words[1:]), text[::-1], "", "x" * len(text)])
        return text

    def number(self, entry):
        rng, pick = self.rng, self.pick
        text = str(entry["answer"])
        for _ in range(pick([0, 1, 1, 2])):
            text = pick([text, "+" + text, "0" + text, text + ".0", text + ".", text + "e0", text[:1] + "_" + text[1:], text[:1] + "," + text[1:], "$" + text, text + "0", text + " or 7", "-" + text, "1e400", "inf", "NaN", "",
                         text.translate({48 + i: 0x660 + i for i in range(10)}), text + "\u00a0", "1" + text, text + "e" + pick(["-1", "+1", "00", "9" * 30]), str(rng.randrange(-5, 9)), text + "1"])
        return text

    def equation(self, entry):
        rng, pick = self.rng, self.pick
        numbers = entry["metadata"].get("numbers") or [rng.randrange(1, 11) for _ in range(4)]
        if rng.random() < 0.4:
            text = entry["answer"]
        else:
            text = equations.equation(pick, rng, numbers[: rng.randrange(1, 1 + len(numbers))])
            if text.count("**") and max(numbers) > 12:
                text = text.replace("**", "*")
        a = pick(numbers)
        if rng.random() < 0.35:
            text = pick([
                "%s # so %d", "%s\n", "(%s\n)", "%s\n+%d", "# it is\n%s", "%s = %d", "%s == %d", "%s != %d", "sqrt(%s)", "sqrt(%d)*sqrt(%d)+%s", "%s!", "(%s)%%7", "(%s)//3", "(%s)^%d", "%s+0*%d", "%s*1.0", "abs(%s)", "Abs(-(%s))",
                "$%s$", "%s.", "x=%s", "%s*x", "pi+%s", "(%s)/0", "0/0+%s", "(%s)/(1/0)", "%d!-(%s)", "4!!+(%s)", "factorial(4)+%s", "%s+1e-7", "%s+.000001", "(%s)*1.000001", "%s+0x10", "1_0+%s", "[%s]", "True", "None", "(%s)**-1",
                "(%s)**(1/2)", "(%s)**0.5", "%s+007", "%s and", "%s, 3", "\u00d7%s", "%s \u2212 3", "(-(%s))**(1/3)", "0**(%s)", "%s\r\n", "E+%s", "-%s%%5", "%s%%0", "5//(%s)", "9**(1/2)+%s", "8**(2/3)*%s", "-8/3+%s", "(%s)/7*7"])
            text = text.replace("%s", entry["answer"] if rng.random() < 0.5 else str(a), 1).replace("%d", str(a)).replace("%%", "%")
        return text

    def numbers(self, entry):
        rng, pick = self.rng, self.pick
        values = json.loads(entry["answer"].replace("'", '"'))
        if rng.random() < 0.7:
            k = rng.randrange(len(values))
            values[k] = pick([str(float(values[k]) + pick([0.5, 1, -1, 1.5, 0])), float(values[k]), "nan", float("nan"), float("inf"), "x", None, True, [1], {"a": 1}, values[k - 1], 10**400, "1_0", 1e400, "\u0663", " 4 "])
        if rng.random() < 0.2:
            values = [pick([float("nan"), "NaN", v]) for v in values]
        if rng.random() < 0.2:
            rng.shuffle(values)
        text = str(values) if rng.random() < 0.4 else json.dumps(values)
        if rng.random() < 0.2:
            text = pick([text[:-1], text + "]", text + " ", "\n" + text, "a" + text, text + ",", text.strip("[]"), "NaN", "{}", '{"a":[1]}', "", "[]", text.replace(",", ",,"), text + " x"])
        return text

    def roles(self, entry):
        rng, pick = self.rng, self.pick
        words = entry["answer"].split(" ")
        for _ in range(pick([0, 0, 1, 2])):
            k = rng.randrange(len(words))
            words[k] = pick([pick(ROLES), pick(ROLES).upper() + ".", "and", "a", "(" + words[k] + ")", words[k] + ",", "", words[k] + "\n", "x", "is"])
        return pick([" ".join(words)] * 4 + [" ".join(words[4:]), " ".join(words) + " " + " ".join(words), "and and " + " ".join(words)])

    def formula(self, entry, depth=0):
        rng, pick = self.rng, self.pick
        if depth == 0 and rng.random() < 0.3:
            return pick([entry["metadata"]["example_answer"], pick(entry["metadata"]["premises"]), "", "()", "hello", "P \u2227", "\u00acP\u2228Q)", ") P (", "(P", "p", "P Q", "\u00ac\u00acP", "(P) (Q)", "((P))", " P \u2192 P", "\u00ac", "P \u2194 \u00ac P", "(P\u2227Q)\u2228(\u00acP)"])
        if depth > 3 or rng.random() < 0.25:
            return pick(entry["metadata"]["variables"] if rng.random() < 0.95 else ["Z", "q", "PQ"])
        op = pick("\u2227\u2228\u2192\u2194\u00ac")
        if op == "\u00ac":
            return op + pick(["", " ", "("] if rng.random() < 0.1 else [""]) + self.formula(entry, depth + 1)
        inside = self.formula(entry, depth + 1) + pick(["", " "]) + op + pick(["", " "]) + self.formula(entry, depth + 1)
        return "(" + inside + ")" if rng.random() < 0.6 else inside


def functions(o, t):
    """Yields for each function its name here, a function of a row, and rows."""
    rng, pick = t.random, t.random.choice
    sys.path.insert(0, str(Path(o.reasoning_gym).resolve()))
    gym = importlib.import_module("reasoning_gym")
    extract = importlib.import_module("reasoning_gym.utils").extract_answer
    a = Answers(t)
    kinds = {**Puzzles(t, a.near).kinds(), "countdown": a.equation, "puzzle24": a.equation, "number_sorting": a.numbers, "knights_knaves": a.roles, "propositional_logic": a.formula,
             **{n: a.number for n in ["chain_sum", "products", "decimal_chain_sum", "number_format", "rectangle_count", "gcd", "self_reference", "prime_factorization"]}}
    forms = ["<answer>%s</answer>"] * 6 + ["<think>a</think>\n<answer>\n%s\n</answer>", "<answer>x</answer> <answer> %s </answer> b", "<answer>%s", "%s", "<answer><answer>%s</answer>"]
    sets = {}

    def entry_of(name):
        if name not in sets:
            if name in ("group_anagrams", "figlet_font"):  # their data files are not in the checkout's repository
                data = object.__new__(importlib.import_module("reasoning_gym.factory").DATASETS[name][0])
            else:
                data = gym.create_dataset(name, size=30, seed=o.seed)
            sets[name] = data, entries_of(name, data, {"futoshiki": 3, "knight_swap": 4, "rearc": 8, "intermediate_integration": 10}.get(name, 30))  # these take long to make
        item = dict(pick(sets[name][1]))
        full = item["metadata"]
        item["metadata"] = {k: full[k] for k in NEEDED if k in full}
        claims = [kinds.get(name, a.near)({**item, "metadata": full}) for _ in range(4)]
        return json.loads(json.dumps(item, default=str)), claims

    def row(name):
        item, claims = entry_of(name)
        completions = [pick(forms).replace("%s", c) for c in claims]
        if name == "prime_factorization":  # other answers make it fail
            completions = [c if extract(c) is None or all(f.strip().isdigit() or not f.strip() for f in extract(c).split("\u00d7")) else "" for c in completions]
        whole = pick([{"item": [item] * 4}, {"metadata": [item] * 4}, {"answer": [item["answer"]] * 4, "metadata": [item["metadata"]] * 4}])
        return {"completions": completions, "kwargs": whole, "params": {}}

    def item_of(r):
        k = r["kwargs"]
        given = k["item"][0] if "item" in k else k["metadata"][0]
        return given if "metadata" in given else {"answer": k["answer"][0], "metadata": given}

    def score(r, function="score_answer"):
        item = item_of(r)
        if "output" in item["metadata"]:  # a tuple of tuples where it was made
            item = {**item, "metadata": {**item["metadata"], "output": tuple(map(tuple, item["metadata"]["output"]))}}
        out = []
        for c in r["completions"]:
            try:
                out.append(float(getattr(sets[item["metadata"]["source_dataset"]][0], function)(extract(c), item)))
            except Exception:  # some fail on some answers: no score
                out.append(None)
        return out

    many = max(1, o.rows // 4)
    for name in OWN:
        if o.only in "reasoninggym." + name:  # making the others' rows takes minutes
            yield "reasoninggym." + name, score, [row(name) for _ in range(many)]
    if o.only in "reasoninggym.default":
        yield "reasoninggym.default", score, [row(pick(DEFAULT)) for _ in range(o.rows)]
    if o.only in "reasoninggym.accuracy":
        yield "reasoninggym.accuracy", score, [row(pick(OWN + DEFAULT)) for _ in range(many)]

    if o.only in "reasoninggym.cascade" and importlib.util.find_spec("math_verify"):
        def lenient():
            """Answers in LaTeX, or a little beside the right ones."""
            r = row(pick(["chain_sum", "gcd", "decimal_arithmetic", "spell_backward", "dice", "letter_counting", "simple_equations", "number_format", "basic_arithmetic"]))
            gold = str(item_of(r)["answer"])
            shapes = ["\\(%s\\)", "\\text{%s}", "\\mathrm{%s}", "$%s$", "\\[%s\\]", "$$ %s $$", "\\, %s \\,", "\\boxed{%s}", "x = %s", "%s \\\\ ", "~%s", "\\frac{%s}{1}", "%s\\%%", "\\text{ %s } cm", "%s.004", "%s1", "%s + 0.001", "{%s}", "\\(%s\\) and \\(3\\)", "%s e0", "\\sqrt{%s}"]
            r["completions"] = [c if rng.random() < 0.3 else "<answer>" + pick(shapes).replace("%%", "%").replace("%s", pick([gold, gold, gold.upper(), gold.title(), "7"])) + "</answer>" for c in r["completions"]]
            return r
        yield "reasoninggym.cascade", lambda r: score(r, "score_answer_cascade"), [lenient() for _ in range(many)]

    training = module(Path(o.reasoning_gym, "training/rewards/reward.py"))
    form = training.compute_format_reward

    def trainer(r):
        """_score_output of the trainer, without its tensors."""
        p, out = r["params"], []
        for completion, correctness in zip(r["completions"], score(r)):
            total = correctness if p.get("use_accuracy", True) else 0
            for s in p["secondary_rewards"]:
                more = {"cosine": {"is_correct": correctness == 1.0}, "length": {"correctness_score": correctness}}.get(s["name"], {})
                total += training.reward_registry.get(s["name"])(completion, s.get("scaling_factor", 1.0), **more, **s.get("kwargs", {}))
            out.append(total)
        return out

    def secondary(name):
        scale = {} if rng.random() < 0.3 else {"scaling_factor": pick([0.2, 0.3, 1.0, -1.0])}
        kwargs = {"format": [{}, {"preappend_thinking_token": True}], "length": [{}, {"max_score": 2.0}, {"max_output_length": 50}], "cosine": [{}]}[name]
        return {"name": name, **scale, "kwargs": pick(kwargs)}

    def trained(params):
        r = row(pick(["chain_sum", "gcd", "spell_backward", "tsumego", "figlet_font", "word_sorting"]))
        r["completions"] = [pick(["", "<think>a</think>", "<think>%s</think>\n" % ("step. " * rng.randrange(400))]) + c for c in r["completions"]]
        return {**r, "params": params}

    def flat(s):
        return {**{k: v for k, v in s.items() if k == "scaling_factor"}, **s["kwargs"]}

    def alone(name):
        return lambda r: trainer({**r, "params": {"use_accuracy": False, "secondary_rewards": [{"name": name, "scaling_factor": r["params"].get("scaling_factor", 1.0), "kwargs": {k: v for k, v in r["params"].items() if k != "scaling_factor"}}]}})

    for name in ["cosine", "length"]:
        if o.only in "reasoninggym." + name:
            yield "reasoninggym." + name, alone(name), [trained(flat(secondary(name))) for _ in range(o.rows)]
    if o.only in "reasoninggym.reward":
        yield "reasoninggym.reward", trainer, [trained({**pick([{}, {"use_accuracy": False}, {"use_accuracy": True}]), "secondary_rewards": [secondary(pick(["format", "length", "cosine"])) for _ in range(pick([0, 1, 2, 3]))]}) for _ in range(o.rows)]
    tags = functions_of(Path(o.reasoning_gym, "examples/trl/grpo.py"), ["CustomGRPOTrainer"], {"GRPOTrainer": object}).CustomGRPOTrainer._format_reward

    def parts():
        r = t.row(pick([{}, {"scaling_factor": 1.0}, {"preappend_thinking_token": True}]))
        r["completions"] = [pick(["%s", "x%s", " \n%s", "a</think>%s"]).replace("%s", c[0]["content"] if rng.random() < 0.4 else pick(["<think>a</think>", "a</think>", "<think></think></think>", "<think><think>a</think>", "<think>a<answer></think>"]) + pick(["", "\n", " ", "b", "</answer>"]) + pick(["<answer>b</answer>", "<answer></answer>c", "<answer>b</answer><answer>", "<answer>b", "<answer><think></answer>", "<answer>b</answer><think>c</think>"])) for c in r["completions"]]
        return r
    yield "reasoninggym.format", lambda r: [form(c, **r["params"]) for c in r["completions"]], [parts() for _ in range(o.rows)]
    yield "reasoninggym.tag_count", lambda r: tags(types.SimpleNamespace(), r["completions"]), [{**parts(), "params": {}} for _ in range(o.rows)]
    unsloth = functions_of(Path(o.reasoning_gym, "examples/unsloth/train_grpo_lora.py"), ["GRPOTrainerCustom"], {"GRPOTrainer": object}).GRPOTrainerCustom._format_reward

    def closed():
        r = {**parts(), "params": {}}
        r["completions"] = [pick([c, "<think>%s</think>%s<answer>%s</answer>%s" % (pick(["a", "", "a<b", "<think>", "</think>", "x</thinkk>\n", "<answer>"]), pick(["\n", "\n", "", "\n\n"]), pick(["b", "", "</answer>", "<answer>\n"]), pick(["", "", "\n", "\n\n", "c"]))]) for c in r["completions"]]
        return r
    yield "reasoninggym.unsloth_format", lambda r: unsloth(types.SimpleNamespace(), r["completions"]), [closed() for _ in range(o.rows)]
