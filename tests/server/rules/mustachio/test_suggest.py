"""The suggested model."""

from typing import Any

import pytest

from carom.server.rules.mustachio import merge, read, suggest

SUGGESTED: list[tuple[str, dict[str, Any]]] = [
    ("no tags", {}),
    ("{{Name}}", {"Name": "Name_Value"}),
    ("{{{a.b}}}{{&c}}", {"a": {"b": "b_Value"}, "c": "c_Value"}),
    (
        "{{#Person}}{{Name}}{{#each ../Person.FavoriteColors}}{{.}}{{/each}}{{/Person}}",
        {"Person": {"Name": "Name_Value",
                    "FavoriteColors": ["FavoriteColors_1", "FavoriteColors_2", "FavoriteColors_3"]}},
    ),
    (
        "{{#each Employees}}{{person.name}}{{#each favoriteColors}}{{hue}}{{/each}}"
        "{{#each workplaces}}{{.}}{{/each}}{{/each}}",
        {"Employees": [{"person": {"name": "name_Value"}, "favoriteColors": [{"hue": "hue_Value"}],
                        "workplaces": ["workplaces_1", "workplaces_2", "workplaces_3"]}]},
    ),
    ("{{#name}}{{.}}{{/name}}", {"name": {}}),
    ("{{^gone}}{{/gone}}", {"gone": {}}),
    ("{{#each a.b.cs}}{{../../n}}{{/each}}", {"a": {"b": {"cs": ["cs_1", "cs_2", "cs_3"]}, "n": "n_Value"}}),
    ("{{#c}}{{x}}{{^c}}{{y}}{{/c}}", {"c": {"x": "x_Value", "y": "y_Value"}}),
    ("{{a}}{{a.b}}", {"a": "a_Value"}),
    ("{{#each}}{{x}}{{/each}}", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "model"), SUGGESTED)
def test_a_model_is_suggested_from_how_paths_are_used(text: str, model: dict[str, Any]) -> None:
    """One item for an array of objects, three for one of plain values."""
    assert suggest([read(text)]) == model


def test_the_parts_of_a_template_share_one_model() -> None:
    """What the subject uses as a value, the body may use as an array."""
    model = suggest([read("{{subject}} {{x.a}}"), read("{{x.b}}{{#each xs}}{{i}}{{/each}}")])
    assert model == {"subject": "subject_Value", "x": {"a": "a_Value", "b": "b_Value"}, "xs": [{"i": "i_Value"}]}


def test_given_values_win_over_suggested_ones() -> None:
    """Objects are merged, arrays are not."""
    suggested = {"a": {"x": "x_Value", "y": "y_Value"}, "xs": [{"i": "i_Value"}], "n": "n_Value"}
    assert merge(suggested, {"a": {"x": 1}, "xs": [], "more": None}) == {
        "a": {"x": 1, "y": "y_Value"}, "xs": [], "n": "n_Value", "more": None,
    }  # fmt: skip
