"""Tokens to a program of closures, and its run over a model.

A context is a value with the context that it was found in; the root's is None. Every name of a path adds a level, so
``../`` inside ``{{#a.b}}`` is ``a``, and inside an ``{{#each xs}}`` it is ``xs`` itself.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Optional, TypeGuard, cast

from carom.server.rules.mustachio.escape import escape
from carom.server.rules.mustachio.tokens import UP, Kind, Source, Token

MAX_STEPS = 1_000_000
"""Tags and repetitions that one call of the API may run."""
MAX_OUTPUT = 10_000_000

USED_AS_ARRAY = "'{}' is used like an array by the template, but is a scalar value or object in your model."


class Context(NamedTuple):
    """A value of the model and where it was found."""

    value: Any
    parent: Optional["Context"]


class RenderFailed(Exception):
    """A model does not fit its template, or the two together are more than the budget allows."""


class Budget:
    """What may still be done: steps to run and characters to write, over all that one call renders."""

    __slots__ = ("room", "steps")

    def __init__(self, steps: int = MAX_STEPS, room: int = MAX_OUTPUT) -> None:
        """Begin with so much."""
        self.steps = steps
        self.room = room

    def step(self, number: int) -> None:
        """Spend steps before they are taken. Raises RenderFailed."""
        self.steps -= number
        if self.steps < 0:
            raise RenderFailed("The template takes too many steps to render with this model.")

    def write(self, length: int) -> None:
        """Spend room before it is written to. Raises RenderFailed."""
        self.room -= length
        if self.room < 0:
            raise RenderFailed("The template renders to more text than may be sent.")


Add = Callable[[str], None]
Step = Callable[[Context, Budget, Add], None]
Enter = Callable[[Context], Context]


class Program:
    """A template, ready to run."""

    def __init__(self, run: Step) -> None:
        """Keep its one step."""
        self._run = run

    def render(self, model: Any, budget: Budget | None = None) -> str:
        """Render with a model. Raises RenderFailed."""
        parts: list[str] = []
        self._run(Context(model, None), budget or Budget(), parts.append)
        return "".join(parts)


def compile_tokens(source: Source, *, escaping: bool) -> Program:
    """Compile a source without faults. ``escaping`` is for HTML: ``{{x}}`` is escaped there, and nowhere else."""
    assert not source.faults, "a template with faults cannot run"
    open_: list[tuple[Token, _Block]] = []
    block = _Block()
    for token in source.tokens:
        if token.kind in _SCOPES:
            open_.append((token, block))
            block = _Block()
        elif token.kind is Kind.CLOSE:
            opened, outer = open_.pop()
            outer.steps.append(_SCOPES[opened.kind](opened, block.step()))
            block = outer
        elif token.kind is Kind.TEXT:
            block.literal(token.text)
        elif token.kind is not Kind.CONTENT:
            block.steps.append(_value(token.path, escaping=escaping and token.kind is Kind.VALUE))
    return Program(block.step())


class _Block:
    """The steps of a scope. What they cost at least is spent at once; the length of values as they are written."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._room = 0

    def literal(self, text: str) -> None:
        """Add a text that is always written."""
        self._room += len(text)
        self.steps.append(lambda _context, _budget, add: add(text))

    def step(self) -> Step:
        """Return the one step that takes them all."""
        run, cost, room = tuple(self.steps), len(self.steps) + 1, self._room

        def block(context: Context, budget: Budget, add: Add) -> None:
            budget.step(cost)
            budget.write(room)
            for step in run:
                step(context, budget, add)

        return block


def _value(path: tuple[str, ...], *, escaping: bool) -> Step:
    if len(path) == 1 and path[0] != UP:
        return _plain_value(path[0], escape if escaping else str)
    enter = _entry(path)
    finish = escape if escaping else str

    def run(context: Context, budget: Budget, add: Add) -> None:
        text = finish(printed(enter(context).value))
        budget.write(len(text))
        add(text)

    return run


def _plain_value(name: str, finish: Callable[[str], str]) -> Step:
    """Return the step for a lone name, which most values are: the same, with nothing called that need not be."""

    def run(context: Context, budget: Budget, add: Add) -> None:
        value: Any = context.value
        found: Any = value.get(name) if value.__class__ is dict else None
        text = finish(found if found.__class__ is str else printed(found))
        budget.room -= len(text)
        if budget.room < 0:
            budget.write(0)
        add(text)

    return run


def _if(token: Token, inner: Step) -> Step:
    enter = _entry(token.path)

    def run(context: Context, budget: Budget, add: Add) -> None:
        found = enter(context)
        if found.value:  # null, false, "", 0, [] and {} are what Mustachio says does not exist
            inner(found, budget, add)

    return run


def _unless(token: Token, inner: Step) -> Step:
    enter = _entry(token.path)

    def run(context: Context, budget: Budget, add: Add) -> None:
        found = enter(context)
        if not found.value:
            inner(found, budget, add)

    return run


def _each(token: Token, inner: Step) -> Step:
    enter = _entry(token.path)

    def run(context: Context, budget: Budget, add: Add) -> None:
        found = enter(context)
        if not found.value:
            return
        if not _is_array(found.value):
            raise RenderFailed(USED_AS_ARRAY.format(token.text))
        budget.step(len(found.value))
        for item in found.value:
            inner(Context(item, found), budget, add)

    return run


_SCOPES = {Kind.IF: _if, Kind.UNLESS: _unless, Kind.EACH: _each}


def _entry(path: tuple[str, ...]) -> Enter:
    """Return what finds a path's context."""

    def enter(context: Context) -> Context:
        for element in path:
            context = (
                (context.parent or context) if element == UP else Context(_member(context.value, element), context)
            )
        return context

    return enter


def _is_array(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _member(value: Any, name: str) -> Any:
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None


def printed(value: Any) -> str:
    """Print a value as .NET does; null, arrays and objects are empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value)
    return _float(value) if isinstance(value, float) else ""


def _float(number: float) -> str:
    shortest = repr(number)
    return shortest.removesuffix(".0").upper().replace("INF", "Infinity").replace("NAN", "NaN")
