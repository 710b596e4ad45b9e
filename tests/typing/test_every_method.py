"""Every public method of the four clients, of pagers and of bounces has an assertion of its type, sync and async."""

import ast
from pathlib import Path

import pytest

import carom

FILES = sorted(Path(__file__).parent.glob("test_*.py"))
CLASSES: list[type] = [
    carom.ApiClient,
    carom.AsyncApiClient,
    carom.AccountApiClient,
    carom.AsyncAccountApiClient,
    carom.Bounce,
    carom.AsyncBounce,
    carom.Pager,
    carom.AsyncPager,
]
# What gives nothing; and for the parts of Carom that send what they have made themselves.
_LEFT_OUT = {"close", "deliver_letter", "deliver_fields"}


def asserted(kind: str) -> set[str]:
    """The attributes of a class that stand in an ``assert_type`` of a function whose parameter is of that class."""
    found: set[str] = set()
    for file in FILES:
        for function in ast.walk(ast.parse(file.read_text())):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            names = {
                argument.arg
                for argument in function.args.args
                if argument.annotation is not None and ast.unparse(argument.annotation).partition("[")[0] == kind
            }
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "assert_type":
                    found |= {
                        part.attr
                        for part in ast.walk(call.args[0])
                        if isinstance(part, ast.Attribute) and ast.unparse(part.value) in names | {kind}
                    }
    return found


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_public_method_has_its_assertion(kind: type) -> None:
    inherited = set(dir(carom.BounceDump)) | {"count", "index"}  # of every result
    public = {name for name, value in vars_of(kind).items() if callable(value) or isinstance(value, classmethod)}
    missing = public - asserted(kind.__name__) - _LEFT_OUT - inherited
    assert not missing, ", ".join(sorted(missing))


def vars_of(kind: type) -> dict[str, object]:
    """The public names of a class and of those it is made of."""
    return {name: value for part in kind.__mro__ for name, value in vars(part).items() if not name.startswith("_")}
