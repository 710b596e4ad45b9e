"""Postmark's error codes as one table: code, HTTP status, the client's exception, and the text where the wire text is
known. The server refuses by row, the client raises by the same row.

Code numbers overlap HTTP numbers and mean something else: never infer one from the other.
Source: https://postmarkapp.com/developer/api/overview#error-codes.
"""

from typing import NamedTuple

import msgspec

from carom.wire.endpoint import Wire


class ErrorBody(Wire, frozen=True, kw_only=True):
    """The body of every error, and of every acknowledgement (with code 0)."""

    error_code: int
    message: str


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
    ErrorRow(410, 422, "You may only send up to 500 messages in a single batched request."),
    ErrorRow(411, 422, "The attachment '{name}' has a file type that is not allowed ({extension})."),
    ErrorRow(
        413, 413, "The request is larger than the {limit} that this endpoint takes.", "UnexpectedHttpResponseError"
    ),
    ErrorRow(429, 429, "Rate Limit Exceeded", "RateLimitExceededError"),
    ErrorRow(500, 422, "Invalid 'count' or 'offset' parameter: {reason}."),
    ErrorRow(701, 422, "This message was not found.", "NotFoundError"),
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
    ErrorRow(1105, 422, "This server has {limit} templates already, which is the most that a server may have."),
    ErrorRow(1109, 422, "The request has no template data."),
    ErrorRow(1120, 422, "The required field '{field}' is missing or empty."),
    ErrorRow(1121, 422, "The field '{field}' is longer than {limit} characters."),
    ErrorRow(1122, 422, "{text}"),
    ErrorRow(1123, 422, "{text}"),
    ErrorRow(1130, 422, "The layout cannot be removed: {count} template(s) still use it."),
    ErrorRow(
        1131, 422, "The layout content placeholder must be present exactly once in '{field}', and is {count} times."
    ),
    ErrorRow(1226, 422, "The message stream for the provided 'ID' was not found.", "NotFoundError"),
    ErrorRow(1235, 422, "The stream provided: '{stream}' does not exist on this server."),
    ErrorRow(1236, 422, "The stream provided: '{stream}' is of a type that cannot send."),
)

ERRORS = {row.code: row for row in _ROWS}

PARTLY_INACTIVE = "Message OK, but will not deliver to these inactive addresses: {addresses}. " + INACTIVE_TAIL
"""The Message of a send that some of its recipients will not get. Its ErrorCode is 0."""

OK = "OK"
TEST_JOB_ACCEPTED = "Test job accepted"


def error_body(code: int, message: str) -> bytes:
    """Encode an error's body."""
    return msgspec.json.encode(ErrorBody(error_code=code, message=message))
