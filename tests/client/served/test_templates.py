# pyright: basic
"""client-api section 6: templates."""

import pytest

import carom
from tests.client.served.world import World, calls, refuses

pytestmark = pytest.mark.anyio

PLAIN = {"subject": "Hi {{name}}", "text_body": "Dear {{name}}"}
LAYOUT = {"template_type": "Layout", "html_body": "<div>{{{ @content }}}</div>"}


@calls("create_template", "get_template", "update_template", "get_templates", "templates", "delete_template")
async def test_c6_a_template_is_made_read_changed_listed_and_removed(world: World) -> None:
    client = world.client
    made = await client.create_template(name="Grüße ☃", **PLAIN)
    assert (made.name, made.active, made.template_type, made.layout_template) == ("Grüße ☃", True, "Standard", None)
    assert made.alias
    by_id, by_alias = await client.get_template(made.template_id), await client.get_template(made.alias)
    assert by_id == by_alias
    assert (by_id.subject, by_id.text_body, by_id.html_body) == (PLAIN["subject"], PLAIN["text_body"], None)
    assert by_id.associated_server_id == (await client.server_info()).id
    changed = await client.update_template(made.alias, name="Other", html_body="<b>{{name}}</b>")
    assert (changed.template_id, changed.name, changed.alias) == (made.template_id, "Other", made.alias)
    read = await client.get_template(made.template_id)
    assert (read.html_body, read.text_body, read.template_type) == ("<b>{{name}}</b>", PLAIN["text_body"], "Standard")
    total, listed = (await client.get_templates()).pair
    assert (total, [one.template_id for one in listed]) == (1, [made.template_id])
    gone = await client.delete_template(made.template_id)
    assert (gone.error_code, gone.message) == (0, f"Template {made.template_id} removed.")
    assert await client.templates() == []
    assert not (await client.get_template(made.template_id)).active


async def test_c6_layouts_and_their_templates(world: World) -> None:
    client = world.client
    layout = await client.create_template(name="Frame", alias="frame", **LAYOUT)
    inside = await client.create_template(
        name="Inside", alias="inside", html_body="<p>x</p>", subject="s", layout_template="frame"
    )
    assert (layout.template_type, inside.layout_template) == ("Layout", "frame")
    assert [one.alias for one in await client.templates(template_type="Layout")] == ["frame"]
    assert [one.alias for one in await client.templates(template_type="Standard")] == ["inside"]
    assert [one.alias for one in await client.get_templates(layout_template="frame")] == ["inside"]
    rendered = await client.validate_template(subject="s", html_body="<p>x</p>", layout_template="frame")
    assert "<div><p>x</p></div>" in rendered.html_body.rendered_content
    with pytest.raises(carom.ApiInputError) as caught:
        await client.delete_template("frame")
    assert caught.value.error_code == 1130
    assert (await client.update_template("inside", name="Still")).layout_template == "frame"
    assert (await client.update_template("inside", layout_template="")).layout_template is None
    assert (await client.delete_template("frame")).error_code == 0


@refuses("create_template", "get_template", "update_template", "get_templates", "templates", "delete_template")
async def test_c6_what_is_no_template_is_refused(world: World) -> None:
    client = world.client
    for named in (1, "none"):
        for call in (client.get_template, lambda it: client.update_template(it, name="N"), client.delete_template):
            with pytest.raises(carom.NotFoundError) as caught:
                await call(named)
            assert (caught.value.status_code, caught.value.error_code) == (422, 1101)
            assert "is not valid or was not found" in caught.value.message
    for fields, code in (
        ({"subject": "s", "text_body": "x"}, 1120),
        ({"name": "N", "subject": "s"}, 1120),
        ({"name": "N", "alias": "1st", **PLAIN}, 1122),
        ({"name": "N", "subject": "s", "text_body": "{{#each rows}}"}, 1122),
        ({"name": "N", "subject": "s", **LAYOUT}, 1123),
        ({"name": "N", "template_type": "Layout", "html_body": "x"}, 1131),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await client.create_template(**fields)
        assert refused.value.error_code == code, fields
    await client.create_template(name="Frame", alias="frame", **LAYOUT)
    with pytest.raises(carom.ApiInputError, match="The layout content placeholder must be present"):
        await client.update_template("frame", html_body="<div></div>")
    for call in (client.get_templates, client.templates):
        with pytest.raises(carom.ApiInputError) as refused:
            await call(template_type="Nonsense")
        assert refused.value.error_code == 1100


@calls("validate_template")
@refuses("validate_template")
async def test_c6_validation_of_a_template(world: World) -> None:
    client = world.client
    good = await client.validate_template(
        subject="{{a}}",
        html_body="{{#each rows}}<i>{{x_y}}</i>{{/each}}",
        test_render_model={"a": "A", "rows": [{"x_y": 1}]},
    )
    assert (good.all_content_is_valid, good.text_body, good.subject.rendered_content) == (True, None, "A")
    assert "<i>1</i>" in good.html_body.rendered_content
    assert good.suggested_template_model["a"] == "A"
    assert good.suggested_template_model["rows"][0] == {"x_y": 1}
    bad = await client.validate_template(subject="s", text_body="{{#each rows}}")
    assert (bad.all_content_is_valid, bad.subject.content_is_valid, bad.text_body.content_is_valid) == (
        False,
        True,
        False,
    )
    [fault] = bad.text_body.validation_errors
    assert fault.message
    assert fault.line == 1
    with pytest.raises(carom.ApiInputError) as caught:
        await client.validate_template(test_render_model={})
    assert caught.value.error_code in {1109, 1120}
