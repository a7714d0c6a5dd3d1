"""Answers to reasoning-gym's puzzles: right, nearly right, in another form, broken, hostile."""

import functools
import json


class Puzzles:
    """Makes an answer to an entry by the name of its data set; near changes a text a little."""

    def __init__(self, t, near):
        self.rng, self.pick, self.near = t.random, t.random.choice, near

    def kinds(self):
        own = {n[2:]: getattr(self, n) for n in dir(self) if n.startswith("a_")}
        return {**own, "rearc": own["arc_agi"], "spiral_matrix": own["binary_matrix"], "simple_integration": own["integration"], "intermediate_integration": own["integration"]}

    def maybe(self, share, text, *others):
        return self.pick(others)(text) if self.rng.random() < share else text

    def broken(self, text):
        """A text of JSON or Python that is one no longer, or another one."""
        rng, pick = self.rng, self.pick
        at = rng.randrange(len(text) + 1)
        return pick([text[:at] + text[at + 1:], text[:at] + pick('[]{}",:01 \n\\a#') + text[at:], text + ",", "[" + text + "]", text + "]", text[1:], "x" + text, text.replace(",", ", "), text.replace(" ", ""), text.replace("0", "1", 1),
                     text.replace(",", ",\n"), text + " # a", "(" + text + ")", "null", "5", '"%s"' % text, "{}", "[]", '{"a": 1}', "NaN", "[[]]", text.replace("1", "1.0", 1), text.replace("1", "true", 1), text.replace('"', "'"), "[" * 2000])

    def literal(self, value):
        """A value as Python code, in one of its forms."""
        rng, pick = self.rng, self.pick
        if isinstance(value, list):
            inside = [self.literal(v) for v in value]
            sep = pick([", ", ",", ",\n", " , ", ", # c\n"])
            text = sep.join(inside)
            return pick(["[%s]", "[%s]", "[%s]", "[%s,]", "(%s,)", "(%s)", "[ %s ]"]).replace("%s", text)
        if isinstance(value, int):
            return pick([str(value)] * 8 + ["+%d" % value, "0x%x" % value, "(%d)" % value, "%d.0" % value, "True", "None", "--%d" % value, "~%d" % ~value, "0%d" % value, "1_%d" % value, "'%d'" % value, "%d" % (value + 1), "0b%s" % bin(value)[2:], "1e0", "1j", ".5"])
        quoted = pick(['"%s"', "'%s'", "'%s'", "r'%s'", "'''%s'''", 'u"%s"', "'%s' ''", "b'%s'", "f'%s'", "'\\x%02x'" % (ord(value[0]) if value and ord(value[0]) < 256 else 65) + "'%s'", "'%s"])
        return quoted.replace("%s", value)

    # Boards

    def a_binary_matrix(self, e):
        text = e["answer"]
        if self.rng.random() < 0.5:
            rows = [[int(c) for c in line.split()] for line in text.split("\n")]
            value = rows if len(rows) > 1 else rows[0]
            if self.rng.random() < 0.2:
                value = ["".join(map(str, r)) for r in rows]
            text = self.literal(value)
            return self.maybe(0.2, text, self.broken)
        return self.near(e)

    def a_string_insertion(self, e):
        text = self.literal(self.pick([list(e["answer"]), e["answer"], [e["answer"]], [e["answer"][:2], e["answer"][2:]], [[e["answer"]]], list(e["answer"]) + [1]])) if self.rng.random() < 0.6 else self.near(e)
        return self.maybe(0.15, text, self.broken)

    def a_n_queens(self, e):
        board = self.pick(e["metadata"]["valid_answers"])
        if self.rng.random() < 0.5:
            rows = [line.split(" ") for line in board.split("\n")]
            return self.maybe(0.2, self.literal(self.pick([rows, rows, ["".join(r) for r in rows], rows[::-1]])), self.broken)
        return self.near({"answer": board})

    def a_arc_agi(self, e):
        rng, pick = self.rng, self.pick
        text = e["answer"]
        for _ in range(pick([0, 0, 1, 1, 2])):
            text = pick([self.near({"answer": text}), "Shape: 3x3\n" + text, text.replace(" ", "  "), text.replace("\n", " \n "), text + "\n", "\n" + text, text.replace("0", "10", 1), text.replace("0", "\u0660", 1), text.replace(" ", "\t", 1), "[" + text + "]", text.replace(" ", "")])
        return text

    def a_kakurasu(self, e):
        rng, pick = self.rng, self.pick
        grid = [list(r) for r in e["metadata"]["solution"]]
        for _ in range(pick([0, 0, 0, 1, 2])):
            i, j = rng.randrange(len(grid)), rng.randrange(len(grid[0]))
            grid[i][j] ^= 1
        text = "\n".join(pick([" ", " ", "", ", "]).join(map(str, r)) for r in grid)
        return self.maybe(0.3, text, lambda s: self.near({"answer": s}), lambda s: "[" + s + "]", lambda s: "Row 2: " + s, lambda s: s.replace("0", "_"), lambda s: s.replace("\n", "\n\n"))

    def a_survo(self, e):
        text = e["answer"]
        for _ in range(self.pick([0, 0, 1, 1, 2])):
            text = self.pick([self.near({"answer": text}), text.replace("\n", "\n\n"), text.replace(" ", " | "), "The board\n" + text, text.replace(" ", " x "), text.replace("1", "01"), text.replace(" ", ", "), text + "\n7", text.replace("\n", " \n "), text.replace("1", "+1", 1)])
        return text

    def a_manipulate_matrix(self, e):
        text = e["answer"]
        for _ in range(self.pick([0, 1, 1, 2])):
            text = self.pick([self.near({"answer": text}), text.replace(" ", "  "), text.replace("\n", " \n"), text.replace("\n", "\n\n"), "1\n" + text, text + " 4", text.replace(" ", "\u00a0")])
        return text

    def a_pool_matrix(self, e):
        rng, pick = self.rng, self.pick
        rows = [line.split() for line in e["answer"].split("\n")]
        for _ in range(pick([0, 1, 1, 2, 3])):
            i = rng.randrange(len(rows))
            j = rng.randrange(len(rows[i])) if rows[i] else 0
            if not rows[i]:
                break
            v = float(rows[i][j]) if rows[i][j].replace(".", "").lstrip("-").isdigit() else 3.0
            rows[i][j] = pick([str(v * f) for f in (1.01, 0.99, 1.009999, 1.0101, 1 / 1.01, 1 / 0.99, 0.98, 1.02, -1, 0, 1.0099999, 1.01000001)] + ["nan", "inf", "1e50", "1_0", "x", "0x5", "+3", ".5", "5.", "1e-8", "", "#", "\u0663", "%.2f" % v, "1e", "-inf", "3,"])
        text = "\n".join(" ".join(r) for r in rows)
        return self.maybe(0.25, text, self.near_text, lambda s: s + "\n\n", lambda s: "# a\n" + s, lambda s: s.replace(" ", "\n"), lambda s: s.replace("\n", " "), lambda s: s.replace(" ", "\t"), lambda s: s + "# end", lambda s: s.replace("\n", "\r\n"))

    def near_text(self, text):
        return self.near({"answer": text})

    # JSON

    def a_game_of_life(self, e):
        rng, pick = self.rng, self.pick
        grid = json.loads(e["answer"])
        for _ in range(pick([0, 1, 1, 2])):
            i, j = rng.randrange(len(grid)), rng.randrange(10)
            row = grid[i] if isinstance(grid[i], list) else []
            if rng.random() < 0.4:
                grid[i] = pick([[], None, 7, "0101010101", row + [1], row[:4], {"a": 1}, [[0]] * 3])
            elif row:
                row[j % len(row)] = pick([1, 0, True, False, 1.0, 0.0, "0", None, [], -0.0, float("nan")])
        if rng.random() < 0.1:
            grid = pick([grid[:3], grid + grid, {"grid": grid}, "0", 5, None, [grid], []])
        return self.maybe(0.15, json.dumps(grid), self.broken)

    def a_game_of_life_halting(self, e):
        return self.pick(["True", "False", "", "maybe", "no", " "])

    def a_group_anagrams(self, e):
        rng, pick = self.rng, self.pick
        groups = [list(g) for g in e["metadata"]["solution"]]
        rng.shuffle(groups)
        for g in groups:
            rng.shuffle(g)
        for _ in range(pick([0, 0, 1, 1])):
            k = rng.randrange(len(groups))
            if not isinstance(groups[k], list):
                break
            groups[k] = pick([groups[k][:-1], groups[k] + ["zeta"], [], "abc", 5, None, [1, 2], [1, "a"], [None], [None, None], [[1], ["a"]], [[2], [1]], {"b": 1, "a": 2}, [True, 2.5], [float("nan"), 1], groups[k] + [1], groups[k] * 2, [{}], [{}, {}], "\u00e4\u00df"])
        value = pick([groups] * 8 + [{"a": 1}, "word", 5, groups[0], [groups]])
        return self.maybe(0.15, json.dumps(value), self.broken)

    def a_palindrome_partitioning(self, e):
        rng, pick = self.rng, self.pick
        parts = [list(g) for g in e["metadata"]["solution"]]
        rng.shuffle(parts)
        for _ in range(pick([0, 0, 1, 1])):
            k = rng.randrange(len(parts))
            if not isinstance(parts[k], list):
                break
            parts[k] = pick([parts[k][::-1], parts[k] + ["a"], "".join(map(str, parts[k])), {str(c): 1 for c in parts[k]}, [1], 5, None, [["a"]], parts[k]])
        if rng.random() < 0.15:
            parts = pick([parts + parts, parts[1:], {str(parts[0]): 1}, [], 5, parts[0]])
        return self.maybe(0.15, json.dumps(parts), self.broken)

    def a_graph_color(self, e):
        rng, pick = self.rng, self.pick
        colors = {str(k): v for k, v in e["metadata"]["possible_answer"].items()}
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = pick(list(colors) or ["0"])
            if rng.random() < 0.3:
                colors.pop(k, None)
            else:
                colors[k] = pick([1, 2, 3, 4, 0, "1", 1.0, True, None, [1], {}, -1, 2.5])
        n = len(e["metadata"]["puzzle"]["vertices"])
        value = pick([colors] * 10 + [list(colors.values()), list(range(n)), [1] * n, [str(i) for i in range(n)], "abc", 5, None, list(range(n + 3)), [colors], list(range(n))[::-1], {**colors, "x": 1}])
        return self.maybe(0.12, json.dumps(value), self.broken)

    def a_jugs(self, e):
        rng, pick = self.rng, self.pick
        moves = json.loads(e["answer"])
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(moves) + 1)
            moves[k:k + pick([0, 1])] = [pick(["fill A", "empty B", "pour A->C", "pour C->C", "fill D", "pour A->D", "pour A", "fill", "", "Fill A", "drink A", "fill A now", "pour A -> B", "pour A->B->C", 5, None, "  fill   B ", "fill A->B", "pour ->", "empty a"])]
        value = pick([moves] * 8 + ["fill A", {m: 1 for m in map(str, moves)}, [], {}, 5, moves[:3]])
        return self.maybe(0.12, json.dumps(value), self.broken)

    def a_codeio(self, e):
        rng, pick = self.rng, self.pick

        def changed(v, deep=0):
            if rng.random() < 0.15:
                return pick([v, v, 5, 5.5, "5", "x", None, True, [], {}, [v], {"a": v}, {"a": 1, "b:c": 2}, "7.25", "\u4e00", "\u00bd", "", 10**20, 1e300, "9" * 400, "1.2.3", float("nan"), "\u00e9\U0001f600", -3, "-3"])
            if isinstance(v, dict):
                items = [(pick([k] * 6 + [k + "s", k.upper()]), changed(w, deep + 1)) for k, w in v.items() if rng.random() < 0.93]
                return dict(items)
            if isinstance(v, list):
                return [changed(w, deep + 1) for w in v if rng.random() < 0.95]
            if isinstance(v, (int, float)) and not isinstance(v, bool) and rng.random() < 0.2:
                return pick([v + 1, v * 1.1, -v, str(v), float(v) if abs(v) < 1e300 else v])
            if isinstance(v, str) and v and rng.random() < 0.2:
                return pick([v[:-1], v + "a", v.upper(), v[::-1]])
            return v

        try:
            value = json.loads(e["answer"])
        except ValueError:
            value = e["answer"]
        if not isinstance(value, dict):
            value = {"result": value}
        text = json.dumps(changed(value), ensure_ascii=pick([True, False]), indent=pick([None, None, 2]))
        return pick([self.near(e), text, text, text, "The answer is: " + text, text + " as asked.", "```json\n" + text + "\n```", self.broken(text), text + "}", "{" + text, "}{", e["answer"] + " }{", "{" + e["answer"] + "}"])

    # Words and codes

    def a_word_ladder(self, e):
        rng, pick = self.rng, self.pick
        words = e["answer"].split(",")
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(words))
            w = words[k]
            at = rng.randrange(max(1, len(w)))
            words[k:k + 1] = pick([[w.lower()], [w[:at] + pick("QXZ\u00df\u00c9") + w[at + 1:]], [w, w[:at] + "Q" + w[at + 1:], w], [w, w], [], [" " + w + " "], [w + "S"], [w, ""], [w, w[:at] + "Z" + w[at + 1:], w[:at] + "J" + w[at + 1:], w]])
            if not words:
                words = ["A"]
        return pick([",", ",", ",", ", ", ",\n", " "]).join(words)

    def a_cryptarithm(self, e):
        rng, pick = self.rng, self.pick
        pairs = [p.split("=") for p in e["answer"].split(",")]
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(pairs))
            pairs[k] = [pick([pairs[k][0], pairs[k][0].lower(), "Q", "", " " + pairs[k][0]]), pick([pairs[k][1], str(rng.randrange(10)), "10", "-1", " 3", "x", "", "1=2", "\u0663", "0_1"])]
        if rng.random() < 0.3:
            rng.shuffle(pairs)
        if rng.random() < 0.1:
            pairs = pick([pairs[1:], pairs + pairs, pairs + [["Z", "0"]]])
        return pick([",", ",", ", ", ",\n", ";"]).join(pick(["=", "=", "=", " = "]).join(p) for p in pairs)

    def a_tsumego(self, e):
        return self.pick([self.near(e), e["answer"].lower(), "play " + e["answer"], "Z99", "C4.", "E", "5E", "\u00df5", "A\u0663", "a1\n", e["answer"] + "!"])

    def a_quantum_lock(self, e):
        rng, pick = self.rng, self.pick
        path = list(e["metadata"]["solution_path"])
        for _ in range(pick([0, 0, 1, 1, 3])):
            k = rng.randrange(len(path) + 1)
            path[k:k + pick([0, 1, 1])] = pick([["A"], ["B"], ["C"], [], ["b"], ["A", "A"], ["D"], ["\u1e9a"]])
        if rng.random() < 0.3:
            path = [pick("ABC") for _ in range(len(path))]
        return pick([" \u2192 ", " ", "", ", ", " and "]).join(path) if rng.random() < 0.95 else "ABC" * 3000

    def a_emoji_mystery(self, e):
        text = e["answer"]
        if self.rng.random() < 0.4:
            at = self.rng.randrange(len(text))
            text = text[:at] + self.pick("xyz\u00e4") + text[at + 1:]
        return self.maybe(0.4, text, self.near_text)

    # Moves

    def a_rush_hour(self, e):
        rng, pick = self.rng, self.pick
        moves = solve_rush(e["metadata"]["board_config"])
        if rng.random() < 0.4 or not moves:
            moves = [pick("ABCDEFGHIJKLMNZ") + pick("+-") + str(pick([0, 1, 1, 2, 3, 4, 30])) for _ in range(rng.randrange(30))]
        moves = list(moves)
        for _ in range(pick([0, 0, 1, 2])):
            moves.insert(rng.randrange(len(moves) + 1), pick(["A+1", "a+1", "A +1", "x", "AA+2", "B-\u0661", "C+1.5", "H+0", "Z+1", "A" + "+1"]))
        return pick([" ", " ", "", ", ", "\n"]).join(moves)

    def a_tower_of_hanoi(self, e):
        rng, pick = self.rng, self.pick
        moves = e["answer"].split("\n")
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(moves) + 1)
            if rng.random() < 0.4 and k < len(moves):
                parts = moves[k].split()
                if len(parts) == 9:  # there and back
                    moves[k:k] = [moves[k], "Move disk %s from Peg %s to Peg %s" % (parts[2], parts[8], parts[5])]
                    continue
            moves[k:k + pick([0, 1])] = [pick(["Move disk 1 from Peg 1 to Peg 2", "Move disk 1 from Peg 2 to Peg 2", "Move disk 2 from Peg 1 to Peg 3", "move disk 1 from Peg 1 to Peg 3", "Move disk 9 from Peg 9 to Peg 1", "  ", "1. Move disk 1 from Peg 1 to Peg 2", "Move disk 1 from Peg 1 to Peg 2.", "Move  disk 1 from Peg 1 to Peg 2", "Move disk \u0661 from Peg 1 to Peg 2", "xMove disk 1 from Peg 1 to Peg 3", "Move disk 1 from Peg 1 to Peg 77"])]
        if rng.random() < 0.1:
            moves = moves[:rng.randrange(len(moves) + 1)]
        return pick(["\n", "\n", "\n", "\n\n", "\r\n", " \n ", "\u2028"]).join(moves)

    def a_knight_swap(self, e):
        rng, pick = self.rng, self.pick
        m = e["metadata"]
        moves = ["%s,%s,%s" % tuple(s) for s in m["solution"]] if m["is_possible"] else ["w,A1,B3"]
        if rng.random() < 0.15:
            return pick(["No", "no", "NO ", "No.", "", "nope"])
        if rng.random() < 0.4:
            moves = self.walk(m)
        elif rng.random() < 0.4 and moves:
            k = rng.randrange(len(moves))
            moves[k:k + 1] = pick([[], [moves[k].lower()], [moves[k].replace(",", ", ")], [moves[k], moves[k]], ["w,A1,A1"], ["w,A1"], [5], [None], [moves[k] + ","], ["x,A1,B3"]])
        elif rng.random() < 0.5 and len(moves) > 1:  # two moves back and forth before
            back = lambda s: ",".join([s.split(",")[0], s.split(",")[2], s.split(",")[1]])
            moves = moves[:2] + [back(moves[0]), back(moves[1])] + moves
        value = pick([moves] * 9 + [{m: 1 for m in map(str, moves)}, "w,A1,B3", 5, []])
        return self.maybe(0.08, json.dumps(value), self.broken)

    def walk(self, m):
        """Moves that may be made."""
        pieces, turn, out = dict(m["pieces"]), m["start_turn"], []
        for _ in range(self.rng.randrange(12)):
            can = [(s, d) for s, p in pieces.items() if p == turn for d in m["board"][s] if not pieces.get(d)]
            if not can:
                break
            s, d = self.pick(can)
            pieces[d], pieces[s] = turn, None
            out.append("%s,%s,%s" % (turn, s, d))
            turn = "B" if turn == "w" else "w"
        return out

    def a_sokoban(self, e):
        rng, pick = self.rng, self.pick
        text = e["answer"]
        for _ in range(pick([0, 0, 1, 1, 2])):
            at = rng.randrange(len(text) + 1)
            text = pick([text[:at] + pick("UDLR") + text[at:], text[:at] + text[at + 1:], " ".join(text), text.lower(), text + "UDLR", "U" * 20 + text, text[:at], text[:at] + "\n" + text[at:], text[:at] + "LR" + text[at:]])
        return text if rng.random() < 0.8 else "".join(pick("UDLR") for _ in range(rng.randrange(80)))

    def a_rubiks_cube(self, e):
        rng, pick = self.rng, self.pick
        scramble = e["metadata"]["scramble_moves"].split()
        inverse = [m[:-1] if m.endswith("'") else m + "'" for m in reversed(scramble)]
        moves = pick([inverse, inverse, inverse, (e["metadata"].get("example_correct_answer") or "").split()])
        moves = list(moves)
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(moves) + 1)
            moves[k:k] = pick([["R", "R'"], ["M", "M'"], ["X", "X'"], ["Y"], ["U4"], ["U2", "U2"], ["R0"], ["2R", "2R'"], ["Rw", "Rw'"], ["r"], ["U'2", "U2"], ["3"], ["F8"], ["Q0"], ["Q"], ["L" + "9" * 5000], ["E", "S"], ["R2'"], ["\u0664"], ["D\u0664"], ["3Rw"], ["9R"], ["2M"], ["Z", "Z", "Z", "Z"], ["B''"], ["5R5"]])
        return pick([" ", " ", " ", "  ", "\n", ", ", ""]).join(moves)

    def a_boxnet(self, e):
        rng, pick = self.rng, self.pick
        field = {k: list(v) for k, v in e["metadata"]["initial_state"].items()}
        plans = []
        for _ in range(rng.randrange(8)):
            plan = {}
            for place, items in list(field.items()):
                x, y = map(float, place.split("_"))
                for item in [i for i in items if i.startswith("box_")][:1]:
                    agent = pick(["Agent[%s, %s]"] * 6 + ["%s %s", "Agent[%s,%s]", "Agent[%s0, %s]"]) % (x, y)
                    if "target" + item[3:] in items and rng.random() < 0.7:
                        plan[agent] = "move(%s, target%s)" % (item, item[3:])
                    else:
                        dx, dy = pick([(1, 0), (-1, 0), (0, 1), (0, -1)] * 4 + [(1, 1), (0, 0), (2, 0)])
                        if "%s_%s" % (x + dx, y + dy) in field or rng.random() < 0.02:
                            plan[agent] = pick(["move(%s, square[%s, %s])"] * 8 + ["move(%s,square[%s, %s])", "move(%s,\tsquare %s %s)x", "move(%s, , square[%s, %s])"]) % (item, x + dx, y + dy)
                            if agent in plan and (dx or dy) and abs(dx) + abs(dy) == 1 and "move(%s, s" % item in plan[agent] and "%s_%s" % (x + dx, y + dy) in field:
                                items.remove(item)
                                field["%s_%s" % (x + dx, y + dy)].append(item)
            plans.append(plan)
        if plans and rng.random() < 0.2:
            plans[rng.randrange(len(plans))][pick(["Agent[0.5, 0.5]", "Agent[9, 9]", "Agent", "x1"])] = pick(["move(box_red, target_red)", "move(box_red, target_blue)", "stay", "move(box_red, square[0.5])", "move(box_red,\n target_red)", 5, "move(a, b, c)", "move(box_blue, square)", "move(box_green, square[9.5, 0.5])", "move(box_red)"])
        value = pick([plans] * 12 + [{"a": "move(b, c)"}, 5, "x", [5], None, [], [[]], plans[:1]])
        return self.maybe(0.08, json.dumps(value), self.broken)

    # Numbers and times

    def a_complex_arithmetic(self, e):
        rng, pick = self.rng, self.pick
        re, im = e["metadata"]["result"]
        if rng.random() < 0.4:
            re, im = re + pick([0, 0.1, 1, -0.5, 3]), im + pick([0, 0.25, -1, 2])
        text = pick([e["answer"], "%s+%si" % (re, im), "%s%+gi" % (re, im), "%sj" % im, "%si" % im, "i", "-i", "%s" % re, "%s + i" % re, "%s - i" % re, "%si + %s" % (im, re), "(%s, %s)" % (re, im), "(%s%+gj)" % (re, im), "((%s%+gj))" % (re, im), "-%sj" % im, "nan", "inf", "1e5j", "1e+5j", "nan+1j", "1+nani", "3i2", "-3i2", "1_0+2i", "\u0663i", "%s+%s" % (re, im), "",
                     "()", "(", "i+i", "2i+3i", "1e400", "1e308+1e308i", "+i", "--3i", "3+-2i", ".5i", "5.+.5i", "1_+2i", "3 + 2I", "3+2i.", "-.5j", "-", "j-", "-j-", "(i)", "3-i", "3+ii", "+3+i", "nanj", "-nan", "1e-5-1e-5j", "infj", "3\t+2i", "\u00a03+2i", "-1i+"])
        return self.maybe(0.1, text, self.near_text)

    def a_polynomial_equations(self, e):
        rng, pick = self.rng, self.pick
        values = [v.strip() for v in e["answer"].split(",")]
        for _ in range(pick([0, 0, 1, 1, 2])):
            k = rng.randrange(len(values) + 1)
            values[k:k + pick([0, 1])] = [pick(["0.1", "-3", "nan", "inf", "x", "", "1e400", "2.5", "1_0", "-inf"] + ["%f" % (float(values[k]) + pick([0.01, 0.1, -0.05, 1])) if k < len(values) and values[k].replace(".", "").lstrip("-").isdigit() else "0"])]
        rng.shuffle(values)
        return pick([", ", ",", " , ", " and ", ";"]).join(values)

    def a_calendar_arithmetic(self, e):
        pick = self.pick
        text = e["answer"]
        return pick([text, text, self.near(e), "Monday", "tuesday", "SUNDAY", "\u017funday", "Mon", "yes", "Yes", "NO", str(self.rng.randrange(-3, 60)), " 12 ", "1_0", "-1", "9" * 400, "\u0663", text.lower(), text.upper(), "0"] + ([str(int(text) + pick([-1, 1, 2, 10]))] * 6 if text.lstrip("-").isdigit() else []))

    def a_time_intervals(self, e):
        rng, pick = self.rng, self.pick
        text = e["answer"]
        for _ in range(pick([0, 1, 1, 2])):
            digits = [i for i, c in enumerate(text) if c.isdigit()]
            k = pick(digits or [0])
            text = pick([text[:k] + str(rng.randrange(10)) + text[k + 1:], self.near({"answer": text}), text + ".5", text + ":30", text.replace(" days", " day"), text.replace(",", ", "), "-" + text, text.replace(":", "::", 1), text.replace(":", ": ", 1), text + ".123.4", "9" * 330 + text, text.replace("days, ", "days,"), text.split(":")[0], text + ":00:00", text.replace(".", ".00")])
        return text

    def a_fraction_simplification(self, e):
        pick, m = self.pick, e["metadata"]
        n, d = pick([(m["simplified_numerator"], m["simplified_denominator"])] * 4 + [(m["numerator"], m["denominator"]), (m["numerator"], 7), (3, m["denominator"]), (2, 3), (m["simplified_denominator"], m["simplified_numerator"])])
        text = pick(["%d/%d", "$\\frac{%d}{%d}$", "\\dfrac{%d}{%d}", "%d / %d", "$%d/%d$", "\\frac {%d} { %d }", "\\FRAC{%d}{%d} or so", "\\frac{%d}{%d}/2", "%d/%d/2", "+%d/%d", "\\tfrac{%d}{%d}", "$ $%d/%d$", "%d over %d", "%d:%d", "0%d/%d", "-%d/-%d", "\\frac{\\text{%d}}{%d}", "$$\\frac{%d}{%d}$$", "x\\frac{%d}{%d}", "1_%d/%d", "%d/%d."]) % (n, d)
        return self.maybe(0.15, text, self.near_text, lambda s: s.translate({48 + i: 0x660 + i for i in range(10)}))

    def a_coin_flip(self, e):
        pick = self.pick
        v, r = float(e["answer"]), e["metadata"]["rational"]
        return pick([e["answer"], "%d/%d" % (r["numerator"], r["denominator"]), "%d/%d" % (r["numerator"] + 1, r["denominator"]), "%.3f" % v, "%.6g" % (v + pick([0.0001, 0.00011, 0.001, 0.01, -0.00009])), "%.1f" % v, self.near(e), "50%", "0.", ".5", "1/0", "1 / 2", "-1/8", "1e-1", "1E2", "1_0", "5e-05", "123456789012", "1e400", "1e15", "1/2/3", "1.5/2", "-.5", "+.25", ".", "/2", "1,000", "1.d", "\u0661/\u0662", "nan", "inf", "1e-400", "0.000012345", "1234567.891", "1e5/2", "1._5", "1_/2", "--1", "99999999999", "9999999999.9"])

    def a_gsm_symbolic(self, e):
        pick, text = self.pick, e["answer"]
        return pick([text, "$" + text, text + " dollars", "The answer is " + text + ".", "-" + text, " -" + text, "x-" + text, text + ".0", text + ".50", "#" + text, "a" + text, text + "a", text + ".", "1," + text, "no", "", text + "_", "3 and " + text, "\u0663", text + ".5a", text + "-7", "(" + text + ")", "1e3", text[:1] + " " + text, "x1 " + text, "9" * 400, self.near(e), text + "..5", "a.5 " + text])

    def a_power_function(self, e):
        pick = self.pick
        v = float(e["answer"])
        return pick([e["answer"], "%.2e" % v, "%.1e" % v, "%.3e" % v, "%.2e" % (v * pick([1.001, 1.004, 1.006, 0.99])), "%.0f" % v if abs(v) < 1e15 else "1", "0", "0.00", "-0", "nan", "inf", "", "1e9999999", "abc", self.near(e), "%.2E" % v, "+%.2e" % v if v > 0 else "1", "1e-999999999", "%.4g" % v, "%.2e " % v, "sNaN", "9.995", "1000", "\u0663", "1_0", "5" * 40])

    def a_decimal_arithmetic(self, e):
        from decimal import Decimal
        pick = self.pick
        d = Decimal(e["answer"])
        return pick([e["answer"], str(d + Decimal(pick(["0.001", "-0.001", "0.0010001", "0.00100000000000000000001", "0.0009999", "0.002", "0.00101", "0.0010000000001", "1e-12"]))), "%.3f" % d, "%.2f" % d, self.near(e), "nan", "inf", "1e400", "1e9999999999999999999", e["answer"] + "0", "+" + e["answer"], "1e-99999999", "-0", "1e999999", str(d) + "0" * 300 + "1", "\u0663", "$" + e["answer"], e["answer"] + "e0", str(d.quantize(Decimal("0.001"))) + "1" * 50])

    def a_bitwise_arithmetic(self, e):
        pick = self.pick
        v = int(e["answer"], 16)
        return pick([e["answer"], hex(v).upper(), hex(v).replace("x", "X"), str(v), bin(v), oct(v), hex(v + 1), hex(-v), "0" + str(v), " %s " % v, "+" + hex(v), hex(v) + ".", hex(v)[2:], hex(v).replace("0x", "0x_"), "0x", "", "1_0", "00", "-0", "0x-1", "0b12", "\u0663", hex(v).replace("0x", "0x0"), "- 5", "%d.0" % v, self.near(e), "0_0", "0o", "0x__1", "9" * 5000, "0x" + "f" * 5000, "--1", "0_1", "\u00a0" + hex(v)])

    def a_advanced_geometry(self, e):
        pick, m, text = self.pick, e["metadata"], e["answer"]
        if m["task_type"] == "angle_measure":
            v = float(text.replace("\u00b0", ""))
            return pick([text, "%.2f" % v, "%.3f" % v, "%.1f\u00b0" % v, "%.4f\u00b0" % (v + pick([0.004, 0.005, 0.006, -0.005])), text + " degrees", "nan", "inf", "\u00b0", "", self.near(e), "1e308", "%d" % v, "\u00b0%.2f" % v, "1_0"])
        if m["task_type"] == "orthocenter":
            x, y = m["orthocenter_approx"]
            dx = pick([0, 0, 0.0004, 0.0006, 0.1])
            return pick([text, "(%s, %s)" % (x, y), "(%.3f, %.3f)" % (x + dx, y), "%.3f,%.3f" % (x, y + dx), "(%.2f, %.2f)" % (x, y), "(%s, %s)" % tuple(m["ortho"]), "(%.3f %.3f)" % (x, y), "[%.3f, %.3f]" % (x, y), "((%.3f, %.3f))" % (x, y), "nan,nan", "(%.3f, %.3f), 1" % (x, y), self.near(e), "(%.3f), (%.3f)" % (x, y), "", ","])
        r = m["incircle_radius_approx"]
        return pick([text, "%.2f" % r, "%.4f" % r, "r = " + text, self.near(e), "nan", "1", m["incircle_radius_exact"], "", "%.3f" % (r + pick([0.001, 0.006])), text + " "])

    # Algebra

    def a_polynomial_multiplication(self, e):
        return self.algebra(e["answer"], e["metadata"]["polynomial_expr"], e["metadata"]["variables"])

    def a_integration(self, e):
        x = e["metadata"]["variable"]
        text = e["answer"]
        if self.rng.random() < 0.3:
            text = self.pick([text.replace(" + C", ""), text + " + 5", text.replace("C", "K"), text.replace("C", "c"), text.replace("C", "C*" + x), "2*(" + text + ")", e["metadata"]["integrand"], text + " + pi", text + " + exp(2)", "(" + text + ")*1.0", text + " + 0.5", text.replace(" + C", " - C")])
        return self.algebra(text, text, [x])

    def algebra(self, text, other, variables):
        rng, pick = self.rng, self.pick
        x = pick(variables or ["x"])
        for _ in range(pick([0, 0, 1, 1, 2])):
            terms = text.replace("- ", "+ -").split(" + ")
            k = rng.randrange(len(terms))
            at = rng.randrange(len(text) + 1)
            text = pick([
                text, " + ".join(rng.sample(terms, len(terms))), " + ".join(terms[:k] + terms[k + 1:]) or "0", text.replace("**", "^"), text.replace("*" + x, x), text.replace(" ", ""), "(%s)" % text, "1*(%s)" % text, "2*(%s)/2" % text, "-(-(%s))" % text, "%s + %s - %s" % (text, x, x),
                other, "%s + 0*%s" % (text, x), text[:at] + text[at + 1:], text[:at] + pick("+-*/() 01x") + text[at:], "%s = 0" % text, "%s, 1" % text, text.upper(), "%s + %s*(%s + 1) - %s**2 - %s" % (text, x, x, x, x), text + " # done", "f(x) = " + text, "(%s)**1" % text, "(%s)*%s/%s" % (text, x, x),
                "expand(%s)" % text, "sqrt((%s)**2)" % text, text.replace("2", "2.0", 1), "(%s)*(%s - 1)" % (text, x), "%s/1" % text, text.replace("2", "4/2", 1), "%s + sin(%s)**2 + cos(%s)**2 - 1" % (text, x, x), "log(%s) + %s" % (x, text), text.replace("log(", "log(2*"), text.replace("log(", "ln("), "$%s$" % text, "\\frac{1}{2}" + text,
                text.replace("exp(", "E**("), text + "\n", "Rational(1, 2)*2*(%s)" % text, text.replace("- ", "-").replace("+ ", "+"), text.replace(x + "**2", x + "*" + x)])
        return text


@functools.lru_cache(None)
def solve_rush(config, most=4000):
    """Moves that bring the first car of a Rush Hour board out, as a tuple; none where that takes long to find."""
    cells = {}
    for i, c in enumerate(config):
        if c not in "ox":
            cells.setdefault(c, []).append(i)
    cars = [(p[1] - p[0], len(p)) for _, p in sorted(cells.items())]
    walls = {i for i, c in enumerate(config) if c == "x"}
    start = tuple(p[0] for _, p in sorted(cells.items()))
    seen, queue = {start: ()}, [start]
    for state in queue:
        if state[0] == 16:
            return seen[state]
        if len(seen) > most:
            return ()
        full = walls | {at + k * stride for at, (stride, size) in zip(state, cars) for k in range(size)}
        for i, (stride, size) in enumerate(cars):
            for sign in (1, -1):
                end = state[i] + (size - 1) * stride if sign > 0 else state[i]
                line = end % 6 if stride == 1 else end // 6
                if line != (5 if sign > 0 else 0) and end + sign * stride not in full:
                    after = state[:i] + (state[i] + sign * stride,) + state[i + 1:]
                    if after not in seen:
                        seen[after] = seen[state] + (chr(65 + i) + "%+d" % sign,)
                        queue.append(after)
    return ()


def entries_of(name, data, number):
    """Entries of a data set, with what its own data files would hold where they are not there."""
    if name == "group_anagrams":
        groups = [[["ate", "eat", "tea"], ["bat", "tab"], ["on", "no"]], [["dog", "god"], ["act", "cat"]], [["stale", "least", "tales"], ["x\u00e9", "\u00e9x"]]]
        return [{"question": "", "answer": json.dumps(g), "metadata": {"source_dataset": name, "solution": g}} for g in groups]
    if name == "figlet_font":
        return [{"question": "", "answer": w, "metadata": {"source_dataset": name}} for w in ["WORLD", "hello", "Incomprehensibly", "\u00c4RGER"]]
    return [data[i] for i in range(number)]
