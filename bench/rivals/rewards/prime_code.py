"""verl's prime_code: programs, right and wrong in many ways, with their tests."""

import importlib
import json
import sys
import types

ECHO = {"inputs": ["3 4\n", "10 -2\n", "0 0"], "outputs": ["7\n", "8\n", "0"]}
FLOATS = {"inputs": ["1\n", "2\n"], "outputs": ["0.333333\n", "0.666667\n"]}
LINES = {"inputs": ["2\n", "3\n"], "outputs": ["1\n2\n", "1\n2\n3\n"]}
CALL = {"fn_name": "add", "inputs": ["3\n4", "[1]\n[2]", "1\n1"], "outputs": ["7", "[1, 2]", "[2]"]}
PAIR = {"fn_name": "pair", "inputs": ["1\n2", "3\n4"], "outputs": ["[1, 2]", "[[3, 4], 5]"]}
MANY = {"inputs": ["%d\n" % i for i in range(12)], "outputs": ["%d\n" % (2 * i) for i in range(12)]}
EMPTY = {"inputs": ["1\n"], "outputs": [""]}
WORDS = {"inputs": ["x\n"], "outputs": ["a b\n\nc "]}

ADD = "a, b = map(int, input().split())\n"
PROGRAMS = [
    (ECHO, ADD + "print(a + b)"), (ECHO, ADD + "print(a - b)"), (ECHO, ADD + "print(' ', a + b, '\\n\\n')"), (ECHO, ADD + "print(a + b, 1)"), (ECHO, ADD + "print(float(a + b))"), (ECHO, ADD + "print(a + b if a != 10 else 'x')"),
    (ECHO, ADD + "print(a + b)\nexit()"), (ECHO, "import sys\n" + ADD + "print(a + b)\nsys.exit(1)"), (ECHO, ADD + "print(a + b)\nraise SystemExit"), (ECHO, ADD + "print(a + b)\n1 / 0"), (ECHO, "import sys\nprint(sum(map(int, sys.stdin.read().split())))"),
    (ECHO, "print(sum(map(int, stdin.readline().split())))"), (ECHO, "from sys import stdin\nfor line in stdin:\n    print(sum(map(int, line.split())))"), (ECHO, "import sys\nfor line in sys.stdin:\n    print(sum(map(int, line.split())))"), (ECHO, "print(sum(map(int, open(0).read().split())))"),
    (ECHO, "def main():\n    " + ADD + "    print(a + b)\nif __name__ == '__main__':\n    main()"), (ECHO, "if __name__ == '__main__':\n    " + ADD + "    print(a + b)\nx = 1"), (ECHO, ADD + "def f():\n    global a\n    a += b\nf()\nprint(a)"), (ECHO, ADD + "print([a + b for _ in range(1)][0])"),
    (ECHO, ADD + "print(a +"), (ECHO, ""), (ECHO, "pass"), (ECHO, ADD + "sys.stdout.write(str(a + b))"), (ECHO, ADD + "stdout.write(str(a + b))"), (ECHO, "import os\nos.system('true')\n" + ADD + "print(a + b)"), (ECHO, ADD + "print(reduce(add, [a, b]))"),
    (ECHO, "x = input()\ny = input()\nprint(1)"), (ECHO, "  " + ADD + "print(a)"), (ECHO, "'''\ndoc\n'''\n" + ADD + "print(a + b)"), (ECHO, ADD + "import math\nprint(math.floor(a + b))"), (ECHO, ADD + "return print(a + b)"),
    (FLOATS, "n = int(input())\nprint(n / 3)"), (FLOATS, "n = int(input())\nprint('%.4f' % (n / 3))"), (FLOATS, "n = int(input())\nprint('%.7e' % (n / 3))"), (FLOATS, "print('nan')"), (FLOATS, "n = int(input())\nprint(n // 3)"),
    (LINES, "for i in range(int(input())):\n    print(i + 1)"), (LINES, "print(*range(1, int(input()) + 1))"), (LINES, "for i in range(int(input())):\n    print('', i + 1, end=' \\n\\n')"), (LINES, "print('\\r\\n'.join(str(i + 1) for i in range(int(input()))))"), (LINES, "print('\\x0c'.join(str(i + 1) for i in range(int(input()))))"),
    (LINES, "for i in range(int(input())):\n    print(i + 1.0)"), (LINES, "for i in range(int(input())):\n    print('0%d' % (i + 1))"), (LINES, "print('1')"), (WORDS, "print('a b')\nprint()\nprint('c')"), (WORDS, "print('a b')\nprint('c')"), (WORDS, "print('a  b')\nprint('c')"),
    (EMPTY, "input()"), (EMPTY, "print()"), (EMPTY, "print('x')"), (MANY, "print(2 * int(input()))"), (MANY, "n = int(input())\nprint(2 * n if n < 10 else 0)"), (MANY, "n = int(input())\nprint(2 * n if n % 3 else 1)"), (MANY, "n = int(input())\nprint(2 * n + (n == 0))"),
    (CALL, "def add(a, b):\n    return a + b"), (CALL, "class Solution:\n    def add(self, a, b):\n        return a + b"), (CALL, "def add(a, b):\n    return tuple(a + b) if isinstance(a, list) else a + b"), (CALL, "def add(a, b):\n    print('x')\n    return str(a + b)"), (CALL, "def sub(a, b):\n    return a"),
    (CALL, "def add(a):\n    return a"), (CALL, "def add(a, b):\n    return float(a + b)"), (CALL, "def add(a, b) return 1"), (CALL, "def add(a, b):\n    raise ValueError"), (CALL, "def add(a: List[int], b):\n    return reduce(lambda x, y: x + y, [a, b])"), (CALL, "add = 5"),
    (PAIR, "def pair(a, b):\n    return [a, b]"), (PAIR, "def pair(a, b):\n    return a, b"), (PAIR, "def pair(a, b):\n    return [(a, b)]"), (PAIR, "def pair(a, b):\n    return a"), (PAIR, "def pair(a, b):\n    return None"),
]


def functions(o, t):
    """Yields the function's name here, a function of a row, and rows."""
    pyext = types.ModuleType("pyext")

    class RuntimeModule:
        """What the package pyext does for them; it does not run on Python 3.11."""

        @staticmethod
        def from_string(name, doc, source):
            made = types.ModuleType(name, doc)
            exec(compile(source, "<string>", "exec"), made.__dict__)
            return made
    pyext.RuntimeModule = RuntimeModule
    sys.modules["pyext"] = pyext
    package = types.ModuleType("published_prime_code")
    package.__path__ = [o.verl + "/verl/utils/reward_score/prime_code"]
    sys.modules[package.__name__] = package
    source = open(package.__path__[0] + "/__init__.py", encoding="utf-8").read()
    package.__package__ = package.__name__
    importlib.import_module("published_prime_code.utils")
    exec(compile(source, "prime_code", "exec"), package.__dict__)

    def call(row):
        return [float(package.compute_score(c, json.dumps(row["kwargs"]["ground_truth"][0]), continuous=True)[0]) for c in row["completions"]]

    rows = []
    for tests, program in PROGRAMS:
        form = t.random.choice(["```python\n%s\n```", "so\n```python\nx\n```\nno,\n```python\n%s\n```\ndone", "%s", "```python\n%s"])
        rows.append({"completions": [form % program], "kwargs": {"ground_truth": [tests]}, "params": {}})
    yield "verl.prime_code", call, rows
