"""What can be set. A field that is None or not given is not sent: it stays, or gets Postmark's default."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class TemplateFields(TypedDict, total=False):
    """The fields of a template. A Standard one needs a subject and a body; a Layout has no subject and holds
    ``{{{ @content }}}`` once. ``layout_template`` is an alias; an empty text takes the layout away."""

    name: str | None
    alias: str | None
    subject: str | None
    html_body: str | None
    text_body: str | None
    template_type: str | None
    layout_template: str | None


class ValidationFields(TypedDict, total=False):
    """What is to be checked, and the model that it is rendered with."""

    subject: str | None
    html_body: str | None
    text_body: str | None
    test_render_model: Mapping[str, Any] | None
    inline_css_for_html_test_render: bool | None
    template_type: str | None
    layout_template: str | None


class ServerFields(TypedDict, total=False):
    """The fields of a server that can be changed. ``inbound_spam_threshold`` is 0 to 30; ``track_links`` is None,
    HtmlAndText, HtmlOnly or TextOnly."""

    name: str | None
    color: str | None
    smtp_api_activated: bool | None
    raw_email_enabled: bool | None
    inbound_hook_url: str | None
    bounce_hook_url: str | None
    open_hook_url: str | None
    delivery_hook_url: str | None
    click_hook_url: str | None
    post_first_open_only: bool | None
    inbound_domain: str | None
    inbound_spam_threshold: int | None
    track_opens: bool | None
    track_links: str | None
    include_bounce_content_in_hook: bool | None
    enable_smtp_api_error_hooks: bool | None


class NewServerFields(ServerFields, total=False):
    """The fields of a new server. ``delivery_type`` is Live or Sandbox, for good."""

    delivery_type: str | None


class StreamFields(TypedDict, total=False):
    """The fields of a stream that can be changed."""

    name: str | None
    description: str | None
    subscription_management_configuration: Mapping[str, Any] | None


class WebhookFields(TypedDict, total=False):
    """The fields of a webhook that can be changed. ``triggers`` maps open, click, delivery, bounce, spam_complaint and
    subscription_change to their settings: ``{"open": {"enabled": True, "post_first_open_only": False}}``."""

    url: str | None
    http_auth: Mapping[str, str] | None
    http_headers: Mapping[str, str] | Sequence[Mapping[str, str]] | None
    triggers: Mapping[str, Mapping[str, bool]] | None
    verify: bool | None


class SenderFields(TypedDict, total=False):
    """The fields of a sender signature that can be changed."""

    name: str | None
    reply_to_email: str | None
    return_path_domain: str | None
    confirmation_personal_note: str | None


class DomainFields(TypedDict, total=False):
    """The fields of a domain that can be changed; an empty text unsets."""

    return_path_domain: str | None
    custom_tracking_domain: str | None


class TriggerFields(TypedDict, total=False):
    """The fields of a trigger: ``rule`` of an inbound rule; the others of a tag trigger, which Postmark retired."""

    rule: str | None
    match_name: str | None
    track_opens: bool | None
