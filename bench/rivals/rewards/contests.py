"""Problems for competitions with programs that are right and wrong in many ways."""

import json

SUM = "a, b = map(int, input().split())\n"
LONG = "while True:\n    pass"
CPP = "#include <cstdio>\n#include <cstdlib>\nint main() { long a, b; scanf(\"%ld %ld\", &a, &b); "

# Programs for the sum of two numbers, by language.
SUMS = {
    "python": [SUM + "print(a + b)", SUM + "print(a + b)", SUM + "print(a - b)", SUM + "print(a + b if a < 10 else 0)", SUM + "print(a + b if b % 2 else 'x')", SUM + "print('', a + b, '\\n\\n')",
               SUM + "print(float(a + b))", SUM + "print(a + b)\nraise SystemExit(3)", SUM + "print(a + b)\n1 / 0", SUM + "print(a + b", "", "pass", "\n", LONG, SUM + "print(a + b)\n" + LONG,
               SUM + "import sys\nprint('Time limit exceeded', file=sys.stderr)\nprint(a - b)", SUM + "x = bytearray(1 << 30)\nprint(a + b)", "import os\nos.kill(os.getpid(), 9)", "import os\nos.abort()",
               "import sys\nsys.setrecursionlimit(10 ** 6)\ndef f(n):\n    return 0 if n == 0 else f(n - 1)\nf(20000)\n" + SUM + "print(a + b)", SUM + "print('\\r\\n'.join(['', str(a + b), '']))",
               SUM + "print(a + b, end='\\x00')", SUM + "print('caf\\u00e9', a + b)", "print(open('input.txt').read())", "print(open('correct_output.txt').read())",
               "import sys\nprint(sum(map(int, sys.stdin.read().split())))", SUM + "print(str(a + b).zfill(5))", SUM + "print(1)", SUM + "from fractions import gcd\nprint(a + b + gcd(2, 4) - 2)", SUM + "import fractions\nprint(a + b + fractions.gcd(2, 4) - 2)"],
    "cpp": [CPP + "printf(\"%ld\\n\", a + b); }", CPP + "printf(\"%ld\", a + b); }", CPP + "printf(\"%ld\\n\", a - b); }", CPP + "printf(\"%ld\\n\", a < 10 ? a + b : 0); }", CPP + "printf(\"%ld\\n\", a + b); return 7; }",
            CPP + "printf(\"%ld\\n\", a + b); abort(); }", CPP + "printf(\"%ld\\n\", a + c); }", CPP + "for (;;) ; }", CPP + "printf(\"%ld\\n\", a + b) }", CPP + "int *p = 0; *p = 1; }", CPP + "char *p = (char *)malloc(1 << 30); if (!p) return 1; printf(\"%ld\\n\", a + b); }",
            "#include <cstdio>\nlong f(long n) { volatile char x[1000]; x[0] = n; return n ? f(n - 1) + x[0] * 0 : 0; }\nint main() { long a, b; scanf(\"%ld %ld\", &a, &b); printf(\"%ld\\n\", a + b + f(20000)); }",
            "int main() { return 0; }", "int main() { std::cout << 1; }", "int main() { long a, b; cin >> a >> b; cout << a + b << endl; }", "int main() { long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }",
            "#ifndef ONLINE_JUDGE\n#error no\n#endif\n" + CPP + "printf(\"%ld\\n\", a + b); }", "#include \"nowhere.h\"\nint main() {}"],
}
# Programs for whether a number is even, answered by yes or no.
PARITY = ["print('yes' if int(input()) % 2 == 0 else 'no')", "print('YES' if int(input()) % 2 == 0 else 'No')", "print('yes' if int(input()) % 2 else 'no')", "print('yes-' if int(input()) % 2 == 0 else 'no-')", "print('\\n\\nyEs\\n' if int(input()) % 2 == 0 else ' nO ')", "print('yes')", "print('y es' if int(input()) % 2 == 0 else 'n o')", "print('yes_' if int(input()) % 2 == 0 else 'no')"]
# Two numbers of a given sum: any will do.
PAIRS = ["n = int(input())\nprint(1, n - 1)", "n = int(input())\nprint(n, 0)", "n = int(input())\nprint(n, 1)", "n = int(input())\nprint(n - 2)\nprint(2)", "n = int(input())\nprint('x')", "input()", "n = int(input())\nprint(*[n - 1, 1] if n % 3 else [0])", "n = int(input())\nprint(n - 3, 3)\nraise SystemExit(1)"]
PAIR_CHECKER = """import sys
def main():
    n = int(open(sys.argv[1]).read())
    want = open(sys.argv[2]).read().split()
    got = open(sys.argv[3]).read().split()
    ok = len(got) == 2 and len(want) == 2 and sum(map(int, got)) == n
    print(%s)
main()
"""
CHECKERS = [PAIR_CHECKER % "1 if ok else 0", PAIR_CHECKER % "100 if ok else 0", PAIR_CHECKER % "'1' if ok else 'wrong'", PAIR_CHECKER % "' 1 ' if ok else ''", PAIR_CHECKER % "'1\\n0' if ok else 0", PAIR_CHECKER % "1.0 if ok else 0.0",
            PAIR_CHECKER % "'1\\n0\\n0' if ok else 0", PAIR_CHECKER % "1 if ok else 0" + "raise SystemExit(2)\n", PAIR_CHECKER % "50 if ok else 0", "print(1)", "1 / 0", "print(", "", None, PAIR_CHECKER % "1 if ok else 0" + "import sys\nprint('x', file=sys.stderr)\n",
            "import sys\nwhile True:\n    sys.stdout.write('1' * 65536)\n", "import sys\nprint(1 if open(sys.argv[2]).read() == '1 1\\n' else 0)"]
# Programs that read input.txt and write output.txt.
FILES = ["a, b = map(int, open('input.txt').read().split())\nopen('output.txt', 'w').write(str(a + b))", "a, b = map(int, open('input.txt').read().split())\nprint(a + b)", "a, b = map(int, open('input.txt').read().split())\nopen('output.txt', 'w').write('%d\\n\\n' % (a - b))",
         "import sys\nsys.stdin = open('input.txt')\nsys.stdout = open('output.txt', 'w')\n" + SUM + "print(a + b)", "open('output.txt', 'w').write('1')\n1 / 0"]
FORMS = ["```%s\n%s\n```", "so\n```%s\n%s\n```\nand so on", "<think>\n```%s\nx\n```\n</think>\n```%s\n%s```", "```%s\n%s\n```\n```text\nno\n```", "```%s \n%s\n```", "```%s\n%s", "%s: %s", "```%s\n%s```x```"]

HEADER = ["graders/add.h", "long add(long a, long b);\n"]
GRADER = ["graders/grader.cpp", "#include \"add.h\"\n#include <cstdio>\nint main() { long a, b; while (scanf(\"%ld %ld\", &a, &b) == 2) printf(\"%ld\\n\", add(a, b)); }\n"]
# Gives half for an answer that is off by one, and says so.
CHECKER = """#include <cstdio>
#include <cstdlib>
int main(int n, char **v) {
  FILE *c = fopen(v[2], "r"), *o = fopen(v[3], "r");
  long x, y; double score = 1;
  while (fscanf(c, "%%ld", &x) == 1) {
    if (fscanf(o, "%%ld", &y) != 1) { score = 0; break; }
    if (labs(x - y) == 1) score = score < 0.5 ? score : 0.5; else if (x != y) { score = 0; break; }
  }
  %s
}
"""
SAYS = ['printf("%.3f\\n", score); fprintf(stderr, "%s\\n", score == 1 ? "Output is correct" : score > 0 ? "Partially" : "Output isn\'t correct");', 'printf("%g", score);', 'printf("%g", score / 3); return 1;', 'puts("good");', "return 3;", "return 0;", 'printf("%s", score == 1 ? "1" : "0"); fprintf(stderr, "MemoryError"); return 1;', "this is no C++", "abort();", 'printf("1_0e-1");']
MANAGER = """#include <cstdio>
int main(int n, char **v) {
  long a, b, s = 0, ok = 1;
  FILE *out = fopen(v[2], "w"), *in = fopen(v[1], "r");
  while (scanf("%ld %ld", &a, &b) == 2) {
    fprintf(out, "%ld %ld\\n", a, b); fflush(out);
    if (fscanf(in, "%ld", &s) != 1) { fprintf(stderr, "nothing came\\n"); ok = 0; break; }
    if (s != a + b) ok = 0;
  }
  fprintf(out, "0 0\\n"); fflush(out);
  printf("%ld\\n", ok); fprintf(stderr, ok ? "Output is correct\\n" : "Output isn't correct\\n");
}
"""
STUB = ["graders/stub.cpp", "#include \"add.h\"\n#include <cstdio>\nint main() { long a, b; while (scanf(\"%ld %ld\", &a, &b) == 2 && (a || b)) { printf(\"%ld\\n\", add(a, b)); fflush(stdout); } }\n"]
ADDS = ["#include \"add.h\"\nlong add(long a, long b) { return a + b; }", "long add(long a, long b) { return a + b; }", "#include \"add.h\"\nlong add(long a, long b) { return a - b; }", "#include \"add.h\"\nlong add(long a, long b) { return a + b + 1; }", "#include \"add.h\"\nlong add(long a, long b) { return a < 10 ? a + b : 0; }",
        "#include \"add.h\"\nlong add(long a, long b) { for (;;) ; }", "#include \"add.h\"\nlong add(long a, long b) { return *(long *)0; }", "#include \"add.h\"\nlong add(long a, long b) { return c; }", "long sub(long a, long b) { return a - b; }", "#include \"add.h\"\n#include <cstdlib>\nlong add(long a, long b) { exit(0); }",
        "#include \"add.h\"\n#include <cstdlib>\nlong add(long a, long b) { exit(3); }", "#include \"add.h\"\n#include <cstdio>\nlong add(long a, long b) { puts(\"1\"); return a + b; }", "#include \"add.h\"\n#include <cstdlib>\n#include <cstring>\nlong add(long a, long b) { void *p = malloc(1l << 30); memset(p, 1, 1l << 30); return a + b; }", "", "#include \"add.h\"\n#ifdef EVAL\nlong add(long a, long b) { return a + b; }\n#endif",
        "#include \"add.h\"\nusing namespace std;\nlong add(long a, long b) { return max(a, b) + min(a, b); }"]


def settings(kind, **more):
    given = {"task_type": kind, "code": "add", "time_limit": 4.0, "memory_limit": 268435456}
    given.update(more)
    return ["graders/grader_config.json", json.dumps({k: v for k, v in given.items() if v is not None}, separators=(",", ": "))]


class Contests:
    """Rows of problems with four completions each."""

    def __init__(self, random):
        self.random = random
        self.forms = FORMS[:1] * 10 + FORMS

    def completion(self, language, program):
        form = self.random.choice(self.forms)
        parts = form.count("%s")
        return form % tuple([language] * (parts - 1) + [program])

    def numbers(self, n):
        return [(self.random.randrange(-5, 25), self.random.randrange(25)) for _ in range(n)]

    def cf(self):
        """A row for cf_code_reward."""
        r = self.random
        kind = r.choice(["sum", "sum", "sum", "parity", "pair", "pair", "file"])
        language = "cpp" if kind == "sum" and r.random() < 0.4 else "python"
        checker, mode = "", "stdio"
        if kind == "parity":
            tests = [{"input": "%d\n" % n, "output": r.choice(["%s\n", "%s", "\r\n%s\r\n\r\n", " %s\n"]) % r.choice(["YES" if n % 2 == 0 else "NO", "Yes" if n % 2 == 0 else "No"])} for n, _ in self.numbers(r.randrange(1, 4))]
            programs = PARITY
        elif kind == "pair":
            tests = [{"input": "%d\r\n" % n, "output": "%d %d" % (n - 1, 1)} for _, n in self.numbers(r.randrange(1, 4))]
            programs, checker = PAIRS, r.choice(CHECKERS)
        else:
            tests = [{"input": r.choice(["%d %d\n", "%d %d", "%d %d\r\n"]) % (a, b), "output": r.choice(["%d\n", "%d", "%d\n\n", "%05d\n"] if r.random() < 0.1 else ["%d\n", "%d"]) % (a + b)} for a, b in self.numbers(r.randrange(1, 5))]
            programs = SUMS[language]
            if kind == "file":
                programs, mode = FILES, "file"
        if r.random() < 0.03:
            tests.append({"input": "1 1\n", "output": r.choice(["", "-n\n", "__NO_CORRECT_OUTPUT__\n"])})
        columns = {"official_tests": tests, "generated_checker": checker, "time_limit": r.choice([4.0, 4, 4.5]), "memory_limit": r.choice([256.0, 256, 128.0]), "input_mode": mode, "language": language, "id": r.choice(["9999/A", "9999/A", "9999/A", "7/B"])}
        if r.random() < 0.12:
            columns.update(r.choice([{"official_tests": None}, {"official_tests": []}, {"generated_checker": None}, {"time_limit": None}, {"language": None}, {"language": "java"}, {"id": "A/9999"}, {"id": None}, {"input_mode": None}, {"official_tests": [{"input": "1 1"}]}, {"official_tests": "none"}, {"time_limit": "4"}, {"memory_limit": "256"}, {"memory_limit": None}, {"time_limit": 0}]))
        if r.random() < 0.06:
            del columns[r.choice(["official_tests", "generated_checker", "time_limit", "memory_limit", "input_mode", "language", "id"])]
        params = {"scoring_mode": r.choice(["weighted_sum", "weighted_sum", "partial", "pass_fail"]), "test_batch_size": r.choice([1, 1, 2, 3, -1, 0]), "patch_code": r.random() < 0.3}
        return {"completions": [self.completion(language, p) for p in r.choices(programs, k=4)], "kwargs": {k: [v] * 4 for k, v in columns.items()}, "params": params}

    def ioi(self):
        """A row for ioi_code_reward."""
        r = self.random
        kind = r.choice(["diff", "checker", "checker", "manager"])
        files = [HEADER, settings("Batch")]
        if kind == "manager":
            files = [HEADER, settings("Communication", task_type_parameters_Communication_num_processes=r.choice([1, None]), task_type_parameters_Communication_user_io=r.choice(["std_io", None])), STUB, ["graders/manager.cpp", MANAGER]]
        else:
            files.append(GRADER)
            if kind == "checker":
                files.append(["checker/checker.cpp", CHECKER.replace("%%", "%").replace("%s", r.choice(SAYS[:2] * 4 + SAYS), 1)])
        cases = []
        for _ in range(r.randrange(1, 4)):
            pairs = self.numbers(r.randrange(1, 4))
            output = "".join("%d\n" % (a + b) for a, b in pairs)
            cases.append(["".join("%d %d\n" % (abs(a) + 1, b + 1) for a, b in pairs) if kind == "manager" else "".join("%d %d\n" % p for p in pairs), r.choice([output, output, output, output.strip(), output.replace("\n", " \n")]) if kind != "manager" or r.random() < 0.5 else ""])
        names = ["%d-%02d" % (i, i) for i in range(len(cases))]
        columns = {"id": "add", "subtask": "01-one", "score": r.choice([10, 31]), "score_precision": r.choice([2, 2, 0, 1, None]), "test_names": names, "test_cases": r.choice([cases, dict(zip(names, cases))]), "time_limit": 4.0, "memory_limit": 268435456, "grader_files": files, "year": 2024}
        if r.random() < 0.12:
            columns.update(r.choice([{"test_names": []}, {"test_names": names + ["x"]}, {"test_cases": None}, {"grader_files": [f for f in files if "config" not in f[0]]}, {"grader_files": [f for f in files if f[0] != HEADER[0]]}, {"time_limit": None}, {"id": "Add"}, {"id": "sub"}, {"grader_files": files + [["graders/empty.h", ""]]},
                                     {"grader_files": [f if "config" not in f[0] else settings("Other") for f in files]}, {"grader_files": [f if "config" not in f[0] else settings("Batch", code="sub") for f in files]}, {"grader_files": [f if "config" not in f[0] else settings("Batch", time_limit=None) for f in files]}, {"test_cases": [c[:1] for c in cases]}]))
        if r.random() < 0.06:
            del columns[r.choice(["subtask", "score", "score_precision", "test_names", "time_limit", "memory_limit", "grader_files"])]
        return {"completions": [self.completion("cpp", p) for p in r.choices(ADDS, k=4)], "kwargs": {k: [v] * 4 for k, v in columns.items()}, "params": {"test_batch_size": r.choice([1, 1, 2, 3, -1])}}
