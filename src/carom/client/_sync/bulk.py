# Generated from _async/bulk.py by tools/generators/unasync.py: edit _async.
# id is the API's name
"""One message to many: https://postmarkapp.com/developer/api/bulk-email."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carom.client import _core
from carom.client._message import Message
from carom.client._sync.sending import Sending
from carom.client.batches import BatchResult
from carom.client.merge import bulk_json, merged
from carom.client.pages import Listing, Page
from carom.wire import bulk as wire
from carom.wire.bulk import BulkRequest
from carom.wire.endpoint import Encoded

BULKS = Listing(wire.GET_BULKS, BulkRequest)


class Bulk(Sending):
    """The calls that send one message to many."""

    def deliver_bulk(self, message: Message, recipients: Sequence[Mapping[str, Any]]) -> BulkRequest:
        """Send one message to many on a broadcast stream; each recipient is a mapping with ``to`` and what is its
        own: ``template_model``, ``metadata``, ``headers``. Postmark must have enabled it for the account."""
        body = bulk_json(message, recipients)
        request, reply = self._exchange(Encoded("POST", wire.SEND_BULK.path, {}, body))
        return _core.decode(request, reply, BulkRequest)

    def get_bulk(self, id: str) -> BulkRequest:
        """Return how far a bulk request has come. Raises NotFoundError."""
        return self._call(wire.GET_BULK, wire.GetBulk(bulk_request_id=id))

    def get_bulks(self, *, count: int | None = None, pagination_key: str | None = None) -> Page[BulkRequest]:
        """Return bulk requests, newest first; ``page.raw.get("PaginationKey")`` asks for the next page."""
        return self._whole(BULKS, {}, {"count": count, "pagination_key": pagination_key})

    def deliver_merge(
        self, message: Message, recipients: Iterable[Mapping[str, Any]], *, concurrency: int = 1
    ) -> BatchResult:
        """Send one message to many as a batch: each recipient's own ``to``, ``template_model``, ``metadata`` and
        ``headers`` are merged into it, and each has a result. Works on any stream."""
        messages = [merged(message, recipient) for recipient in recipients]
        templated = bool(messages) and ("TemplateId" in messages[0] or "TemplateAlias" in messages[0])
        if templated:
            return self.deliver_in_batches_with_templates(messages, concurrency=concurrency)
        return self.deliver_in_batches(messages, concurrency=concurrency)
