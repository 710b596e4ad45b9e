# Generated from _async/templates.py by tools/generators/unasync.py: edit _async.
"""Templates: https://postmarkapp.com/developer/api/templates-api."""

from typing import Unpack

from carom.client._fields import id_or_alias as named
from carom.client._sync.base import Client
from carom.client._sync.pager import Pager
from carom.client.fields import TemplateFields, ValidationFields
from carom.client.filters import TemplateFilters
from carom.client.pages import Listing, Page
from carom.wire import templates as wire
from carom.wire.acks import Ack
from carom.wire.templates import Template, TemplateSummary, TemplateValidation

TEMPLATES = Listing(wire.GET_TEMPLATES, TemplateSummary)


class Templates(Client):
    """The calls about templates. A template is named by its id or its alias."""

    def templates(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, **filters: Unpack[TemplateFilters]
    ) -> Pager[TemplateSummary]:
        """Iterate over the templates, without their content."""
        return self._pager(TEMPLATES, {}, filters, page_size, offset, limit)

    def get_templates(
        self, *, count: int = 30, offset: int = 0, **filters: Unpack[TemplateFilters]
    ) -> Page[TemplateSummary]:
        """Return a page of templates, without their content; ``total, templates = page.pair``."""
        return self._page(TEMPLATES, {}, filters, count, offset)

    def get_template(self, id_or_alias: int | str) -> Template:
        """Return one template. Raises NotFoundError."""
        return self._call(wire.GET_TEMPLATE, wire.GetTemplate(id_or_alias=named(id_or_alias)))

    def create_template(self, **fields: Unpack[TemplateFields]) -> TemplateSummary:
        """Make a template. Without an alias Postmark makes one from its name."""
        return self._call(wire.CREATE_TEMPLATE, wire.CreateTemplate(), fields)

    def update_template(self, id_or_alias: int | str, **fields: Unpack[TemplateFields]) -> TemplateSummary:
        """Change a template. Raises NotFoundError."""
        return self._call(wire.UPDATE_TEMPLATE, wire.UpdateTemplate(id_or_alias=named(id_or_alias)), fields)

    def delete_template(self, id_or_alias: int | str) -> Ack:
        """Remove a template. Raises NotFoundError."""
        return self._call(wire.DELETE_TEMPLATE, wire.DeleteTemplate(id_or_alias=named(id_or_alias)))

    def validate_template(self, **fields: Unpack[ValidationFields]) -> TemplateValidation:
        """Check content, and render it with a model. An invalid template is a result, not an error."""
        return self._call(wire.VALIDATE_TEMPLATE, wire.ValidateTemplate(), fields)
