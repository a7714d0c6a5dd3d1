"""Random rows for open-instruct's IFEvalG: of each instruction about as many completions that follow it as that do not."""

import json

WORDS = "apple the river stone I we sun quick Mr. Dr. e.g. U.S. level noon Anna run-on well-known x can't don't O'Neil 3.5 1,000 www.site.com Ph.D. A.B. J. NASA OK HTML_5 Stra\u00dfe \u00c9t\u00e9 \u0130n \u03a3\u0391\u03a3 na\u00efve \u4e2d\u6587 \u00bd iOS".split(" ")
PLAIN = "apple river stone quick sun green tree light small house water window garden music paper winter".split(" ")
ENGLISH = ["This is a simple sentence about the weather", "I would like to tell you more about my favourite garden", "The river runs through the old town and into the sea", "Please write an email to your manager today", "they went home because it was late"]
FOREIGN = {
    "de": "Das ist ein einfacher Satz \u00fcber das Wetter und die Stadt", "fr": "Ceci est une phrase simple sur le temps qu'il fait", "es": "Esta es una frase sencilla sobre el tiempo y la ciudad", "it": "Questa \u00e8 una frase semplice sul tempo e sulla citt\u00e0",
    "pt": "Esta \u00e9 uma frase simples sobre o tempo e a cidade, n\u00e3o \u00e9", "ru": "\u042d\u0442\u043e \u043f\u0440\u043e\u0441\u0442\u043e\u0435 \u043f\u0440\u0435\u0434\u043b\u043e\u0436\u0435\u043d\u0438\u0435 \u043e \u043f\u043e\u0433\u043e\u0434\u0435", "ja": "\u3053\u308c\u306f\u5929\u6c17\u306b\u3064\u3044\u3066\u306e\u6587\u3067\u3059", "ko": "\uc774\uac83\uc740 \ub0a0\uc528\uc5d0 \uad00\ud55c \ubb38\uc7a5\uc785\ub2c8\ub2e4", "hi": "\u092f\u0939 \u092e\u094c\u0938\u092e \u0915\u0947 \u092c\u093e\u0930\u0947 \u092e\u0947\u0902 \u090f\u0915 \u0935\u093e\u0915\u094d\u092f \u0939\u0948", "fi": "T\u00e4m\u00e4 on yksinkertainen lause s\u00e4\u00e4st\u00e4",
}
SIGNS = [". ", "! ", "? ", ", ", "\n", "\n\n", "...", " - ", ": ", "; ", '"', "'", " ", "  ", "\t", "\u00a0", "\x1c", "\u201d ", "\u2019s ", "(", ") ", "*", "**", "***", "******", "\u2014", "#", "&", "@", "<<", ">>", "[", "]", "- ", "* ", "`"]
ODD = ["c++", "a|b", "(ab)", "a.c", r"\w+", "[", "*x", "x*", "a{2}", "(?i)A", "(?=x)", "\u017f", "\u0131", "K", "\u03c3", "stra\u00dfe", "what?", "$5", "^The", "end$", r"\bsun\b", "(a)(b)", "", " ", "."]


class IFEvalTexts:
    def __init__(self, texts):
        self.random = texts.random

    def words(self, least=0, most=8, of=WORDS):
        return [self.random.choice(of) for _ in range(self.random.randint(least, most))]

    def prose(self, most=12):
        parts = []
        for _ in range(self.random.randrange(most)):
            parts.append(self.random.choice(WORDS if self.random.random() < 0.7 else PLAIN))
            parts.append(" " if self.random.random() < 0.6 else self.random.choice(SIGNS))
        return "".join(parts)

    def sentence(self, least=2, most=6, of=PLAIN):
        return " ".join(self.words(least, most, of)).capitalize() + self.random.choice([".", ".", ".", "!", "?", "..."])

    def near(self, n):
        """A small number about n."""
        return max(0, n + self.random.choice([0, 0, 0, -1, 1]))

    def number(self, n):
        """n, as kwargs hold it, now and then otherwise."""
        return self.random.choice([n] * 20 + [float(n), n + 0.5, str(n), -1, None, True, [n]])

    def keyword(self):
        return self.random.choice(PLAIN + WORDS) if self.random.random() < 0.85 else self.random.choice(ODD)

    def relation(self):
        return self.random.choice(["less than", "at least"] * 10 + ["at most", None])

    def mixed(self, pieces, least=0, most=6):
        """Those pieces among prose."""
        return "".join(self.random.choice([self.prose(3), " ", "\n", ""]) + p for p in (self.random.choice(pieces) for _ in range(self.random.randint(least, most)))) + self.prose(3)

    def edited(self, text):
        """The text, or the text with one change."""
        if self.random.random() < 0.6 or not text:
            return text
        at = self.random.randrange(len(text))
        return self.random.choice([text[:at] + text[at + 1:], text[:at] + self.random.choice(SIGNS + WORDS) + text[at:], text + " " + self.random.choice(WORDS), text.upper(), text[at:], text.replace(" ", "  ", 1)])

    def case(self, name):
        """Arguments of an instruction, and a function that makes completions."""
        pick, n = self.random.choice, self.random.randint(1, 5)
        word = self.keyword()
        few = lambda: " ".join(self.words(1, 5))  # noqa: E731
        times = lambda w: self.mixed([w, w.upper(), w.capitalize(), w + "s", w], 0, n + 2)  # noqa: E731
        if name == "keywords:existence":
            words = pick([[self.keyword() for _ in range(pick([1, 1, 2, 3]))], "ab", [], None, ("sun",), ["sun", 5]] if self.random.random() < 0.1 else [[self.keyword() for _ in range(pick([1, 1, 2]))]])
            return {"keywords": words}, lambda: self.mixed([str(w) for w in words or [""]] + WORDS[:2], 1, 5)
        if name == "keywords:forbidden_words":
            words = [self.keyword() for _ in range(pick([1, 2, 3]))]
            return {"forbidden_words": words}, lambda: self.mixed([pick(words)] + PLAIN, 1, 4)
        if name in ("keywords:frequency", "keywords:word_count_different_numbers"):
            return {"keyword": word, "frequency": self.number(n), "relation": self.relation()}, lambda: times(word)
        if name == "keywords:word_once":
            return {"keyword": pick([word] * 20 + [None, " " + word, 5])}, lambda: self.mixed([word, word.upper()], 0, 3) + " " + " ".join(self.words(0, 3, PLAIN))
        if name == "count:count_increment_word":
            other = self.keyword()
            return {"keyword1": word, "keyword2": other}, lambda: " ".join([word] * self.near(1) + [other] * self.near(2) + self.words(0, 2))
        if name == "keywords:exclude_word_harder":
            return {"keyword": pick([word] * 20 + [None]), "instruction": pick([None, None, "Write it."])}, lambda: self.mixed([" " + word + " ", word, word + "."], 0, 3)
        if name == "keywords:no_adjacent_consecutive":
            return {}, lambda: pick([" ", "\n"]).join(pick(["apple", "Bee", "cat", "A", "zoo", "\u0130x", "m", "Moon", "\u00e9", "1", "yes"]) for _ in range(self.random.randrange(6)))
        if name == "keywords:palindrome":
            return {}, lambda: " ".join(self.words(1, 4, pick([PLAIN, PLAIN, WORDS])))
        if name == "keywords:start_end":
            return {}, lambda: pick([word, word.upper(), '"' + word, word + "."]) + " " + self.prose(4) + " " + pick([word, word + ".", word, few()])
        if name == "keywords:keyword_specific_position":
            m = self.random.randint(1, 4)

            def position():
                cut = [self.words(3, 6, PLAIN) for _ in range(n + pick([0, 0, 1, -1]))]
                if len(cut) >= n:
                    cut[n - 1][min(self.near(m) - 1, 2)] = word
                return " ".join(" ".join(c) + pick([".", "!", ".", "..."]) for c in cut)
            return {"keyword": pick([word] * 10 + [[word], [], None]), "n": self.number(n), "m": self.number(m)}, position
        if name == "length_constraints:number_sentences":
            return {"num_sentences": self.number(n), "relation": self.relation()}, lambda: " ".join(self.sentence(1, 4, pick([PLAIN, WORDS])) for _ in range(self.near(n)))
        if name == "length_constraints:number_words":
            return {"num_words": self.number(4 * n), "relation": self.relation()}, lambda: pick([" ", "-", "  ", ", "]).join(self.words(0, 8 * n))
        if name in ("length_constraints:number_paragraphs", "paragraphs:paragraphs"):
            args = {} if name == "paragraphs:paragraphs" else {"num_paragraphs": self.number(n)}
            goal = 2 if name == "paragraphs:paragraphs" else n
            return args, lambda: pick(["", "", "***\n"]) + pick(["\n***\n", " *** ", "***", "\u00a0***\x1c", "\n\n***\n\n", "****"]).join(pick([few(), few(), few(), "", " "]) if self.random.random() < 0.3 else few() for _ in range(self.near(goal))) + pick(["", "", "\n***"])
        if name == "paragraphs:paragraphs2":
            return {}, lambda: pick(["", "", "\n\n"]) + pick(["\n\n", "\n\n", "\n\n\n", "\n \n", "\n\n\n\n"]).join(few() for _ in range(self.near(2))) + pick(["", "\n\n"])
        if name == "length_constraints:nth_paragraph_first_word":
            at = self.random.randint(1, n)
            return {"num_paragraphs": self.number(n), "nth_paragraph": self.number(at), "first_word": pick([word] * 15 + [word.upper(), None, 5])}, lambda: pick(["\n\n", "\n\n", "\n\n\n\n", "\n\n\n"]).join(pick([word, word.capitalize(), "'" + word, '"' + word + '"', word + ",", few()]) + " " + few() for _ in range(n if self.random.random() < 0.8 else self.near(n)))
        if name == "count:counting_composition":
            m = self.random.randint(2, 4)
            return {"n_sent": self.number(n), "n_words": self.number(m)}, lambda: pick(["", "", "", "*** "]) + pick([" *** ", "\n***\n"]).join(" ".join(" ".join(self.words(m - 1, m - 1, PLAIN)) + "." for _ in range(n if self.random.random() < 0.95 else self.near(n))) for _ in range(3 if self.random.random() < 0.9 else 2))
        if name == "count:count_unique":
            return {}, lambda: pick([" ", " ", ", "]).join(self.words(1, 5)) + pick(["", "."])
        if name == "count:lowercase_counting":
            return {"N": self.number(n)}, lambda: " ".join(pick([w, w.upper(), w.capitalize()]) for w in self.words(n, 3 * n))
        if name == "detectable_content:number_placeholders":
            return {"num_placeholders": self.number(n)}, lambda: self.mixed(["[address]", "[", "]", "[]", "[a\nb]", "[x] [y]"], 0, n + 2)
        if name == "detectable_content:postscript":
            marker = pick(["P.S.", "P.P.S", "P.P.S.", "PS:", "Note", "N.B.", "(", " P.S. ", None, 5] if self.random.random() < 0.5 else ["P.S.", "P.P.S"])
            return {"postscript_marker": marker}, lambda: self.prose(4) + pick(["\n", "", " "]) + pick(["P.S. bye", "p.s. x", "P. S. x", "P.P.S", "p. p. s", "p.p.\ns", "PS: x", "NOTE", "N.B.", "nxbx", "ps", ""]) + self.prose(2)
        if name == "detectable_format:number_bullet_lists":
            return {"num_bullets": self.number(n)}, lambda: "".join(pick(["* item\n", "- item\n", "* one\n", " * x\n", "*\n", "**bold**\n", "\n", "text\n", "\t- y\n", "-\n", "--\n", "*\u00e9\n", "* a"]) if self.random.random() < 0.5 else "* it\n" for _ in range(self.near(n)))
        if name == "detectable_format:constrained_response":
            return {}, lambda: self.prose(2) + pick(["My answer is yes.", "My answer is no.", "My answer is maybe.", "my answer is yes.", "My answer is  no.", "My answer is no"]) + self.prose(2)
        if name == "detectable_format:number_highlighted_sections":
            return {"num_highlights": self.number(n)}, lambda: self.mixed(["*a b*", "**c**", "* *", "****", "*", "***d***", "*e\nf*", "** **", "\n"], 0, n + 1)
        if name == "detectable_format:multiple_sections":
            splitter = pick(["Section", "SECTION", "Part", "Day", "(S)", "S|T", "\u00a7", None, 5, "S+"])
            return {"section_spliter": splitter, "num_sections": self.number(n)}, lambda: self.mixed([f"{splitter} 1", f"{splitter}\n2\n", f"{splitter} x", f" {splitter}\u0663 ", "S 4", "S"], 0, n + 2)
        if name == "detectable_format:json_format":
            values = ['{"a": 1}', "[1, 2]", "NaN", "-NaN", "-Infinity", "1NaN", '"x"', '"a\tb"', "01", "1.", "{'a': 1}", "[1,]", "null", "true", "1e5", "-", '"\\ud800"', '"\\u12"', "{}", "[]", "9" * 4301, '{"a": {"b": [1.5, "\\n"]}}', "1 2", '{"a":1,"a":2}', "\ufeff{}", '{1: 2}', "\u00a0[]", "[" * 900 + "]" * 900, "[" * 9000]
            return {}, lambda: pick(["", "```json\n", "```JSON", "```", "```Json ", "``` json", "```json```"]) + pick(values) + pick(["", "\n```", "```", " ", "``"])
        if name == "detectable_format:title":
            return {}, lambda: pick([self.prose(2) + pick(["<<title>>", "<<a b>> <<c>>", "<<x>>", "<< y>>>", "<<>>", "<< >>", "<<<>>>", "<<a", "<<a\nb>>", "<<<x>>", ">>b<<", "<<>>>", "<>"]) + self.prose(2), self.mixed(["<<", ">>", "x", " ", "\n"], 1, 5)])
        if name == "detectable_format:sentence_hyphens":
            return {}, lambda: pick(["-", "-", " - "]).join(self.sentence(1, 3, pick([PLAIN, PLAIN, WORDS])) for _ in range(pick([1, 2, 3])))
        if name == "detectable_format:square_brackets":
            return {}, lambda: pick([" ", "\n"]).join("[" + w + "]" if self.random.random() < 0.9 else w for w in self.words(1, 5))
        if name == "detectable_format:bigram_wrapping":
            return {}, lambda: " ".join(("<<" if self.random.random() < 0.93 else "") + pick(PLAIN) + " " + pick(PLAIN) + (">>" if self.random.random() < 0.93 else "") for _ in range(pick([1, 2, 3]))) + pick(["", " x"])
        if name in ("punctuation:no_comma", "punctuation:punctuation_dot", "punctuation:punctuation_exclamation"):
            return {}, lambda: pick([", ", ". ", "! ", " "]).join(self.words(1, 3, PLAIN)) + pick(["", ".", "!", ",", "\uff0c"])
        if name == "startend:quotation":
            return {}, lambda: pick(['"', '"', '"', "'", "\u201c"]) + pick([few(), ""]) + pick(['"', '"', '"', "'", '".', ""])
        if name == "startend:end_checker":
            end = pick([few(), "Any other questions?", "\u0130\u03a3", "That is all you need!", '"quoted"', None, 5, "."])
            return {"end_phrase": end}, lambda: self.prose(3) + pick([" ", "\n", ""]) + str(end) + pick(["", "", '"', ".", " ", "\n\""])
        if name in ("combination:repeat_prompt", "copy:copy", "copy:copying_simple"):
            prompt = pick([few(), few(), self.prose(6), "\u0130 \u03a3\u0391\u03a3 x", None, "", 5, [few()]] if self.random.random() < 0.3 else [few()])
            return {"prompt_to_repeat": prompt}, lambda: pick(["", "", " ", "x"]) + pick([str(prompt), str(prompt).upper(), str(prompt)]) + (pick(["", "", ".", " " + few()]))
        if name == "combination:two_responses":
            return {}, lambda: pick(["", "", "******"]) + pick(["******", "******", "\n******\n", "*******", "*****"]).join(pick(["a b", "c", "a b ", " "]) for _ in range(self.near(2))) + pick(["", "", "******"])
        if name == "copy:copying_multiple":
            prompt = pick([few(), self.prose(4) or "x"])
            return {"prompt_to_repeat": prompt, "N": self.number(n)}, lambda: pick(["******", "\n******\n"]).join([pick([prompt, prompt.upper(), " " + prompt])] * (n if self.random.random() < 0.8 else self.near(n)))
        if name == "copy:repeat_phrase":
            n = self.random.randint(1, 3)
            phrase = pick([self.words(3, 6, PLAIN)] * 4 + [self.words(3, 5), ["(a)", "b", "c"], ["(a)", "b", "(c)"], ["c++", "is", "fun"]])

            def repeated():
                parts = []
                for _ in range(self.near(n)):
                    p = list(phrase)
                    for _ in range(pick([0] + [1] * 12 + [2])):
                        p[self.random.randrange(1, len(p) - 1)] = pick(["sea", "sky", "sun"])
                    parts.append(" ".join(p).replace("(", "").replace(")", ""))
                return pick(["\n", ". ", "\n", " "]).join(parts)
            return {"phrase": pick([" ".join(phrase)] * 12 + [None, "", 5]), "small_n": self.number(n)}, repeated
        if name == "new:copy_span_idx":
            prompt = " ".join(self.words(3, 6))
            a, b = sorted(self.random.sample(range(len(prompt)), 2)) if self.random.random() < 0.8 else (self.random.randint(-9, 9), self.random.randint(-9, 30))
            return {"prompt_to_repeat": prompt, "n_start": self.number(a), "n_end": self.number(b)}, lambda: pick([prompt[a:b], prompt[a:b], prompt[a:b].upper(), " " + prompt[a:b] + "\n", prompt[a:b + 1], prompt])
        if name == "first_word:first_word_sent":
            return {"first_word": pick([word] * 12 + [[word], None, 5, [5]])}, lambda: " ".join((pick([word, word.upper()]) if self.random.random() < 0.9 else pick(PLAIN)) + " " + self.sentence(1, 3) for _ in range(pick([1, 2, 3])))
        if name == "first_word:first_word_answer":
            return {"first_word": pick([word] * 12 + [None, 5, " " + word])}, lambda: pick([word, word.upper(), word + ",", pick(PLAIN), "\n" + word]) + " " + self.prose(3)
        if name == "last_word:last_word_sent":
            return {"last_word": pick([word] * 12 + [[word], None, 5])}, lambda: " ".join(few() + " " + (pick([word, word.upper()]) if self.random.random() < 0.9 else pick(PLAIN)) + pick([".", ".", "!", "?", ".\"", "..."]) for _ in range(pick([1, 2])))
        if name == "last_word:last_word_answer":
            return {"last_word": pick([word] * 12 + [None, 5])}, lambda: self.prose(3) + " " + pick([word, word.upper(), word + ".", '"' + word + '!"', pick(PLAIN), word + "s"])
        if name in ("keywords:letter_frequency", "letters:letter_counting2"):
            letter = pick(["a", "e", "S", "k", "\u212a", "\u0130", "ab", "1", "", None, "i", 5, ["a"]] if self.random.random() < 0.3 else ["a", "e", "s", "T"])
            return {"letter": letter, "let_frequency": self.number(n), "let_relation": self.relation()}, lambda: " ".join(self.words(0, 2 * n))
        if name == "letters:letter_counting":
            return {"N": self.number(6 * n), "relation": self.relation()}, lambda: " ".join(self.words(n // 2, 2 * n))
        if name == "change_case:capital_word_frequency":
            return {"capital_frequency": self.number(n), "capital_relation": self.relation()}, lambda: " ".join(pick([w.upper(), w.upper(), w]) for w in self.words(0, 2 * n))
        if name == "language:response_language":
            code = pick(["en", "de", "fr", "es", "it", "pt", "ru", "ja", "ko", "hi", "fi"])
            return {"language": pick([code] * 20 + ["zh", None, 5])}, lambda: pick([FOREIGN.get(code, pick(ENGLISH)), FOREIGN.get(code, pick(ENGLISH)), pick(ENGLISH), pick(sorted(FOREIGN.values())), "123 !", pick(ENGLISH) + ". " + pick(sorted(FOREIGN.values()))])
        if name in ("change_case:english_capital", "change_case:english_lowercase"):
            change = str.upper if name.endswith("capital") else str.lower
            return {}, lambda: pick([change(pick(ENGLISH)), change(pick(ENGLISH)), change(self.prose(6)), pick(ENGLISH), change(pick(sorted(FOREIGN.values()))), change("HTML 5! \u2160 \u01c5")])
        raise KeyError(name)

    def label(self, names, arguments):
        value = {"instruction_id": names, "kwargs": [None if not a and self.random.random() < 0.5 else a for a in arguments]}
        form = self.random.random()
        if form < 0.2:
            return repr([json.dumps(value)])
        if form < 0.3:
            return " \t(" + repr(value) + ",)\n"
        return repr([value])

    def completion(self, make):
        text = self.edited(make())
        return self.random.choice([text] * 8 + ["<think>a. b</think>\n" + text, "<answer>" + text + "</answer>", "<|assistant|>" + text, " " + text + "\n", "</think>", ""])

    def row(self, names):
        """A row whose gold answer names those instructions; completions are made for one of them."""
        cases = [self.case(n) for n in names]
        spare = {"keyword": None, "num_words": None, "language": None}
        arguments = [{**spare, **a} if self.random.random() < 0.3 else a for a, _ in cases]
        if self.random.random() < 0.01:
            arguments[0] = {**arguments[0], "other": 5}
        gold = self.label(names, arguments)
        return {"completions": [self.completion(self.random.choice(cases)[1]) for _ in range(4)], "kwargs": {"ground_truth": [gold] * 4}, "params": {}}

    def bad(self):
        """Rows that open-instruct cannot read, or hardly."""
        good = {"instruction_id": ["punctuation:no_comma"], "kwargs": [{}]}
        gold = self.random.choice([
            "", "x", "[]", "{}", "[{}]", "5", "'a'", "['x']", "[5]", "[None]", "null", "[null]", json.dumps([{**good, "kwargs": [None]}]), json.dumps(good), repr(good), repr([good, 5]), repr((good,)), "[" + repr(good), repr([good]) + "#c", repr([good]) + " x",
            repr([{**good, "kwargs": [5]}]), repr([{**good, "kwargs": 5}]), repr([{**good, "kwargs": []}]), repr([{**good, "kwargs": [{}, {}]}]), repr([{**good, "instruction_id": "punctuation:no_comma"}]), repr([{**good, "instruction_id": ["nothing:known"]}]),
            repr([{**good, "instruction_id": ["punctuation:no_comma", "nothing:known"]}]), repr([{**good, "instruction_id": None}]), repr([{"kwargs": [{}]}]), repr([{"instruction_id": [], "kwargs": []}]), repr([{**good, "kwargs": [{"x": 1}]}]), repr([{**good, "kwargs": [{"x": None}]}]),
            "[{'instruction_id': ['punctuation:' 'no_comma'], 'kwargs': [{}],}]", "[{'instruction_id': [r'punctuation:no_comma'], u'kwargs': ({},)}]", "[{'instruction_id': ['punctuation:no_comma'], 'kwargs': [{'x': -1_0j}]}]", "[{'instruction_id': ['punctuation:no_comma'],\n 'kwargs': [dict()]}]",
            "[{'instruction_id': ['keywords:word_once'], 'kwargs': [{'keyword': b'x'}]}]", "[{'instruction_id': ['keywords:word_once'], 'kwargs': [{'keyword': '''a,\\x62\\u0063'''}]}]", "[{'instruction_id': ['count:lowercase_counting'], 'kwargs': [{'N': 0x1F}]}]", "[{'instruction_id': ['count:lowercase_counting'], 'kwargs': [{'N': +1.5e0}]}]",
            "[{'instruction_id': ['count:lowercase_counting'], 'kwargs': [{'N': 01}]}]", "[{'instruction_id': {'count:lowercase_counting'}, 'kwargs': [{'N': - 2}]}]", "[{'instruction_id': {'punctuation:no_comma': 1}, 'kwargs': {5: 6}}]", "[{'instruction_id': {'punctuation:no_comma': 1}, 'kwargs': [{5: 6}]}]", "[" * 300,
        ])
        return {"completions": [self.random.choice(["a b", "a, bc", "", " ", "<think>x</think>", "B C abc"]) for _ in range(4)], "kwargs": {"ground_truth": [gold] * 4}, "params": {}}
