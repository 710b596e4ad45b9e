"""Reading templates: the faults of each, by text and place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carom.server.rules.mustachio import Budget, RenderFailed, compile_tokens, expand, read, suggest
from carom.server.rules.mustachio import tokens as t

FAULTS: list[tuple[str, list[str]]] = [
    ("no tags", []),
    ("{{}}", []),
    ("{{name", []),
    ("{{ }}", []),
    ("{{.}}{{a.b}}{{../a.b}}{{../}}{{a../b}}{{é_1}}", []),
    ("{{# x }}{{/x}}{{^ x }}{{/ x }}", []),
    ("{{#c}}yes{{^c}}no{{/c}}{{^c}}no{{#c}}yes{{/c}}", []),
    ("{{! anything - at @ all }}", []),
    ("{{#each xs}}{{.}}{{/each}}", []),
    ("{{{ pm:unsubscribe }}}{{{pm:unsubscribe_url}}}", []),
    ("1{{first name}}", [t.BAD_PATH_TEXT.format("first name")]),
    ("{{ #x }}", [t.BAD_PATH_TEXT.format("#x")]),
    ("{{a-b}}", [t.BAD_PATH_TEXT.format("a-b")]),
    ("{{./a}}", [t.BAD_PATH_TEXT.format("./a")]),
    ("{{..}}", [t.BAD_PATH_TEXT.format("..")]),
    ("{{...}}", [t.BAD_PATH_TEXT.format("...")]),
    ("{{a/b}}", [t.BAD_PATH_TEXT.format("a/b")]),
    ("{{@index}}", [t.BAD_PATH_TEXT.format("@index")]),
    ("{{a[0]}}", [t.BAD_PATH_TEXT.format("a[0]")]),
    ("{{> part}}", [t.BAD_PATH_TEXT.format("> part")]),
    ("{{{a$}}}", [t.BAD_PATH_TEXT.format("a$")]),
    ("{{{ @content }}}", [t.BAD_PATH_TEXT.format("@content")]),
    (
        "xzyhj{{#company.address_line_1}}\nasdf{{dsadskl-sasa@}}\n{{/each}}",
        [t.NOT_CLOSED.format("company.address_line_1"), t.BAD_PATH_TEXT.format("dsadskl-sasa@"), t.EACH_NOT_OPEN],
    ),
    ("a{{name}}dd\ndd{{/each}}dd", [t.EACH_NOT_OPEN]),
    ("{{#each}}", [t.EACH_WITHOUT_PATH, t.NOT_CLOSED.format("each")]),
    ("{{#each }}{{/each}}", [t.EACH_WITHOUT_PATH]),
    ("{{#each\txs}}{{/each}}", [t.EACH_WITHOUT_PATH]),
    ("{{#eachother}}{{/eachother}}",
     [t.EACH_WITHOUT_PATH, t.NOT_CLOSED.format("eachother"), t.EACH_CLOSED_BADLY]),
    ("{{#each xs}}{{/each xs}}{{/each}}", [t.EACH_CLOSED_BADLY]),
    ("{{#each xs}}", [t.NOT_CLOSED.format("xs")]),
    ("{{#each xs}}{{/xs}}{{/each}}", [t.MISMATCHED]),
    ("{{#a}}{{/b}}{{/a}}", [t.MISMATCHED]),
    ("{{/a}}", [t.MISMATCHED]),
    ("{{#a}}{{/each}}{{/a}}", [t.EACH_NOT_OPEN]),
    ("{{#a b}}{{/a b}}", [t.BAD_PATH_TEXT.format("a b")]),
    ("{{#a}}{{#a}}{{/a}}{{/a}}", [t.MISMATCHED]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "messages"), FAULTS)
def test_every_fault_is_told_in_the_order_of_its_place(text: str, messages: list[str]) -> None:
    """None stops the reading."""
    assert [fault.message for fault in read(text).faults] == messages


def test_places_count_from_one_and_mark_the_first_brace() -> None:
    """Of the tag; of the opening tag where a scope stays open."""
    faults = read("ab{{#open}}\n\n  {{a-b}}{{{c d}}}").faults
    assert [(fault.line, fault.position) for fault in faults] == [(1, 3), (3, 3), (3, 10)]


def test_only_a_layout_has_a_place_for_content() -> None:
    """With or without spaces; each is counted."""
    assert read("{{{ @content }}}{{{@content}}}", layout=True).placeholders == 2
    assert read("a {{@content}} b", layout=True).placeholders == 0


def test_scopes_go_a_hundred_names_deep_and_no_further() -> None:
    """Names and scopes add up."""
    assert not read("{{#a.b}}" + "{{c" + ".c" * (t.MAX_DEPTH - 3) + "}}{{/a.b}}").faults
    [fault] = read("{{#a.b}}" + "{{c" + ".c" * (t.MAX_DEPTH - 2) + "}}{{/a.b}}").faults
    assert "more than 100 names deep" in fault.message
    assert t.TOO_DEEP.format(".") in {fault.message for fault in read("{{#a}}{{#.}}" * t.MAX_DEPTH).faults}


PIECES = ["{{", "}}", "{{{", "}}}", "#", "^", "/", "&", "!", "each ", "each", "a", "b.c", "../", ".", " ", "\n", "é", "-",
          "{{#a}}", "{{/a}}", "{{^a}}", "{{#each a}}", "{{/each}}", "{{{ @content }}}", "{{a}}", "{{.}}"]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "b", "c", "each"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TEXTS, TEXTS, VALUES, st.booleans())
def test_any_text_reads_and_what_has_no_faults_renders_within_its_budget(
    text: str, inner: str, model: object, escaping: bool
) -> None:
    """Nothing but RenderFailed comes out, and never more than there is room for."""
    source = expand(read(text, layout=True), read(inner))
    suggest([source])
    if source.faults:
        assert all(fault.line >= 1 and fault.position >= 1 for fault in source.faults)
        return
    budget = Budget(200, 100)
    try:
        rendered = compile_tokens(source, escaping=escaping).render(model, budget)
    except RenderFailed:
        return
    assert len(rendered) <= 100
    assert budget.steps >= 0


@given(TEXTS)
def test_text_without_a_tag_stays_as_it_is(text: str) -> None:
    """Braces and all."""
    if not t.TAG.search(text):
        assert compile_tokens(read(text), escaping=True).render({}, Budget()) == text
