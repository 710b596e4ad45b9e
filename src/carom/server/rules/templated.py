"""A template and a model make a message, or a preview of one."""

from typing import Any, NamedTuple

from msgspec import UnsetType

from carom.server.rules.inline_css import inline_css
from carom.server.rules.mustachio import (
    Budget,
    Fault,
    Program,
    RenderFailed,
    Source,
    compile_tokens,
    expand,
    merge,
    read,
    suggest,
)
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.templates import BAD_VALUE, NOT_TOGETHER, Parts
from carom.wire.email import SendEmail, SendTemplate
from carom.wire.templates import PartValidation, TemplateFault, TemplateValidation

NO_PARTS = Parts(None, None, None)
ESCAPED = (False, True, False)
"""Only HtmlBody is escaped."""


class Prepared(NamedTuple):
    """The programs of a template in its layout."""

    subject: Program | None
    html_body: Program | None
    text_body: Program | None

    def render(self, model: dict[str, Any], budget: Budget, *, css: bool) -> Parts:
        """Render all parts, with styles inlined if ``css``. Raises RenderFailed."""
        subject, html, text = (None if program is None else program.render(model, budget) for program in self)
        return Parts(subject, inline_css(html) if html and css else html, text)


def prepare(parts: Parts, layout: Parts | None) -> Prepared:
    """Compile a template that was kept, in its layout."""
    subject, html, text = (
        source and compile_tokens(source, escaping=escaping)
        for source, escaping in zip(_sources(parts, layout), ESCAPED, strict=True)
    )
    return Prepared(subject, html, text)


def message(request: SendTemplate, template: Prepared, budget: Budget) -> SendEmail:
    """Make the message that a request stands for. Raises Refusal where the template does not fit the model."""
    assert isinstance(request.template_model, dict), "check_request has seen it"
    try:
        parts = template.render(request.template_model, budget, css=request.inline_css is not False)
    except RenderFailed as error:
        raise Refusal(BAD_VALUE, text=str(error)) from error
    fields = {name: getattr(request, name) for name in SendEmail.__struct_fields__}
    rendered = {name: text for name, text in parts._asdict().items() if text is not None}
    return SendEmail(**fields | rendered)


def check_request(request: SendTemplate) -> None:
    """Raise a Refusal for a request without a model, or with content of its own."""
    if isinstance(request.template_model, UnsetType):
        raise Refusal(1120, field="TemplateModel")
    for name, _ in Parts(given(request.subject), given(request.html_body), given(request.text_body)).present():
        raise Refusal(NOT_TOGETHER, text=f"A message made from a template cannot have a '{name}' of its own.")


def preview(
    parts: Parts, layout: Parts | None, *, is_layout: bool, model: dict[str, Any], css: bool
) -> TemplateValidation:
    """Tell the faults of each part, suggest a model, and render what can be rendered with ``model`` put over it."""
    alone = tuple(None if text is None else read(text, layout=is_layout) for text in parts)
    whole = _sources(parts, layout, is_layout=is_layout)
    suggested = merge(suggest([source for source in whole if source]), model)
    budget = Budget()
    subject, html, text = (
        None if own is None or source is None else _validation(own, source, suggested, budget, escaping, is_layout, css)
        for own, source, escaping in zip(alone, whole, ESCAPED, strict=True)
    )
    return TemplateValidation(
        all_content_is_valid=all(part.content_is_valid for part in (subject, html, text) if part),
        subject=subject,
        html_body=html,
        text_body=text,
        suggested_template_model=suggested,
    )


def _validation(
    own: Source, whole: Source, model: dict[str, Any], budget: Budget, escaping: bool, is_layout: bool, css: bool
) -> PartValidation:
    faults = [_fault(fault) for fault in own.faults]
    if is_layout and own.placeholders != 1:
        faults.append(_general("The layout content placeholder must be present exactly once."))
    rendered: str | None = None
    if not whole.faults:
        try:
            rendered = compile_tokens(whole, escaping=escaping).render(model, budget)
        except RenderFailed as error:
            faults.append(_general(str(error)))
    if rendered and escaping and css:
        rendered = inline_css(rendered)
    return PartValidation(
        content_is_valid=not faults, validation_errors=faults, rendered_content=None if faults else rendered
    )


def _fault(fault: Fault) -> TemplateFault:
    return TemplateFault(message=fault.message, line=fault.line, character_position=fault.position)


def _general(text: str) -> TemplateFault:
    return TemplateFault(message=text, line=None, character_position=None)


def _sources(parts: Parts, layout: Parts | None, *, is_layout: bool = False) -> tuple[Source | None, ...]:
    """Read each part into its place in the layout. A part that the layout lacks, as the subject always is, stands
    alone."""
    return tuple(
        _source(own, around, is_layout=is_layout) for own, around in zip(parts, layout or NO_PARTS, strict=True)
    )


def _source(own: str | None, around: str | None, *, is_layout: bool) -> Source | None:
    if own is None:
        return None
    source = read(own, layout=is_layout)
    return expand(read(around, layout=True), source) if around else source
