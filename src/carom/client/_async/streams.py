# id is the gem's name, and the API's
"""Message streams and their suppressions: https://postmarkapp.com/developer/api/message-streams-api."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from carom.client._async.base import AsyncClient
from carom.client._async.pager import AsyncPager
from carom.client._fields import needed, texts
from carom.client._nested import nested
from carom.client.fields import StreamFields
from carom.client.filters import When
from carom.client.pages import Listing, Page
from carom.wire import streams as wire
from carom.wire import suppressions
from carom.wire.endpoint import Endpoint
from carom.wire.streams import ArchivedStream, MessageStream
from carom.wire.suppressions import MAX_SUPPRESSIONS, Suppression, SuppressionEntry, SuppressionResult

STREAMS = Listing(wire.GET_MESSAGE_STREAMS, MessageStream)


class AsyncStreams(AsyncClient):
    """The calls about message streams and suppressions."""

    def message_streams(
        self, *, message_stream_type: str | None = None, include_archived_streams: bool | None = None
    ) -> AsyncPager[MessageStream]:
        """Iterate over the streams. The type is All, Transactional, Broadcasts or Inbound."""

        async def fetch(count: int, offset: int, _: Any) -> Page[MessageStream]:
            del count, offset  # not paged
            return await self.get_message_streams(
                message_stream_type=message_stream_type, include_archived_streams=include_archived_streams
            )

        return AsyncPager(fetch, paged=False)

    async def get_message_streams(
        self, *, message_stream_type: str | None = None, include_archived_streams: bool | None = None
    ) -> Page[MessageStream]:
        """Return the streams. The type is All, Transactional, Broadcasts or Inbound."""
        asked = {
            "message_stream_type": message_stream_type,
            "include_archived_streams": include_archived_streams,
        }
        return await self._whole(STREAMS, {}, asked)

    async def get_message_stream(self, id: str) -> MessageStream:
        """Return one stream, an archived one too. Raises NotFoundError."""
        return await self._call(wire.GET_MESSAGE_STREAM, wire.GetMessageStream(stream_id=id))

    async def create_message_stream(
        self,
        *,
        id: str,
        name: str,
        message_stream_type: str,
        description: str | None = None,
        subscription_management_configuration: Mapping[str, Any] | None = None,
    ) -> MessageStream:
        """Make a stream, Transactional or Broadcasts. The id is up to 30 of a-z, 0-9, - and _, a letter first, and
        stays."""
        return await self._call(
            wire.CREATE_MESSAGE_STREAM,
            wire.CreateMessageStream(),
            {
                **needed(id=id, name=name, message_stream_type=message_stream_type),
                "description": description,
                "subscription_management_configuration": nested(subscription_management_configuration),
            },
        )

    async def update_message_stream(self, id: str, **fields: Unpack[StreamFields]) -> MessageStream:
        """Change a stream. Raises NotFoundError."""
        given = {name: nested(value) for name, value in fields.items()}
        return await self._call(wire.UPDATE_MESSAGE_STREAM, wire.UpdateMessageStream(stream_id=id), given)

    async def archive_message_stream(self, id: str) -> ArchivedStream:
        """Archive a stream: it sends no more, and is removed 45 days later. Raises NotFoundError."""
        return await self._call(wire.ARCHIVE_MESSAGE_STREAM, wire.ArchiveMessageStream(stream_id=id))

    async def unarchive_message_stream(self, id: str) -> MessageStream:
        """Bring an archived stream back. Raises NotFoundError."""
        return await self._call(wire.UNARCHIVE_MESSAGE_STREAM, wire.UnarchiveMessageStream(stream_id=id))

    async def dump_suppressions(
        self,
        stream_id: str,
        *,
        suppression_reason: str | None = None,
        origin: str | None = None,
        fromdate: When = None,
        todate: When = None,
        email_address: str | None = None,
    ) -> list[Suppression]:
        """Return the suppression list of a stream, whole. The reason is HardBounce, SpamComplaint or
        ManualSuppression, the origin Recipient, Customer or Admin."""
        filters = {
            "suppression_reason": suppression_reason,
            "origin": origin,
            "fromdate": fromdate,
            "todate": todate,
            "email_address": email_address,
        }
        asked = suppressions.DumpSuppressions(stream_id=stream_id)
        return (await self._call(suppressions.DUMP_SUPPRESSIONS, asked, filters)).suppressions

    async def create_suppressions(self, stream_id: str, emails: str | Sequence[str]) -> list[SuppressionResult]:
        """Suppress one address or many, in calls of 50. Each address has its result; one that fails raises nothing."""
        return await self._suppress(suppressions.CREATE_SUPPRESSIONS, stream_id, emails)

    async def delete_suppressions(self, stream_id: str, emails: str | Sequence[str]) -> list[SuppressionResult]:
        """Lift the suppression of one address or many, in calls of 50. Those of complaints stay: ``status`` is
        Failed."""
        return await self._suppress(suppressions.DELETE_SUPPRESSIONS, stream_id, emails)

    async def _suppress(
        self, endpoint: Endpoint[Any, suppressions.SuppressionResults], stream_id: str, emails: str | Sequence[str]
    ) -> list[SuppressionResult]:
        listed = texts("emails", emails)
        done: list[SuppressionResult] = []
        for start in range(0, len(listed), MAX_SUPPRESSIONS):
            entries = [SuppressionEntry(email_address=email) for email in listed[start : start + MAX_SUPPRESSIONS]]
            asked = endpoint.request(stream_id=stream_id, suppressions=entries)
            done += (await self._call(endpoint, asked)).suppressions
        return done
