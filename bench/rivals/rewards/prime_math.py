"""PRIME's grader of mathematical answers, in its own repository and in verl."""

import importlib.util
from pathlib import Path

from grader_texts import GraderTexts, each
from mathrows import CLAIMS, MathRows
from published import limit, module

# Forms that math_equal looks for.
MORE = [
    r"2\pi", r"\pi", r"\frac{\pi}{2}", r"\pi/4", r"-\pi", r"3.5\pi", r"2\pi r", r"(1, 2\pi)", r"[0, 2\pi]", r"[0,2\pi)", r"\pi^2", r"6\pi-9", r"36\pi, 24", r"2\pi+1", r"\pi\pi", r"1,000\pi", "6.28", "6.2832", "3.14", "1.57", "0.785",
    "1101_2", "1101", "31_{5}", "x_1", "1_2", "nan_3", "25%", r"25\%", "0.25", "25", "2500", "$25", r"\$25", "$2.50$", "1{,}000", "1000", "1,000",
    "Interval(1,2)", "Interval.open(1, 2)", "Interval.Ropen(0,oo)", "[1,2]", "(1,2)", "[0,oo)", r"[0,\infty)", "Point(1,2)", "Point2D(1, 2)", "Point", "Matrix([[1,2],[3,4]])", "Matrix([1,2])", "[1,2]", "[[1,2],[3,4]]", "[3]", "[x]",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix}3\end{pmatrix}", r"\begin{pmatrix}1\2\end{pmatrix}", "2 or 3", "1 and 2", "x==2", "5!",
    "2^3", "8", "x^2+1", "1+x^2", "2**3", "(x+1)(x-1)", "x^2-1", "sqrt(2)", r"\sqrt{2}", "1.41421", "pi", "E", "2.718", "e", "I", "i", "2+3i", "2+3*I", "3i+2", r"\frac{1}{2}", "1/2", ".5", r"\frac{x+1}{2}", "(x+1)/2", "x/2+1/2",
    "sin(x)", r"\sin x", r"\sin(x)", r"\cos^2 x+\sin^2 x", "1", r"\log_2 8", "log(8,2)", "3", r"\ln e", r"|x-1|", "|1-x|", r"\binom{5}{2}", "10", r"\lfloor 2.5 \rfloor", "2", r"e^{i\theta}", r"x=5", "5", "5x", "x5", "5*x", "oo", r"\infty", r"-\infty", "-oo",
    "f(x)", r"10^{400}", r"10^{401}", "1e400", "{1,2}", r"\{1,2\}", "{3}", "1:2", "0.5", "3 1/2", r"3\frac12", "7/2", "y=2x+1", "2x+1=y", "x<3", "3>x", r"x \le 3", "True", "None", "5 liters", "5 l", "90^\\circ", "90", "90 degrees",
]
ENDS = ["Step 2: so the answer is \\boxed{%s}", "The answer is: %s. I hope so. ", "thus x = %s", "we get %s", "%s is the answer", "it must be %s", "answer: %s\nfoo", "a. %s", "\\fbox{%s}", "x are\n%s", "\\boxed{%s"]


def compute_score(package, given, drop):
    """compute_score of a package with its grader and normal form."""
    grader = module(Path(package, "grader.py"), drop, given)
    normal = module(Path(package, "math_normalize.py"))
    return module(Path(package, "__init__.py"), drop, {**given, "math_normalize": normal, "math_equal": grader.math_equal})


def timeout_limit(seconds, use_signals=False):
    """verl's decorator, by a signal and not by a process. As a context manager, as verl's grader uses it, it raises as there."""
    def decorator(function):
        def call(*args, **kwargs):
            with limit(4):
                return function(*args, **kwargs)
        return call
    return decorator


DROP = [r"^from \.grader import .*?$", r"^from \. import .*?$", r"^from verl\S* import .*?$"]


def rows(o, t):
    m = MathRows(t, o.math_rows)
    m.texts = m.texts + MORE * 2
    out = m.rows(o.rows // 2, CLAIMS + ENDS)
    return out + GraderTexts(t).rows(o.rows // 2, lists=False)


class Verl:
    CHECKOUTS = {"verl": "as above"}

    @staticmethod
    def functions(o, t):
        """Yields for each function its name here, a function of a row, and rows."""
        if importlib.util.find_spec("pylatexenc") is None or importlib.util.find_spec("sympy") is None:
            print("pylatexenc or sympy is not installed: verl.prime_math is not compared")
            return
        loaded = compute_score(Path(o.verl, "verl/utils/reward_score/prime_math"), {"timeout_limit": timeout_limit}, DROP)
        yield "verl.prime_math", each(lambda c, g: loaded.compute_score(c, g)[0], 30), rows(o, t)


class Prime:
    CHECKOUTS = {"prime": "checkout of PRIME-RL/PRIME (needs sympy, antlr4-python3-runtime==4.11.1, pylatexenc)"}

    @staticmethod
    def functions(o, t):
        """Yields for each function its name here, a function of a row, and rows."""
        loaded = compute_score(Path(o.prime, "training/verl/utils/reward_score/evaluation_utils/math_util"), {}, DROP)
        yield "prime.math", each(lambda c, g: loaded.evaluate_math(c, g)[0], 30), rows(o, t)


PUBLISHERS = [Verl, Prime]
