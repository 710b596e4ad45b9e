"""What lists can be filtered by. A date goes out as it is, a time in US Eastern, a text as it is; None is not sent."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict

When = date | str | None


class BounceFilters(TypedDict, total=False):
    """``email_filter`` is any part of an address; ``fromdate`` and ``todate`` are inclusive."""

    type: str | None
    inactive: bool | None
    email_filter: str | None
    message_id: str | None
    tag: str | None
    fromdate: When
    todate: When
    message_stream: str | None


class MessageFilters(TypedDict, total=False):
    """``metadata`` holds one field to search by; ``status`` is queued, sent or processed."""

    recipient: str | None
    fromemail: str | None
    tag: str | None
    status: str | None
    subject: str | None
    fromdate: When
    todate: When
    message_stream: str | None
    mailboxhash: str | None
    metadata: Mapping[str, str] | None


class OpenFilters(TypedDict, total=False):
    """Filters of opens and clicks: what is known about the reader. ``platform`` is WebMail, Desktop, Mobile or
    Unknown."""

    recipient: str | None
    tag: str | None
    message_stream: str | None
    client_name: str | None
    client_company: str | None
    client_family: str | None
    os_name: str | None
    os_family: str | None
    os_company: str | None
    platform: str | None
    country: str | None
    region: str | None
    city: str | None
    fromdate: When
    todate: When


class TemplateFilters(TypedDict, total=False):
    """``template_type`` is All, Standard or Layout; ``layout_template`` the alias of a layout."""

    template_type: str | None
    layout_template: str | None


class StatsFilters(TypedDict, total=False):
    """Days are inclusive; without a stream all are counted."""

    tag: str | None
    fromdate: When
    todate: When
    message_stream: str | None
