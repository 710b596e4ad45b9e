"""Templates: https://postmarkapp.com/developer/api/templates-api."""

from typing import Any

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire

STANDARD = "Standard"
LAYOUT = "Layout"
TEMPLATE_TYPES = (STANDARD, LAYOUT)
MAX_TEMPLATES = 100
MAX_NAME = 255
MAX_ALIAS = 255


class TemplateSummary(Wire, frozen=True, kw_only=True):
    """A template without its content, as lists and edits give it."""

    template_id: int = field(name="TemplateId")
    name: str
    active: bool
    alias: str | None
    template_type: str
    layout_template: str | None


class Template(Wire, frozen=True, kw_only=True):
    """A template. ``layout_template`` is the alias of its layout; a deleted one can still be read, with ``active``
    False."""

    name: str
    template_id: int = field(name="TemplateId")
    alias: str | None
    subject: str | None
    html_body: str | None
    text_body: str | None
    associated_server_id: int = field(name="AssociatedServerId")
    active: bool
    template_type: str
    layout_template: str | None


class TemplatePage(Wire, frozen=True, kw_only=True):
    """A page of templates."""

    total_count: int
    templates: list[TemplateSummary]


class TemplateFault(Wire, frozen=True, kw_only=True):
    """Where a template does not parse; line and position count from 1."""

    message: str
    line: int | None
    character_position: int | None


class PartValidation(Wire, frozen=True, kw_only=True):
    """Whether one part of a template is valid, and what it renders to with the test model."""

    content_is_valid: bool
    validation_errors: list[TemplateFault]
    rendered_content: str | None


class TemplateValidation(Wire, frozen=True, kw_only=True):
    """Whether a template is valid; a part that was not given is None. ``suggested_template_model`` has every name that
    the template uses, verbatim."""

    all_content_is_valid: bool
    html_body: PartValidation | None
    text_body: PartValidation | None
    subject: PartValidation | None
    suggested_template_model: dict[str, Any]


class GetTemplates(Ask, frozen=True, kw_only=True):
    """Ask for a page of templates. ``template_type`` is All, Standard or Layout; ``layout_template`` is an alias."""

    count: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    template_type: str | UnsetType = UNSET
    layout_template: str | UnsetType = UNSET


class GetTemplate(Ask, frozen=True, kw_only=True):
    """Ask for one template, by id or alias."""

    id_or_alias: str


class CreateTemplate(Ask, frozen=True, kw_only=True):
    """Make a template."""

    name: str | UnsetType = UNSET
    alias: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    html_body: str | UnsetType = UNSET
    text_body: str | UnsetType = UNSET
    template_type: str | UnsetType = UNSET
    layout_template: str | UnsetType = UNSET


class UpdateTemplate(CreateTemplate, frozen=True, kw_only=True):
    """Change a template; what is not given stays."""

    id_or_alias: str


class DeleteTemplate(Ask, frozen=True, kw_only=True):
    """Remove a template."""

    id_or_alias: str


class ValidateTemplate(Ask, frozen=True, kw_only=True):
    """Check content and render it with a model."""

    subject: str | UnsetType = UNSET
    html_body: str | UnsetType = UNSET
    text_body: str | UnsetType = UNSET
    test_render_model: dict[str, Any] | UnsetType | None = UNSET
    inline_css_for_html_test_render: bool | UnsetType = UNSET
    template_type: str | UnsetType = UNSET
    layout_template: str | UnsetType = UNSET


class PushedTemplate(Wire, frozen=True, kw_only=True):
    """What a push does, or would do, to one template: Create or Edit."""

    action: str
    template_id: int | None = field(name="TemplateId")
    alias: str
    name: str
    template_type: str


class TemplatesPush(Wire, frozen=True, kw_only=True):
    """What a push did, or would do."""

    total_count: int
    templates: list[PushedTemplate]


class PushTemplates(Ask, frozen=True, kw_only=True):
    """Copy the templates that have an alias from a server to another; without ``perform_changes`` only say what that
    would change."""

    source_server_id: RowId = field(name="SourceServerID")
    destination_server_id: RowId = field(name="DestinationServerID")
    perform_changes: bool | UnsetType = UNSET


GET_TEMPLATES = Endpoint(
    "GET", "/templates", GetTemplates, TemplatePage, field_codes=dict.fromkeys(("Count", "Offset"), 1100)
)
CREATE_TEMPLATE = Endpoint("POST", "/templates", CreateTemplate, TemplateSummary)
VALIDATE_TEMPLATE = Endpoint("POST", "/templates/validate", ValidateTemplate, TemplateValidation)
PUSH_TEMPLATES = Endpoint("PUT", "/templates/push", PushTemplates, TemplatesPush, token="account")
GET_TEMPLATE = Endpoint("GET", "/templates/{id_or_alias}", GetTemplate, Template)
UPDATE_TEMPLATE = Endpoint("PUT", "/templates/{id_or_alias}", UpdateTemplate, TemplateSummary)
DELETE_TEMPLATE = Endpoint("DELETE", "/templates/{id_or_alias}", DeleteTemplate, Ack)
