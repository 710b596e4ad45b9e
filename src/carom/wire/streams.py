"""Message streams: https://postmarkapp.com/developer/api/message-streams-api."""

from msgspec import UNSET, UnsetType

from carom.wire.endpoint import Ask, Endpoint, Wire
from carom.wire.times import Moment


class SubscriptionManagement(Wire, frozen=True, kw_only=True):
    """Who handles unsubscribing: None, Postmark or Custom."""

    unsubscribe_handling_type: str


class MessageStream(Wire, frozen=True, kw_only=True):
    """A stream: Transactional, Broadcasts or Inbound. An archived one is removed for good at
    ``expected_purge_date``."""

    id: str
    server_id: int
    name: str
    description: str | None
    message_stream_type: str
    created_at: Moment
    updated_at: Moment | None
    archived_at: Moment | None
    expected_purge_date: Moment | None
    subscription_management_configuration: SubscriptionManagement


class MessageStreamPage(Wire, frozen=True, kw_only=True):
    """The streams of a server."""

    message_streams: list[MessageStream]
    total_count: int


class ArchivedStream(Wire, frozen=True, kw_only=True):
    """The answer to archiving."""

    id: str
    server_id: int
    expected_purge_date: Moment


class AskedSubscriptionManagement(Ask, frozen=True, kw_only=True):
    """Who is to handle unsubscribing."""

    unsubscribe_handling_type: str | UnsetType = UNSET


class GetMessageStreams(Ask, frozen=True, kw_only=True):
    """Ask for the streams. The type is All, Transactional, Broadcasts or Inbound."""

    message_stream_type: str | UnsetType = UNSET
    include_archived_streams: bool | UnsetType = UNSET


class GetMessageStream(Ask, frozen=True, kw_only=True):
    """Ask for one stream."""

    stream_id: str


class CreateMessageStream(Ask, frozen=True, kw_only=True):
    """Make a stream. The id is up to 30 of a-z, 0-9, - and _, a letter first."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    message_stream_type: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    subscription_management_configuration: AskedSubscriptionManagement | UnsetType = UNSET


class UpdateMessageStream(Ask, frozen=True, kw_only=True):
    """Change a stream; what is not given stays."""

    stream_id: str
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    subscription_management_configuration: AskedSubscriptionManagement | UnsetType = UNSET


class ArchiveMessageStream(Ask, frozen=True, kw_only=True):
    """Archive a stream: it sends no more."""

    stream_id: str


class UnarchiveMessageStream(Ask, frozen=True, kw_only=True):
    """Bring an archived stream back."""

    stream_id: str


GET_MESSAGE_STREAMS = Endpoint("GET", "/message-streams", GetMessageStreams, MessageStreamPage)
CREATE_MESSAGE_STREAM = Endpoint("POST", "/message-streams", CreateMessageStream, MessageStream)
GET_MESSAGE_STREAM = Endpoint("GET", "/message-streams/{stream_id}", GetMessageStream, MessageStream)
UPDATE_MESSAGE_STREAM = Endpoint("PATCH", "/message-streams/{stream_id}", UpdateMessageStream, MessageStream)
ARCHIVE_MESSAGE_STREAM = Endpoint(
    "POST", "/message-streams/{stream_id}/archive", ArchiveMessageStream, ArchivedStream, empty_body=True
)
UNARCHIVE_MESSAGE_STREAM = Endpoint(
    "POST", "/message-streams/{stream_id}/unarchive", UnarchiveMessageStream, MessageStream, empty_body=True
)
