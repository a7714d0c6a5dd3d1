"""Random rows for open-instruct's verifiers, beside those of texts.py."""

import importlib.util
import json

WORDS = ["Paris", "the", "The", "a", "an", "eiffel", "tower", "x_a", "\u00c9a", "\u03a3\u0391\u03a3", "\u0130n", "1999", "\u00bd", "a-b", ".", "!", "U.S.", "\u2014", "_", "\x1c", "\u00a0", "'s", "\n"]
NUMBERS = ["3", "42", "-7", "+7", "0.5", ".5", "-.5", "1,000", "1,234,567", "1,2,3", "5.", "3.14.15", "1e5", "\u0663", "\u0663,\u0664", "$18", "18%", "x", "", "--4", "1.", "..2"]
MATHS = ["3", "42", "-7", "0.5", "1/2", r"\frac{1}{2}", r"\frac{63}{400}", r"\frac12", r"\dfrac{3}{4}", r"\sqrt{2}", r"\sqrt2", "2.50", "2.5", "1,000", "1000", "(1,2)", "x+1", "1+x", r"\pi", r"50\%", "50", "x=5", "5", "[0,1)",
    r"\text{A}", "3.0", "6", "12 ft", r"5\text{ cm}", "90^\\circ", r"2\sqrt{3}", r"\sqrt{12}", "2^{10}", "1024", "x^2-1", "(x-1)(x+1)", r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", "ab", "ba", "B", "b", "3!", r"\{1,2\}",
    "01/2", "1_0/3", "a/b", "a/2", r"\frac", r"\sqrt", r"10^{-3}", "0.001", r"3\cdot 4", "12", r"2\times 6", r"\frac{x}{2}", "x/2", r"\infty", r"-\frac{1}{2}", r"\frac{-1}{2}", "7x", "x7", "", " ", r"\log 2", r"\sin x", r"|3|", "4-1"]
MATH_FORMS = [r"\boxed{%s}", r"so \boxed{%s}.", r"\boxed %s$ x", r"\fbox{%s}", r"\boxed{%s", "Final Answer: The final answer is %s. I hope it is correct.", "Final Answer: The final answer is $%s$. I hope it is correct.",
    "Final Answer: The final answer is %s", "the answer is $%s$", "$a$ and $%s$.", "$%s", "%s", " %s ", r"Final Answer: The final answer is $%s$. I hope it is correct. \boxed{%s}", r"a \boxed{\boxed{%s}}"]
QUANTIFIERS = ["at least", "at most", "around", "about", None]
SENTENCES = ["Hello there. ", "Mr. Smith e.g. is here! ", "What? ", "A.B. c.", "ALL CAPS words ", "no caps", "* item\n", "- item\n", " * * * ", "\n\n", "\n", "[address]", "[", "]", "<<poem>>", "<<", ">>", "*bold*", "*", "SECTION 1 ", "Section",
    "P.S. bye", "P.S.", "******", ",", '"', "{\"a\": [1, NaN]}", "[1]", "{}", "-Infinity", "\u00df", "\u01c5", "\u0130", "\u03a3", "STRASSE", "stra\u00dfe", "\x1c", "\u2028", "\r", "\u00a0", "\u4e2d\u6587", "my end", "first", "First word", "the THE The", "K9 X_Y A1"]


class OpenInstructTexts:
    def __init__(self, texts):
        self.random = texts.random
        self.texts = texts

    def row(self, completions, gold, params=None, kwargs=None):
        return {"completions": completions, "kwargs": {"ground_truth": gold, **(kwargs or {})}, "params": params or {}}

    def phrase(self, most=4):
        return self.random.choice(["", " "]).join(self.random.choice(WORDS) for _ in range(self.random.randrange(most)))

    def claim(self, golds):
        claim = self.random.choice(golds) if self.random.random() < 0.6 else self.phrase()
        return self.random.choice([claim, claim.upper(), "the " + claim + ".", " " + claim + "\n", claim + " " + self.phrase()])

    def wrapped(self, claim):
        pick = self.random.choice
        text = pick(["%s", "<answer>%s</answer>", "<answer>no</answer><answer>%s</answer>", "<answer>%s", "%s</answer>", "The answer is: %s", "The answer is: no. The answer is:  %s", "<finish>%s</finish>", "<FINISH>%s</finish>",
            "<fin\u0131\u017fh>%s</finish>", "<finish> </finish>", "<finish></finish>%s", "<finish>%s", "<finish>no</finish><finish>%s</finish>"]).replace("%s", claim)
        return pick(["", "", "<|assistant|>", "<|assistant|>\n<think>x</think>", "<think>a</think>", "</think></think>\n"]) + text

    def phrases(self, gold="text"):
        golds = [self.phrase() for _ in range(self.random.randrange(1, 4))]
        truth = golds[0]
        if gold == "list" and self.random.random() < 0.6:
            truth = golds
        if gold == "json":
            value = self.random.choice([golds, golds[:1], golds[0], 5, 1.0, 1e20, 1e-7, True, None, [1.5, "x"], float("inf"), -0.0])
            truth = json.dumps(value) if self.random.random() < 0.8 else golds[0]
            if not isinstance(value, list):
                golds = [str(value)]
            elif value:
                golds = [str(v) for v in value]
        return self.row([self.wrapped(self.claim(golds)) for _ in range(4)], [truth] * 4)

    def numbers(self):
        gold = self.random.choice(NUMBERS)

        def text():
            parts = [gold if self.random.random() < 0.5 else self.random.choice(NUMBERS) for _ in range(self.random.randrange(3))]
            return self.random.choice([" ", "", " and ", "-"]).join(parts)
        return self.row([text() for _ in range(4)], [gold] * 4)

    def maths(self):
        gold = self.random.choice(MATHS)
        texts = []
        for _ in range(4):
            form = self.random.choice(MATH_FORMS)
            for _ in range(form.count("%s")):
                form = form.replace("%s", gold if self.random.random() < 0.4 else self.random.choice(MATHS), 1)
            texts.append(form)
        return self.row(texts, [gold] * 4)

    def lengths(self):
        ids = [[1] * self.random.randrange(120) for _ in range(4)]
        gold = [self.random.choice(["100", "7", " 50 ", "1e2", "0", "33.5", "1_0", "x", ""]) if self.random.random() < 0.05 else str(self.random.randrange(120))] * 4
        return self.row([self.phrase() for _ in range(4)], gold, self.random.choice([{}, {"max_length_verifier_max_length": 50}]), {"completion_ids": ids})

    def thoughts(self):
        pieces = ["<think>", "</think>", "<answer>", "</answer>", "\n", " ", "x", "\x1c", "\u00a0", "</think>\n<answer>"]
        texts = ["".join(self.random.choice(pieces) for _ in range(self.random.randrange(12))) for _ in range(4)]
        return self.row(texts, [""] * 4, self.random.choice([{}, {"reward_scale": 0.5}, {"reward_scale": -2.0}]))

    def sentences(self):
        return "".join(self.random.choice(SENTENCES) for _ in range(self.random.randrange(10)))

    def instruction(self, name=None):
        pick, n = self.random.choice, self.random.randrange(6)
        words = [pick(["the", "caps", "FIRST", "\u0130", "\u03a3", "", "item", "zzz", "stra\u00dfe"]) for _ in range(self.random.randrange(3))]
        quantity = {"N": pick([n, n, 10 * n, float(n)]), "quantifier": pick(QUANTIFIERS[:4])}
        known = {
            "verify_keywords": {"keyword_list": words}, "verify_keyword_frequency": {"word": pick(["the", "item", "K9", "a1"]), "N": n}, "validate_forbidden_words": {"forbidden_words": words},
            "verify_letter_frequency": {"letter": pick(["a", "s", ".", "\u00df", "ab"]), "N": n}, "verify_paragraph_count": {"N": n}, "validate_word_constraint": quantity, "verify_sentence_constraint": quantity,
            "validate_paragraphs": {"N": pick([1, 1, 2, 3]), "first_word": pick(["first", "Hello", ""]), "i": pick([1, 1, 2, 0, -1, 9])}, "verify_postscript": {"postscript_marker": pick(["P.S.", "P.P.S", ""])}, "validate_placeholders": {"N": n},
            "verify_bullet_points": {"N": n}, "validate_title": {}, "validate_choice": {"options": pick([words, ["caps", "Hello"], "ab"])}, "validate_highlighted_sections": {"N": n},
            "validate_sections": {"N": n, "section_splitter": pick(["SECTION", "Section", "\n", ""])}, "validate_json_format": {}, "validate_repeat_prompt": {"original_prompt": pick(["", "Hello", "Hello there. "])}, "validate_two_responses": {},
            "validate_uppercase": {}, "validate_lowercase": {}, "validate_frequency_capital_words": quantity, "validate_end": {"end_phrase": pick(["my end", "", "."])}, "validate_quotation": {}, "validate_no_commas": {},
            "validate_response_language": {"language": pick(["en", "en", "de", "zh-cn", "so", 5])},
        }
        if importlib.util.find_spec("langdetect") is None:
            del known["validate_response_language"]
        name = name or pick(sorted(known))
        given = {"func_name": name, **known[name]}
        spare = {"N": None, "quantifier": None, "keyword_list": None, "letter": None}
        if self.random.random() < 0.5:  # as the data set has them: every argument, most of them null
            given = {**spare, **given}
        if self.random.random() < 0.03:
            given.pop(pick(sorted(given)))
        if self.random.random() < 0.02:
            given[pick(["N", "language", "word"])] = pick([1, "x", 2.5])
        return json.dumps(given)

    def follower(self):
        text = self.sentences()
        return self.random.choice([text, text, text.lower(), text.upper(), '"' + text + '"', "<think>x</think>" + text, "<answer>" + text + "</answer>", "{\"a\": 1}", "[01]", "a ****** b", "My answer is yes."])

    def instructions(self):
        gold = self.instruction()
        return self.row([self.follower() for _ in range(4)], [gold] * 4)

    def sums(self):
        """One or several verifiers of a row, with the settings of RewardConfig."""
        pick = self.random.choice
        form = pick([True, False])
        params = {"apply_r1_style_format_reward": form, "r1_style_format_reward": pick([1.0, 1.0, 0.5]), "apply_verifiable_reward": pick([True, True, True, False]), "verification_reward": pick([10.0, 1.0, 5.0]),
            "additive_format_reward": pick([True, False]), "non_stop_penalty": pick([True, False]), "non_stop_penalty_value": pick([-10.0, 0.0])}
        phrase = self.phrase()
        gold = {"gsm8k": "42", "puzzle": phrase, "string_matcher": phrase, "flan": phrase, "up_to_max_length": "50", "ifeval_old": json.dumps({"func_name": "validate_no_commas"}), "nothing_known": "x", "GSM8K": "42"}
        names = [pick(sorted(gold)) for _ in range(pick([1, 1, 2, 3]))]
        golds = [gold[n] for n in names]
        single = len(names) == 1 and self.random.random() < 0.7
        texts = [pick(["", "<think>a</think>\n"]) + pick(["<answer>%s</answer>", "%s"]) % self.random.choice([phrase, "42", "so, 42", self.phrase()]) for _ in range(4)]
        kwargs = {"dataset": [names[0] if single else names] * 4, "finish_reasons": [pick(["stop", "length"]) for _ in range(4)], "completion_ids": [[1] * self.random.randrange(100) for _ in range(4)]}
        return self.row(texts, [golds[0] if single else golds] * 4, params, kwargs)
