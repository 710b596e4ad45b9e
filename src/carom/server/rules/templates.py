"""What may be kept as a template: its names, its parts, its alias."""

import re
from collections.abc import Container, Iterator
from itertools import count
from typing import NamedTuple
from unicodedata import normalize

from carom.server.rules.mustachio import Source, read
from carom.server.rules.refusals import Refusal
from carom.wire.email import MAX_SUBJECT
from carom.wire.templates import LAYOUT, MAX_ALIAS, MAX_NAME, STANDARD, TEMPLATE_TYPES

ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
NOT_ALIASES = frozenset(["validate", "push"])
"""Words that stand in the place of an alias in the paths of other calls."""

NOT_FOUND = 1101
BAD_VALUE = 1122
NOT_TOGETHER = 1123


class Parts(NamedTuple):
    """The parts of a template by their wire names; None where there is none."""

    subject: str | None
    html_body: str | None
    text_body: str | None

    def present(self) -> Iterator[tuple[str, str]]:
        """Yield the name and text of each part that is there."""
        for name, text in zip(PART_NAMES, self, strict=True):
            if text:
                yield name, text


PART_NAMES = ("Subject", "HtmlBody", "TextBody")


def no_template(what: str = "'TemplateId'") -> Refusal:
    """Refuse a template that is not there; ``what`` is how the request named it."""
    return Refusal(NOT_FOUND, what=what)


def template_type(text: str) -> str:
    """Return a type as it is spelled, Standard where none was given. Raises Refusal."""
    for known in TEMPLATE_TYPES:
        if known.lower() == (text or STANDARD).lower():
            return known
    raise Refusal(BAD_VALUE, text=f"The 'TemplateType' '{text}' is not one of {', '.join(TEMPLATE_TYPES)}.")


def check_name(name: str) -> None:
    """Raise a Refusal for a name that is missing, too long or not text."""
    if not name.strip():
        raise Refusal(1120, field="Name")
    if len(name) > MAX_NAME:
        raise Refusal(1121, field="Name", limit=MAX_NAME)


def check_alias(alias: str) -> None:
    """Raise a Refusal for an alias that is not one; whether it is taken is the store's to say."""
    if len(alias) > MAX_ALIAS:
        raise Refusal(1121, field="Alias", limit=MAX_ALIAS)
    if not ALIAS.fullmatch(alias) or alias.lower() in NOT_ALIASES:
        raise Refusal(
            BAD_VALUE,
            text=f"The 'Alias' '{alias}' is not valid: a letter, then letters, digits, '.', '_' and '-'; "
            f"not {' or '.join(sorted(NOT_ALIASES))}.",
        )


def alias_of(name: str, taken: Container[str]) -> str:
    """Make an alias from a name, numbered where it is taken."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-.")[: MAX_ALIAS - 10]
    base = slug if slug[:1].isalpha() else f"template-{slug}".rstrip("-")
    numbered = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(alias for alias in numbered if alias not in taken and alias not in NOT_ALIASES)


def check_parts(kind: str, parts: Parts, layout: str) -> None:
    """Raise a Refusal for parts that may not be kept: which there are, then how long they are, then what they say."""
    if kind == LAYOUT and parts.subject:
        raise Refusal(NOT_TOGETHER, text="A layout has no 'Subject': those of the templates that use it are sent.")
    if kind == LAYOUT and layout:
        raise Refusal(NOT_TOGETHER, text="A layout cannot have a 'LayoutTemplate' of its own.")
    if kind == STANDARD and not parts.subject:
        raise Refusal(1120, field="Subject")
    if not (parts.html_body or parts.text_body):
        raise Refusal(1120, field="HtmlBody' or 'TextBody")
    if len(parts.subject or "") > MAX_SUBJECT:
        raise Refusal(1121, field="Subject", limit=MAX_SUBJECT)
    for name, text in parts.present():
        _check_part(kind, name, read(text, layout=kind == LAYOUT))


def _check_part(kind: str, name: str, source: Source) -> None:
    if source.faults:
        fault = source.faults[0]
        raise Refusal(
            BAD_VALUE,
            text=f"The '{name}' of the template does not parse (line {fault.line}, character {fault.position}): "
            f"{fault.message}",
        )
    if kind == LAYOUT and source.placeholders != 1:
        raise Refusal(1131, field=name, count=source.placeholders)
