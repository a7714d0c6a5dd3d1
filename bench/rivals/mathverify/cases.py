#!/usr/bin/env python3
"""Write Math-Verify's own test cases as JSONL rows for `gradus reward verify`.

The cases are read at run time from the tests in Math-Verify's source package
(`pip download math-verify --no-deps --no-binary :all:`); none is kept here.
A row holds gold, pred, the expected verdict and the parameters of that test:
match_types, precision, strict, allow_set_relation_comp, as its helper
compare_strings names them.

    cases.py math_verify-0.9.0/tests > cases.jsonl
"""
import ast
import json
import math
import pathlib
import sys

PARAMETERS = ("match_types", "precision", "strict", "allow_set_relation_comp")
ALIASES = {"result": "expected"}


def rows_of(function, constants):
    """Yield the parametrized rows of one test that calls compare_strings or verify."""
    fixed = {}
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    names = {c.func.id for c in calls}
    if not names & {"compare_strings", "verify"}:
        return
    for call in calls:
        if call.func.id != "compare_strings":
            continue
        for keyword in call.keywords:
            if keyword.arg in PARAMETERS and not isinstance(keyword.value, ast.Name):
                fixed[keyword.arg] = ast.literal_eval(keyword.value)
    for decorator in function.decorator_list:
        if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr == "parametrize"):
            continue
        fields = [ALIASES.get(f.strip(), f.strip()) for f in ast.literal_eval(decorator.args[0]).split(",")]
        if not {"gold", "pred", "expected"} <= set(fields):
            return
        for values in eval(compile(ast.Expression(decorator.args[1]), "tests", "eval"), dict(constants)):
            row = dict(zip(fields, values))
            yield {**fixed, **row}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in sorted(pathlib.Path(sys.argv[1]).glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for number, row in enumerate(rows_of(node, {"math": math})):
                row["case"] = f"{path.stem}::{node.name}[{number}]"
                row["expected"] = bool(row["expected"])
                print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
