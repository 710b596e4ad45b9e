"""What a push of templates from one server to another does: a plan, and why there can be none.

https://postmarkapp.com/developer/api/templates-api#push-templates
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from carom.server.rules.refusals import Refusal
from carom.wire.templates import LAYOUT, MAX_TEMPLATES, Template

CREATE = "Create"
EDIT = "Edit"
MAX_PUSHED = 100

_COPIED = ("name", "subject", "html_body", "text_body", "layout_template")
"""What a push copies, and what makes a difference. None and an empty text are the same."""


class Step(Struct, frozen=True):
    """A template to write. ``onto`` is the one at the destination with the same alias, None for a new one."""

    source: Template
    onto: Template | None

    @property
    def action(self) -> str:
        """Create or Edit."""
        return CREATE if self.onto is None else EDIT


def check_servers(*, source: bool, destination: bool) -> None:
    """Raise Refusal unless the account has both servers."""
    missing = {
        (False, False): "The source and destination servers were not found.",
        (True, False): "The destination server was not found.",
        (False, True): "The source server was not found.",
    }.get((source, destination))
    if missing:
        raise Refusal(601, text=missing)


def plan(source: Sequence[Template], destination: Sequence[Template]) -> list[Step]:
    """Return what is to be written, layouts first: templates refer to them. What is alike is left out. Raises Refusal."""
    pushed = [one for one in source if one.alias]
    if not pushed:
        raise Refusal(1124, text="The source server has no templates with an alias to push.")
    if len(pushed) > MAX_PUSHED:
        raise Refusal(1124, text=f"{len(pushed)} templates are more than the {MAX_PUSHED} that one push takes.")
    there: dict[str | None, Template] = {one.alias: one for one in destination if one.alias}
    steps = [step for one in pushed if (step := _step(one, there)) is not None]
    made = sum(step.onto is None for step in steps)
    if len(destination) + made > MAX_TEMPLATES:
        raise Refusal(1105, limit=MAX_TEMPLATES)
    return sorted(steps, key=lambda step: (step.source.template_type != LAYOUT, step.source.template_id))


def _step(one: Template, there: Mapping[str | None, Template]) -> Step | None:
    onto = there.get(one.alias)
    if onto is None:
        return Step(one, None)
    if onto.template_type != one.template_type:
        raise Refusal(1125, alias=one.alias, source=one.template_type, destination=onto.template_type)
    return Step(one, onto) if any(_differs(one, onto, name) for name in _COPIED) else None


def _differs(one: Template, other: Template, name: str) -> bool:
    return (getattr(one, name) or "") != (getattr(other, name) or "")
