# Runs one program as verl's prime_code does. It knows no expected output.
import ast, builtins, io, os, sys

STARS = "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json builtins typing".split()
NAMES = "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json".split()


# What PRIME's harness takes away from os.
GONE = """kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate replace unlink fchmod fchown chmod chown chroot
    lchflags lchmod lchown getcwd chdir""".split()
START = "".join("from %s import *\n" % m for m in STARS) + "".join("import %s\n" % m for m in NAMES) + "sys.setrecursionlimit(600000)\n"


def guard():
    builtins.exit = builtins.quit = None
    for name in GONE:
        setattr(os, name, None)
    for name in ("subprocess", "ctypes", "ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None


def body(program):
    """A program without the test of __name__ around its last block."""
    try:
        tree = ast.parse(program)
        last = tree.body[-1]
        if isinstance(last, ast.If) and ast.unparse(last.test).strip() == "__name__ == '__main__'":
            return ast.unparse(tree.body[:-1]) + "\n" + ast.unparse(last.body)
    except Exception:
        pass
    return program


def as_function(program):
    """Imports that begin the program stay outside; from its first other line on it is the body of code()."""
    out, inside = [], False
    for line in body(program).split("\n"):
        imports = line.startswith(("from ", "import "))
        if not imports and not inside:
            out.append("stdin = sys.stdin\nstdout = sys.stdout\ndef code():")
            inside = True
        out.append("\t" + line if inside else line)
    return "\n".join(out) + "\n"


def main(program):
    given = sys.stdin.read()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass")
    sys.stdout = open(os.devnull, "w")
    guard()
    scope = {"__name__": "tmp_sol"}
    exec(compile(START + as_function(program), "<string>", "exec"), scope)
    code = scope["code"]
    # A program that kept sys.stdin before it ran reads lines without their ends.
    kept, lines = sys.stdin, iter(given.split("\n"))
    kept.readline, kept.readlines, kept.read = lambda *_: next(lines), lambda *_: given.split("\n"), lambda *_: given
    sys.stdin, sys.stdout = io.StringIO(given), io.StringIO()
    builtins.open = lambda *_, **__: io.StringIO(given)
    try:
        code()
    except SystemExit:
        pass
    answers.write(sys.stdout.getvalue())
    answers.flush()
    os._exit(0)
