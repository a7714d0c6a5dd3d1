"""Random texts made of the pieces that published reward functions look for."""

import json
import random

PIECES = [
    "<think>", "</think>", "<answer>", "</answer>", "<think>\n", "\n</think>\n<answer>\n", "\n</answer>", "\n", "\n", "\n", " ", "x",
    "Step 1:", "Step 22 :", "1.", "- a", "\n-", "\n*", "First,", "Second,", "Next,", "Finally,", "the cat", "THE Cat", "\u0130", "\u03a3",
    "\u0391\u03a3", "```python\n", "```", "```c++\n", "\x1c", "\u00a0", "\u00e9", "\u8ba1\u7b97", "a b a b a b",
    "\r\n", "\f", "\x00", "\u2028", "\u200b", "\u0301", "\U0001f600", "Step \u0663:", "\u0663.", "\r-", "\r\n</think>\r\n", "<THINK>",
]


# Answers in the forms that verification must tell apart.
ANSWERS = [
    "3", "42", "-7", "0.5", "1/2", r"\frac{1}{2}", r"\frac{63}{400}", r"\frac{64}{400}", r"\frac12", r"\sqrt{2}", "2.50", "1,000",
    r"\{1,2\}", "(1,2)", "x+1", "1+x", r"\pi", r"50\%", "10", "forty two", r"2\sqrt{3}", r"\sqrt{12}", "x=5", "5", "[0,1)", r"\text{A}", "3.0", "6",
]
GOLDS = ["%s", "%s", "$%s$", r"\boxed{%s}", "The answer is $%s$.", "$%s$", r"\boxed{\frac{} and $%s$", "\u3000%s"]
CLAIMS = [
    r"\boxed{%s}", r"so \boxed{%s}.", r"<think>a</think> \boxed{%s}", "The final answer is $%s$", "answer: $%s$", "$%s$", "%s",
    "</think> the answer is %s", r"\boxed{%s} and more", r"\[ %s \]", r"\boxed{%s",
    r"$2+2=\boxed{%s}$", r"$\boxed{%s}$", r"\[ x = \boxed{%s} \]", r"\[ \boxed{%s}. \]", r"$a=b=\boxed{%s}$", r"$\boxed{%s}\text{ cm}$", "\u00a0answer:\u2028$%s$",
]


VERL_ANSWERS = ANSWERS + ["42.", "$42", "1/2.", r"\dfrac34", r"\tfrac{1}3", r"\frac1", "-1/2", "01/2", "1_0/3", r"5\text{ cm}", r"\text{ a}\text{ b}", "k=3", "abc=3", ".5", "0.5",
    r"\sqrt", r"\sqrt3", "x=", "$5$", r"\$5", "1{,}000", "12 square units", r"\textbf{7}", r"\overline{3}", r"\boxed{2}", r"90^\circ", r"90^{\circ}", "\u00b2", "a cat", r"3\ 4", "{.5}", ""]
VERL_CLAIMS = ["#### %s", "#### %s.", "####%s", "%s #### %s", "the answer is %s", r"\boxed{%s}", r"\boxed %s$ x", r"\boxed %s", r"\fbox{%s}", r"\boxed{%s", r"a \boxed{\boxed{%s}}", "Answer: %s", "answer :\u3000%s\nx",
    "AN\u017fWER: %s", "Answer: $%s$ or $%s$", r"\boxed{%s} Answer: %s", "Answer:\n%s", r"Answer: \boxed{%s}.", "%s", "<think>%s</think>\n#### %s"]


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def join(self, most):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(most)))

    def completion(self):
        text = self.join(14)
        if self.random.random() < 0.4:
            text = "<think>\n" + text + "\n</think>\n<answer>\n" + self.join(6) + "\n</answer>" + self.join(3)
        return [{"role": "assistant", "content": text}]

    def row(self, params=None, kwargs=None):
        return {"completions": [self.completion() for _ in range(4)], "kwargs": kwargs or {}, "params": params or {}}

    def chinese(self, params, many):
        """Chinese and other words, joined in any way, and texts that jieba might trip over."""
        words = ["\u6211", "\u6765\u5230", "\u5317\u4eac", "\u6e05\u534e\u5927\u5b66", "\u8ba1\u7b97", "\u5c0f\u660e\u7855\u58eb\u6bd5\u4e1a", "\u7684", "\uff0c", "\u3002", "\u7b2c\u4e00\u6b65", "\u5f97\u5230", "42", "3.14", "50%", "the cat", "C++", "x_1", " ", "\n", "\r\n",
            "\u3400", "\u9fff", "\U00020000", "\u304b\u306a", "\ud55c\uad6d", "\u00e9", "\u0301", "\U0001f600", "\x00", "\x1c", "\u00a0", "<think>", "\\boxed{2}", "\u4e00" * 40, "a" * 200, "#", "&&", "\u2028", "\ufeff", "\u0130"]

        def text():
            part = "".join(self.random.choice(words) for _ in range(self.random.randrange(8)))
            return part * self.random.choice([1, 1, 2, 3])
        return {"completions": [[{"role": "assistant", "content": text()}] for _ in range(many)], "kwargs": {}, "params": params}

    def answers(self, params=None):
        """Four completions that claim the gold half of the time."""
        gold = self.random.choice(ANSWERS)
        claims = [gold if self.random.random() < 0.5 else self.random.choice(ANSWERS) for _ in range(4)]
        row = self.row(params, {"solution": [self.random.choice(GOLDS) % gold] * 4, **self.long_ids()})
        row["completions"] = [[{"role": "assistant", "content": self.random.choice(CLAIMS) % c}] for c in claims]
        return row

    def verl(self, params=None):
        """Four completions that claim the gold half of the time, some of them long."""
        gold = self.random.choice(VERL_ANSWERS)
        row = self.row(params, {"solution": [gold] * 4})
        row["completions"] = []
        for _ in range(4):
            form = self.random.choice(VERL_CLAIMS)
            claims = tuple(gold if self.random.random() < 0.6 else self.random.choice(VERL_ANSWERS) for _ in range(form.count("%s")))
            pad = "\u00e9 " * self.random.choice([0, 0, 3, 140, 160])
            row["completions"].append((pad if self.random.random() < 0.5 else "") + form % claims + (pad if self.random.random() < 0.3 else ""))
        return row

    def search(self, params=None):
        """Claims between answer tags, beside gold answers as verl keeps them."""
        words = ["Paris", "the", "The", "a", "an", "eiffel", "tower", "x_a", "\u00c9a", "\u03a3\u0391\u03a3", "\u0130n", "1999", "\u00bd", "a-b", ".", "!", "U.S.", "\u2014", "\u0301", "_", "\x1c", "\u00a0", "'s", "\u2019"]

        def phrase():
            return self.random.choice(["", " "]).join(self.random.choice(words) for _ in range(self.random.randrange(4)))
        golds = [phrase() for _ in range(self.random.randrange(1, 4))]
        truth = {"target": golds if self.random.random() < 0.8 else golds[0]}
        row = self.row(params, {"ground_truth": [truth] * 4})
        row["completions"] = []
        for _ in range(4):
            claim = self.random.choice(golds) if self.random.random() < 0.6 else phrase()
            claim = self.random.choice([claim, claim.upper(), "the " + claim + ".", " " + claim + "\n", claim + " " + phrase()])
            text = self.random.choice(["<answer>%s</answer>", "x <answer>%s</answer> y", "<answer>no</answer><answer>%s</answer>", "<answer><answer>%s</answer>", "<answer>%s", "%s</answer>", "%s"]) % claim
            row["completions"].append("<answer>" * self.random.choice([0, 0, 1, 12]) + text + "</answer>" * self.random.choice([0, 0, 0, 12]))
        return row

    def tools(self, params=None):
        """Tool calls beside a gold answer's, in and out of form."""
        pick = self.random.choice

        def value():
            return pick([0, 1, 1.0, True, None, "a", "b", [1, "a"], {"x": 1}, 10**20, 0.1])

        def call():
            tool = {"name": pick(["get", "get", "put", 1, True]), "parameters": {pick("abc"): value() for _ in range(self.random.randrange(3))}}
            if self.random.random() < 0.05:
                tool.pop(pick(["name", "parameters"]))
            if self.random.random() < 0.05:
                tool["parameters"] = value()
            return tool

        def part(calls):
            return "<tool_call>\n" + "\n".join(json.dumps(c) for c in calls) + "\n</tool_call>"

        gold_calls = [call() for _ in range(self.random.randrange(1, 4))]
        parts = pick([["think", "call"], ["think", "call", "reply"], ["think", "reply"], ["think"]])
        text = {"think": "<think>a\nb</think>", "call": part(gold_calls), "reply": "<response>hi</response>"}
        row = self.row(params, {"ground_truth": ["\n".join(text[p] for p in parts)] * 4})
        row["completions"] = []
        for _ in range(4):
            calls = [c for c in gold_calls if self.random.random() < 0.8] + [call() for _ in range(pick([0, 0, 1]))]
            self.random.shuffle(calls)
            text["call"] = part(pick([gold_calls, calls]))
            mine = "\n".join(text[p] for p in (parts if self.random.random() < 0.7 else pick([["call"], ["think", "call", "call"], ["think", "reply"], []])))
            if self.random.random() < 0.1:
                mine = mine.replace("}", "", 1)
            if self.random.random() < 0.3:
                mine = "<|im_start|>assistant\n" + mine + "<|im_end|>\n"
            row["completions"].append(mine)
        return row

    def long_ids(self):
        return {"completion_ids": [[1] * self.random.randrange(120) for _ in range(4)]}

    def ids(self):
        return {"completion_ids": [[self.random.randrange(4) for _ in range(self.random.randrange(12))] for _ in range(4)]}
