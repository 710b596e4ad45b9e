"""Postmark's error codes as one table: code, HTTP status, the client's exception, and the text where the wire text is
known. The server refuses by row, the client raises by the same row.

Code numbers overlap HTTP numbers and mean something else: never infer one from the other.
Source: https://postmarkapp.com/developer/api/overview#error-codes.
"""

from typing import NamedTuple

import msgspec

from carom.wire.endpoint import Wire


class ErrorBody(Wire, frozen=True, kw_only=True):
    """The body of every error, and of every acknowledgement (with code 0). ``errors`` of code 11 are the faults of each
    field. ``inactive_recipients`` are the addresses that the message names as inactive: Carom's addition, which Postmark
    does not have."""

    error_code: int
    message: str
    errors: dict[str, list["ErrorBody"]] | None = None
    inactive_recipients: tuple[str, ...] | None = None


class ErrorRow(NamedTuple):
    """A row of the table. ``text`` may hold ``{fields}``; ``exception`` names a class of :mod:`carom.client.errors`."""

    code: int
    status: int
    text: str
    exception: str = "ApiInputError"


INACTIVE_TAIL = (
    "Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
)

_ROWS = (
    ErrorRow(10, 401, "Request does not contain a valid {kind} token.", "InvalidApiKeyError"),
    ErrorRow(11, 422, "Several fields of the request are invalid."),
    ErrorRow(13, 422, "The pagination key '{key}' is not valid."),
    ErrorRow(100, 503, "The API is temporarily unavailable: {reason}. Please try again.", "ServiceUnavailableError"),
    ErrorRow(101, 500, "An unexpected error occurred; it is logged under the id {error_id}.", "InternalServerError"),
    ErrorRow(300, 422, "{text}", "InvalidEmailRequestError"),
    ErrorRow(
        400,
        422,
        "The 'From' address you supplied ({address}) is not a Sender Signature on your account. Please add and confirm "
        "this address in order to be able to use it in the 'From' field of your messages.",
    ),
    ErrorRow(
        401,
        422,
        "The Sender Signature for the 'From' address you supplied ({address}) is not confirmed. Please confirm it in "
        "order to be able to send with it.",
    ),
    ErrorRow(402, 422, "Invalid JSON: {reason}."),
    ErrorRow(403, 422, "Invalid request field(s): {fields}."),
    ErrorRow(404, 404, "No such path: {path}.", "UnexpectedHttpResponseError"),
    ErrorRow(405, 405, "The {method} method is not allowed on {path}.", "UnexpectedHttpResponseError"),
    ErrorRow(
        406,
        422,
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: {addresses}. "
        + INACTIVE_TAIL,
        "InactiveRecipientError",
    ),
    ErrorRow(
        409,
        415,
        "Content-Type and Accept headers must be set to application/json, text/json, or text/x-json.",
        "UnexpectedHttpResponseError",
    ),
    ErrorRow(410, 422, "You may only send up to 500 messages in a single batched request."),
    ErrorRow(411, 422, "The attachment '{name}' has a file type that is not allowed ({extension})."),
    ErrorRow(
        413, 413, "The request is larger than the {limit} that this endpoint takes.", "UnexpectedHttpResponseError"
    ),
    ErrorRow(429, 429, "Rate Limit Exceeded", "RateLimitExceededError"),
    ErrorRow(500, 422, "{text}"),
    ErrorRow(502, 422, "No Sender Signature data was received."),
    ErrorRow(503, 422, "'{domain}' is a public mail domain: use an address of a domain of your own."),
    ErrorRow(504, 422, "A Sender Signature for '{email}' exists already."),
    ErrorRow(505, 422, "This DKIM is already being renewed."),
    ErrorRow(506, 422, "This Sender Signature is confirmed already."),
    ErrorRow(511, 422, "Invalid request field(s): {fields}."),
    ErrorRow(512, 422, "The domain '{domain}' exists already."),
    ErrorRow(514, 422, "The domain's 'Name' is missing."),
    ErrorRow(515, 422, "The domain's 'Name' is longer than {limit} characters."),
    ErrorRow(516, 422, "The domain's 'Name' ('{name}') is no domain in its ASCII form, such as example.com."),
    ErrorRow(520, 422, "The required field '{field}' is missing or empty."),
    ErrorRow(521, 422, "The field '{field}' is longer than {limit} characters."),
    ErrorRow(522, 422, "The value of '{field}' ('{value}') is no valid {what}."),
    ErrorRow(600, 422, "{text}"),
    ErrorRow(601, 422, "{text}", "NotFoundError"),
    ErrorRow(602, 422, "The inbound domain '{domain}' is already used by another server."),
    ErrorRow(603, 422, "A server with the name '{name}' exists already."),
    ErrorRow(606, 422, "'{field}' is not valid: {reason}."),
    ErrorRow(607, 422, "The color '{color}' is none of {choices}."),
    ErrorRow(608, 422, "{text}"),
    ErrorRow(609, 422, "No server data was received."),
    ErrorRow(611, 422, "'InboundSpamThreshold' is {value}; it must be 0 to 30."),
    ErrorRow(612, 422, "'TrackLinks' is '{value}'; it must be one of {choices}."),
    ErrorRow(613, 422, "'DeliveryType' is '{value}'; it must be one of {choices}."),
    ErrorRow(615, 422, "Tag triggers are retired: track opens for each message or for the server."),
    ErrorRow(700, 422, "{text}"),
    ErrorRow(701, 422, "This message was not found.", "NotFoundError"),
    ErrorRow(800, 422, "{text}"),
    ErrorRow(809, 422, "No trigger data was received: 'Rule' is missing."),
    ErrorRow(810, 422, "An inbound rule for '{rule}' exists already."),
    ErrorRow(812, 422, "This inbound rule was not found.", "NotFoundError"),
    ErrorRow(813, 422, "The rule '{rule}' is neither an email address nor a domain."),
    ErrorRow(900, 422, "{text}"),
    ErrorRow(1000, 422, "{text}"),
    ErrorRow(1001, 422, "The bounce with the ID {bounce_id} was not found.", "NotFoundError"),
    ErrorRow(1002, 400, "A bounce ID is missing or is not a number.", "UnexpectedHttpResponseError"),
    ErrorRow(1003, 422, "Due to the type of bounce, this address cannot be reactivated."),
    ErrorRow(1100, 422, "{text}"),
    ErrorRow(
        1101,
        422,
        "The {what} associated with this request is not valid or was not found.",
        "NotFoundError",
    ),
    ErrorRow(1105, 422, "A server may have up to {limit} templates; this would be more."),
    ErrorRow(1109, 422, "The request has no template data."),
    ErrorRow(1120, 422, "The required field '{field}' is missing or empty."),
    ErrorRow(1121, 422, "The field '{field}' is longer than {limit} characters."),
    ErrorRow(1122, 422, "{text}"),
    ErrorRow(1123, 422, "{text}"),
    ErrorRow(1124, 422, "{text}"),
    ErrorRow(
        1125,
        422,
        "The template '{alias}' is of the type {source} on the source server and {destination} on the destination server.",
    ),
    ErrorRow(1130, 422, "The layout cannot be removed: {count} template(s) still use it."),
    ErrorRow(
        1131, 422, "The layout content placeholder must be present exactly once in '{field}', and is {count} times."
    ),
    ErrorRow(
        1221, 422, "The 'MessageStreamType' provided ('{kind}') is none of Transactional, Broadcasts and Inbound."
    ),
    ErrorRow(1222, 422, "An 'ID' is required for the message stream."),
    ErrorRow(1223, 422, "A 'Name' is required for the message stream."),
    ErrorRow(1224, 422, "The 'Name' of a message stream must not be longer than {limit} characters."),
    ErrorRow(1225, 422, "A server may have up to {limit} message streams; archive one before you add another."),
    ErrorRow(1226, 422, "The message stream for the provided 'ID' was not found.", "NotFoundError"),
    ErrorRow(
        1227,
        422,
        "The 'ID' provided ('{stream}') is not valid: it must be 1 to 30 characters, begin with a letter, and hold "
        "lower-case letters, digits, hyphens and underscores alone.",
    ),
    ErrorRow(1228, 422, "A server has one inbound message stream; no other can be created."),
    ErrorRow(1229, 422, "The default transactional and inbound message streams cannot be archived."),
    ErrorRow(1230, 422, "A message stream with the 'ID' '{stream}' exists already on this server."),
    ErrorRow(1231, 422, "The 'Description' of a message stream must not be longer than {limit} characters."),
    ErrorRow(1232, 422, "It is too late to unarchive this message stream: it is past its purge date."),
    ErrorRow(1233, 422, "The 'ID' of a message stream must not begin with 'pm-'."),
    ErrorRow(1234, 422, "The 'Description' of a message stream must not contain HTML."),
    ErrorRow(12, 404, "The bulk request with the ID {bulk_id} was not found.", "NotFoundError"),
    ErrorRow(501, 422, "The Sender Signature was not found.", "NotFoundError"),
    ErrorRow(510, 422, "The domain was not found.", "NotFoundError"),
    ErrorRow(1300, 422, "{text}"),
    ErrorRow(1301, 422, "The data removal was not found.", "NotFoundError"),
    ErrorRow(1352, 422, "The webhook for the provided 'ID' was not found.", "NotFoundError"),
    ErrorRow(1235, 422, "The stream provided: '{stream}' does not exist on this server."),
    ErrorRow(1236, 422, "The stream provided: '{stream}' is of a type that cannot send."),
    ErrorRow(1237, 422, "The 'ID' provided ('{stream}') is reserved; choose another."),
    ErrorRow(1238, 422, "Custom unsubscribe handling is not enabled on this server."),
    ErrorRow(1239, 422, "The unsubscribe handling '{handling}' is not supported by streams of the type {kind}."),
    ErrorRow(1240, 422, "The 'UnsubscribeHandlingType' provided ('{handling}') is none of None, Postmark and Custom."),
    ErrorRow(1350, 422, "The message stream of a webhook must not be archived."),
    ErrorRow(1351, 422, "Webhooks are not available for inbound message streams; set the server's 'InboundHookUrl'."),
    ErrorRow(1352, 422, "The webhook for the provided 'ID' was not found.", "NotFoundError"),
    ErrorRow(1354, 422, "The webhook's 'Url' is not valid: {reason}."),
    ErrorRow(1355, 422, "No webhook data was received."),
    ErrorRow(1356, 422, "A webhook's 'ID' is given by the server; it must not be sent when one is created."),
    ErrorRow(1357, 422, "The 'ID' and the 'MessageStream' of a webhook cannot be changed."),
    ErrorRow(1358, 422, "The webhook's HTTP header '{name}' is not valid."),
    ErrorRow(1359, 422, "A message stream may have up to {limit} webhooks."),
    ErrorRow(1361, 422, "The value of the webhook's '{field}' is not valid."),
    ErrorRow(1363, 422, "The 'Status' of a webhook cannot be set; verify it."),
    ErrorRow(
        1404,
        422,
        "The 'SuppressionReason' provided ('{reason}') is none of HardBounce, SpamComplaint and ManualSuppression.",
    ),
    ErrorRow(1405, 422, "The 'Origin' provided ('{origin}') is none of Recipient, Customer and Admin."),
    ErrorRow(1409, 422, "No suppressions were provided: 'Suppressions' needs at least one entry."),
    ErrorRow(1410, 422, "A request may hold up to {limit} suppressions."),
    ErrorRow(1500, 422, "'fromdate' is more than a year ago."),
    ErrorRow(1502, 422, "'fromdate' is after 'todate'."),
    # Carom's own: Postmark has no Idempotency-Key.
    ErrorRow(1700, 422, "The Idempotency-Key '{key}' was used within 24 hours for another request."),
    ErrorRow(1701, 422, "The Idempotency-Key is not valid: {reason}."),
)

ERRORS = {row.code: row for row in _ROWS}

ALL_INACTIVE_IN_BATCH = (
    "You tried to send to a recipient that has been marked as inactive. Found inactive addresses: {addresses}. "
    + INACTIVE_TAIL
    + " "
)
"""The Message of code 406 for one message of a batch: other words than for a message by itself, and a space at the end."""

PARTLY_INACTIVE = "Message OK, but will not deliver to these inactive addresses: {addresses}. " + INACTIVE_TAIL
"""The Message of a send that some of its recipients will not get. Its ErrorCode is 0."""

CANNOT_BYPASS = "This message was not found or cannot be bypassed."
CANNOT_RETRY = "This message was not found or cannot be retried."
"""The Message of code 701 where a received message is to be released."""

OK = "OK"
TEST_JOB_ACCEPTED = "Test job accepted"


def error_body(
    code: int, message: str, errors: dict[str, list[ErrorBody]] | None = None, inactive: tuple[str, ...] = ()
) -> bytes:
    """Encode an error's body."""
    return msgspec.json.encode(
        ErrorBody(error_code=code, message=message, errors=errors, inactive_recipients=inactive or None)
    )
