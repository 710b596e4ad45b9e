"""Templates over HTTP, as Postmark answers: kept, changed, removed, tried out, and sent."""

from collections.abc import Callable
from typing import Any

import pytest

from carom.testing import LocalServer
from tests.e2e.test_bad_input import Answer, call

NEW = {"Name": "Welcome, friend", "Subject": "Hi {{name}}", "HtmlBody": "<b>{{name}}</b>", "TextBody": "Hello {{name}}"}
LAYOUT = {"Name": "Frame", "TemplateType": "Layout", "HtmlBody": "<html>{{{ @content }}}{{foot}}</html>",
          "TextBody": "== {{{@content}}} =="}  # fmt: skip
NOT_FOUND = "The 'TemplateId' associated with this request is not valid or was not found."
NO_ALIAS = "The Template's 'Alias' associated with this request is not valid or was not found."
SHORT = {"TemplateId", "Name", "Active", "Alias", "TemplateType", "LayoutTemplate"}


def ok(answer: Answer) -> Any:
    """Return what a call that succeeded answers."""
    assert answer.status == 200, answer.json
    return answer.json


@pytest.fixture
def made(fresh_server: LocalServer) -> Callable[..., dict[str, Any]]:
    """Make templates on a fresh server."""

    def make(base: dict[str, Any] = NEW, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = ok(call(fresh_server, "POST", "/templates", {**base, **fields}))
        return answer

    return make


Made = Callable[..., dict[str, Any]]


def test_a_template_is_made_read_changed_and_removed(fresh_server: LocalServer, made: Made) -> None:
    """The whole life, by id and alias; a removed one is still there by its id."""
    short = made()
    assert set(short) == SHORT
    assert short == {"TemplateId": short["TemplateId"], "Name": NEW["Name"], "Active": True,
                     "Alias": "welcome-friend", "TemplateType": "Standard", "LayoutTemplate": None}  # fmt: skip
    template_id = short["TemplateId"]
    by_id = ok(call(fresh_server, "GET", f"/templates/{template_id}"))
    assert by_id == {**short, **NEW, "AssociatedServerId": 1000}
    assert ok(call(fresh_server, "GET", "/templates/welcome-friend")) == by_id
    changed = ok(call(fresh_server, "PUT", "/templates/welcome-friend", {"name": "New", "TextBody": None, "Status": 1}))
    assert changed == {**short, "Name": "New"}
    moved = ok(call(fresh_server, "PUT", f"/templates/{template_id}", {"Alias": "moved", "TemplateType": "Layout"}))
    assert moved == {**changed, "Alias": "moved"}
    assert ok(call(fresh_server, "GET", "/templates/moved")) == {**by_id, **moved}
    removed = ok(call(fresh_server, "DELETE", "/templates/moved"))
    assert removed == {"ErrorCode": 0, "Message": f"Template {template_id} removed."}
    assert ok(call(fresh_server, "GET", f"/templates/{template_id}"))["Active"] is False
    for method, body in (("PUT", {"Name": "x"}), ("DELETE", None)):
        assert call(fresh_server, method, f"/templates/{template_id}", body).code == (422, 1101)
    assert call(fresh_server, "GET", "/templates/moved").json == {"ErrorCode": 1101, "Message": NOT_FOUND}
    assert made(Alias="moved")["Alias"] == "moved"


@pytest.mark.parametrize("name", ["1", "0", "99999999999999999999", "nope", "%00", "%20", "%C3%A9"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_template_is_1101(carom_server: LocalServer, method: str, name: str) -> None:
    """Whatever it is called."""
    answer = call(carom_server, method, f"/templates/{name}", {"Name": "x"} if method == "PUT" else None)
    assert answer.code == (422, 1101)
    assert answer.json["Message"] == NOT_FOUND


def test_aliases_are_made_from_names_and_never_alike(made: Made) -> None:
    """Two templates may have the same name."""
    assert [made()["Alias"] for _ in range(3)] == ["welcome-friend", "welcome-friend-2", "welcome-friend-3"]
    assert made(Name="  2. Größe!")["Alias"] == "template-2.-groe"
    assert made(Name="日本語")["Alias"] == "template"
    assert made(Name="Push")["Alias"] == "push-2"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"Name": None}, 1120, "'Name'"),
    ({"Name": " "}, 1120, "'Name'"),
    ({"Name": "x" * 256}, 1121, "255"),
    ({"Subject": None}, 1120, "'Subject'"),
    ({"Subject": "x" * 2001}, 1121, "2000"),
    ({"HtmlBody": "", "TextBody": None}, 1120, "'HtmlBody' or 'TextBody'"),
    ({"Alias": ""}, 1122, "Alias"),
    ({"Alias": "1st"}, 1122, "Alias"),
    ({"Alias": "a b"}, 1122, "Alias"),
    ({"Alias": "push"}, 1122, "Alias"),
    ({"TemplateType": "Frame"}, 1122, "TemplateType"),
    ({"HtmlBody": "a\n{{a-b}}"}, 1122, "(line 2, character 1): The path 'a-b' is not valid."),
    ({"Subject": "{{#a}}"}, 1122, "opened but not closed"),
    ({"TextBody": "{{{ @content }}}"}, 1122, "@content"),
    ({"TextBody": "a\0b"}, 403, "'TextBody'"),
    ({"LayoutTemplate": "nope"}, 1101, "'LayoutTemplate'"),
    ({"TemplateType": "Layout"}, 1123, "'Subject'"),
    ({"TemplateType": "Layout", "Subject": "", "LayoutTemplate": "x"}, 1123, "'LayoutTemplate'"),
    ({"TemplateType": "Layout", "Subject": None}, 1131, "The layout content placeholder must be present"),
    ({"TemplateType": "layout", "Subject": None, "HtmlBody": "{{{@content}}}{{{@content}}}"}, 1131, "is 2 times"),
    ({"Name": 1}, 403, "'Name'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "text"), REFUSED)
def test_a_bad_template_is_refused_by_name(
    carom_server: LocalServer, change: dict[str, Any], code: int, text: str
) -> None:
    """With the code that Postmark has for it."""
    answer = call(carom_server, "POST", "/templates", {**NEW, **change})
    assert answer.code == (422, code)
    assert text in answer.json["Message"]


def test_an_empty_template_is_1109_and_no_json_402(carom_server: LocalServer) -> None:
    """Also where nothing that is known is given."""
    assert call(carom_server, "POST", "/templates", {}).code == (422, 1109)
    assert call(carom_server, "POST", "/templates", {"Unknown": 1}).code == (422, 1109)
    assert call(carom_server, "POST", "/templates/validate", {}).code == (422, 1109)
    assert call(carom_server, "POST", "/templates", b"").code == (422, 402)


def test_an_edit_is_checked_like_a_new_template(fresh_server: LocalServer, made: Made) -> None:
    """Together with what stays of the old one; a refused edit changes nothing."""
    layout, standard = made(LAYOUT), made(Alias="taken")
    path = f"/templates/{standard['TemplateId']}"
    before = ok(call(fresh_server, "GET", path))
    for change, code in (
        ({"Alias": layout["Alias"]}, 1122),
        ({"Subject": ""}, 1120),
        ({"HtmlBody": "{{"}, None),
        ({"HtmlBody": "{{a b}}"}, 1122),
        ({"LayoutTemplate": "taken"}, 1101),
        ({"HtmlBody": "", "TextBody": ""}, 1120),
        ({}, 1109),
    ):
        answer = call(fresh_server, "PUT", path, change)
        assert answer.json.get("ErrorCode") == code
    assert ok(call(fresh_server, "GET", path)) == {**before, "HtmlBody": "{{"}
    refused = call(fresh_server, "PUT", f"/templates/{layout['Alias']}", {"HtmlBody": "no place"})
    assert refused.code == (422, 1131)
    assert "The layout content placeholder must be present" in refused.json["Message"]
    assert ok(call(fresh_server, "PUT", path, {"Alias": "taken"}))["Alias"] == "taken"


def test_a_layout_is_set_followed_and_cleared(fresh_server: LocalServer, made: Made) -> None:
    """By alias, also when that changes; an empty one clears it; a layout in use stays."""
    layout = made(LAYOUT)
    standard = made(LayoutTemplate="frame")
    path = f"/templates/{standard['TemplateId']}"
    assert standard["LayoutTemplate"] == layout["Alias"] == "frame"
    ok(call(fresh_server, "PUT", "/templates/frame", {"Alias": "Frame.2"}))
    assert ok(call(fresh_server, "PUT", path, {"Name": "n"}))["LayoutTemplate"] == "Frame.2"
    assert call(fresh_server, "DELETE", "/templates/Frame.2").code == (422, 1130)
    assert ok(call(fresh_server, "PUT", path, {"LayoutTemplate": ""}))["LayoutTemplate"] is None
    ok(call(fresh_server, "DELETE", "/templates/Frame.2"))


def test_a_list_is_counted_filtered_and_paged(fresh_server: LocalServer, made: Made) -> None:
    """TotalCount counts all that match; what was removed does not."""
    layout = made(LAYOUT)["TemplateId"]
    inside, plain = made(LayoutTemplate="frame")["TemplateId"], made()["TemplateId"]
    ok(call(fresh_server, "DELETE", f"/templates/{made()['TemplateId']}"))

    def listed(query: str) -> tuple[int, list[int]]:
        page = ok(call(fresh_server, "GET", f"/templates?{query}"))
        assert all(set(item) == SHORT for item in page["Templates"])
        return page["TotalCount"], [item["TemplateId"] for item in page["Templates"]]

    assert listed("Count=10&Offset=0") == (3, [plain, inside, layout])
    assert listed("count=1&offset=1&templateType=All") == (3, [inside])
    assert listed("count=10&offset=0&TemplateType=standard") == (2, [plain, inside])
    assert listed("count=10&offset=0&TemplateType=Layout") == (1, [layout])
    assert listed("count=10&offset=0&LayoutTemplate=frame") == (1, [inside])
    for query in ("count=1", "count=501&offset=0", "count=-1&offset=0", "count=1&offset=0&TemplateType=x"):
        assert call(fresh_server, "GET", f"/templates?{query}").code == (422, 1100)


def test_a_server_has_a_hundred_templates_and_no_more(fresh_server: LocalServer, made: Made) -> None:
    """Removed ones do not count."""
    ids = [made()["TemplateId"] for _ in range(100)]
    assert call(fresh_server, "POST", "/templates", NEW).code == (422, 1105)
    ok(call(fresh_server, "DELETE", f"/templates/{ids[0]}"))
    made()


def test_validating_tells_faults_and_renders_the_rest(carom_server: LocalServer) -> None:
    """Parts that are not given are null; the suggested model has what is given over it."""
    body = {"Subject": "{{a}}", "HtmlBody": "{{#each xs}}<{{.}}>{{/each}}{{a}}", "TestRenderModel": {"a": "<1>"}}
    assert ok(call(carom_server, "POST", "/templates/validate", body)) == {
        "AllContentIsValid": True,
        "Subject": {"ContentIsValid": True, "ValidationErrors": [], "RenderedContent": "<1>"},
        "HtmlBody": {"ContentIsValid": True, "ValidationErrors": [],
                     "RenderedContent": "<xs_1><xs_2><xs_3>&lt;1&gt;"},
        "TextBody": None,
        "SuggestedTemplateModel": {"a": "<1>", "xs": ["xs_1", "xs_2", "xs_3"]},
    }  # fmt: skip
    bad = ok(call(carom_server, "POST", "/templates/validate", {**body, "TextBody": "\n {{a b}}"}))
    assert bad["AllContentIsValid"] is False
    assert bad["TextBody"] == {
        "ContentIsValid": False, "RenderedContent": None,
        "ValidationErrors": [{"Message": "The path 'a b' is not valid. Please see documentation for examples of "
                                         "valid paths.", "Line": 2, "CharacterPosition": 2}],
    }  # fmt: skip
    assert bad["Subject"]["ContentIsValid"] is True


def test_a_recorded_validation_is_answered_alike(carom_server: LocalServer) -> None:
    """Without tags the model is empty."""
    body = {"Subject": "Test", "TextBody": "Test", "HtmlBody": None, "TestRenderModel": None}
    valid: dict[str, Any] = {"ContentIsValid": True, "ValidationErrors": [], "RenderedContent": "Test"}
    assert ok(call(carom_server, "POST", "/templates/validate", body)) == {
        "AllContentIsValid": True, "HtmlBody": None, "TextBody": valid, "Subject": valid, "SuggestedTemplateModel": {},
    }  # fmt: skip


def test_validating_knows_layouts(fresh_server: LocalServer, made: Made) -> None:
    """As what is tried out, which needs its placeholder, and as what is around it."""
    made(LAYOUT)
    layout = ok(call(fresh_server, "POST", "/templates/validate", LAYOUT))
    assert layout["AllContentIsValid"] is True
    assert layout["SuggestedTemplateModel"] == {"foot": "foot_Value"}
    bare = ok(call(fresh_server, "POST", "/templates/validate", {**LAYOUT, "HtmlBody": "x"}))
    assert "placeholder must be present" in bare["HtmlBody"]["ValidationErrors"][0]["Message"]
    inside = ok(call(fresh_server, "POST", "/templates/validate", {**NEW, "LayoutTemplate": "frame"}))
    assert inside["HtmlBody"]["RenderedContent"] == "<html><b>name_Value</b>foot_Value</html>"
    assert inside["TextBody"]["RenderedContent"] == "== Hello name_Value =="
    assert inside["Subject"]["RenderedContent"] == "Hi name_Value"
    assert call(fresh_server, "POST", "/templates/validate", {**NEW, "LayoutTemplate": "x"}).code == (422, 1101)


def test_styles_are_inlined_unless_it_is_said(carom_server: LocalServer) -> None:
    """Only into HTML that has some."""
    body: dict[str, Any] = {"HtmlBody": "<style>p { color: red }</style><p>{{a}}</p>"}
    inlined = ok(call(carom_server, "POST", "/templates/validate", body))["HtmlBody"]["RenderedContent"]
    assert '<p style="color: red;">a_Value</p>' in inlined
    body["InlineCssForHtmlTestRender"] = False
    raw = ok(call(carom_server, "POST", "/templates/validate", body))["HtmlBody"]["RenderedContent"]
    assert raw == "<style>p { color: red }</style><p>a_Value</p>"
