"""Rendering: what a template says with a model."""

import time
from typing import Any

import pytest

from carom.server.rules.mustachio import Budget, RenderFailed, compile_tokens, expand, read
from carom.server.rules.mustachio.program import USED_AS_ARRAY, printed


def render(text: str, model: Any, *, escaping: bool = False) -> str:
    """Render a template that has no faults."""
    return compile_tokens(read(text), escaping=escaping).render(model)


RENDERED: list[tuple[str, Any, str]] = [
    ("Hello, {{ name }}!", {"name": "Ann"}, "Hello, Ann!"),
    ("{{a.b.c}}|{{a.b}}|{{a.x.c}}", {"a": {"b": {"c": 1}}}, "1||"),
    ("{{Name}}{{name}}", {"name": "x"}, "x"),
    ("{{{{name}}}", {"name": "v"}, "{v"),
    ("{{{{name}}}}", {"name": "v"}, "{v}"),
    ("{{name}}}", {"name": "v"}, "v}"),
    ("{{{name}}", {"name": "v"}, "{v"),
    ("{{{name", {"name": "v"}, "{{{name"),
    ("{{}}", {}, "{{}}"),
    ("{{\nname\n}}", {"name": "v"}, "v"),
    ("{{t}} {{f}} {{z}} {{n}} {{xs}} {{o}} {{s}}",
     {"t": True, "f": False, "z": 0, "n": None, "xs": [1], "o": {"a": 1}, "s": "2026-11-23"},
     "True False 0    2026-11-23"),
    ("{{a}} {{b}} {{c}}", {"a": 1.5, "b": 2.0, "c": 1e30}, "1.5 2 1E+30"),
    ("{{#p}}{{name}}{{other}}{{../other}}{{/p}}", {"p": {"name": "n"}, "other": "o"}, "no"),
    ("{{#a.b}}{{../x}}{{../../x}}{{/a.b}}", {"a": {"b": 1, "x": "in a"}, "x": " in root"}, "in a in root"),
    ("{{../../../x}}", {"x": "still"}, "still"),
    ("{{a../x}}", {"a": {}, "x": "beside"}, "beside"),
    ("{{#each xs}}{{.}},{{/each}}", {"xs": [1, "a", True, None]}, "1,a,True,,"),
    ("{{#each xs}}{{x}}{{../../y}};{{/each}}", {"xs": [{"x": 1}, {"x": 2}], "y": "y"}, "1y;2y;"),
    ("{{#each xs}}{{../y}}{{/each}}", {"xs": [1], "y": "y"}, ""),
    ("{{#each xs}}{{#each .}}{{.}}{{/each}};{{/each}}", {"xs": [[1, 2], [3]]}, "12;3;"),
    ("{{#each xs}}{{/each}}", {}, ""),
    ("{{#xs}}once{{/xs}}", {"xs": [1, 2, 3]}, "once"),
    ("{{xs.0}}", {"xs": [1]}, ""),
    ("{{this}}", {"this": "a key"}, "a key"),
    ("{{#c}}yes{{^c}}no{{/c}}", {"c": 1}, "yes"),
    ("{{#c}}yes{{^c}}no{{/c}}", {"c": 0}, "no"),
    ("{{^c}}no{{#c}}yes{{/c}}", {}, "no"),
    ("{{^c}}{{../y}}{{/c}}", {"y": "y"}, "y"),
    ("{{#c}}\n{{! gone }}\n{{/c}}", {"c": 1}, "\n\n"),
    ("{{{ pm:unsubscribe }}}", {}, "{{{ pm:unsubscribe }}}"),
    ("{{ }}", "root", "root"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "model", "rendered"), RENDERED)
def test_a_template_renders_as_mustachio_does(text: str, model: Any, rendered: str) -> None:
    """Paths, scopes, values and literal braces."""
    assert render(text, model) == rendered


@pytest.mark.parametrize("value", [None, False, "", 0, 0.0, [], {}])
def test_what_does_not_exist_is_falsy(value: Any) -> None:
    """Null, false, the empty text, any zero, the empty array and object; and an each over it is empty."""
    assert render("{{#x}}a{{/x}}{{^x}}b{{/x}}{{#each x}}c{{/each}}", {"x": value}) == "b"


@pytest.mark.parametrize("value", ["text", 1, True, {"a": 1}])
def test_an_each_over_anything_but_an_array_fails_by_name(value: Any) -> None:
    """The message has the path."""
    with pytest.raises(RenderFailed) as failed:
        render("{{#each a.xs}}{{/each}}", {"a": {"xs": value}})
    assert str(failed.value) == USED_AS_ARRAY.format("a.xs")


def test_only_the_double_braces_of_html_are_escaped() -> None:
    """As .NET's HtmlEncode: five characters, Latin-1's upper half, and what is beyond the first plane."""
    model = {"x": "<a href=\"'&'\">\u00a0é\u0100€😀"}
    raw = model["x"]
    escaped = "&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;&#160;&#233;\u0100€&#128512;"
    assert render("{{x}}|{{{x}}}|{{&x}}", model, escaping=True) == f"{escaped}|{raw}|{raw}"
    assert render("{{x}}", model) == raw


def test_a_layout_shares_its_model_and_scope_with_what_is_in_it() -> None:
    """The template's tokens stand in the place of the placeholder."""
    layout = read("<{{#p}}{{{ @content }}}{{/p}}>{{x}}", layout=True)
    program = compile_tokens(expand(layout, read("{{x}}{{../x}}")), escaping=False)
    assert program.render({"p": {"x": "in"}, "x": "out"}) == "<inout>out"


def test_a_layout_by_itself_has_nothing_in_it() -> None:
    """Its placeholder renders to nothing."""
    assert compile_tokens(read("<{{{@content}}}>", layout=True), escaping=True).render({}) == "<>"


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("{{#each a}}{{#each ../../a}}{{#each ../../../../a}}x{{/each}}{{/each}}{{/each}}", {"a": [1] * 10_000}),
        ("{{x}}" * 1000, {"x": "<" * 1_000_000}),
        ("{{#each a}}{{.}}{{.}}{{.}}{{/each}}", {"a": list(range(1_000_000))}),
    ],
    ids=["nested", "large", "long"],
)
def test_a_hostile_template_is_stopped_within_a_second(text: str, model: Any) -> None:
    """Steps are counted before they are taken, and room before it is written to."""
    begun = time.process_time()
    with pytest.raises(RenderFailed):
        render(text, model, escaping=True)
    assert time.process_time() - begun < 1


def test_a_budget_goes_over_all_that_it_is_given_to() -> None:
    """A batch has one."""
    program, budget = compile_tokens(read("{{x}}"), escaping=False), Budget(room=5)
    assert program.render({"x": "abc"}, budget) == "abc"
    with pytest.raises(RenderFailed):
        program.render({"x": "abc"}, budget)


@pytest.mark.parametrize(
    ("value", "text"), [(1e16, "1E+16"), (1e-7, "1E-07"), (-2.50, "-2.5"), (10**40, "1" + "0" * 40)]
)
def test_numbers_print_their_shortest_form(value: Any, text: str) -> None:
    """Without regard to any language."""
    assert printed(value) == text
