"""Sending, one message or a batch of them."""

from collections.abc import Sequence

from msgspec import Raw

from carom.server.http.api import decode_item
from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.pipeline.intake import submit
from carom.server.rules.accepting import ALL_INACTIVE, Accepted
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked, check
from carom.wire.email import MAX_BATCH, SEND_BATCH, SEND_EMAIL, SendBatch, SendEmail, SendResult
from carom.wire.errors import ALL_INACTIVE_IN_BATCH, TEST_JOB_ACCEPTED
from carom.wire.times import Timestamp


@routes.serve(SEND_EMAIL)
async def send_email(call: Call, request: SendEmail) -> SendResult:
    """Accept one message."""
    [answer] = await send_all(call, (check(request),))
    if isinstance(answer, Refusal):
        raise answer
    return answer_of(answer)


@routes.serve(SEND_BATCH)
async def send_batch(call: Call, request: SendBatch) -> list[SendResult]:
    """Accept up to 500 messages, each by itself, in one transaction."""
    if len(request.messages) > MAX_BATCH:
        raise Refusal(410)
    return [answer_of(answer) for answer in await send_all(call, [_read(raw) for raw in request.messages])]


def _read(raw: Raw) -> Checked | Refusal:
    try:
        return check(decode_item(raw, SEND_EMAIL))
    except Refusal as refusal:
        return refusal


async def send_all(call: Call, items: Sequence[Checked | Refusal]) -> list[Accepted | Refusal]:
    """Accept checked messages, each by itself, and answer in their order; with the test token only say so."""
    context = call.context
    if call.tenant_or_test is None:
        now = context.clock()
        return [
            item if isinstance(item, Refusal) else Accepted(context.new_id(), item.to, now, TEST_JOB_ACCEPTED)
            for item in items
        ]
    return await submit(context, call.tenant_or_test, items, token=call.token, once=call.once)


def answer_of(answer: Accepted | Refusal) -> SendResult:
    """Return what the API says of one message, in a batch if it is refused."""
    if isinstance(answer, Refusal):
        message = answer.message
        if answer.code == ALL_INACTIVE:
            message = ALL_INACTIVE_IN_BATCH.format(addresses=", ".join(answer.inactive))
        return SendResult(error_code=answer.code, message=message, inactive_recipients=answer.inactive or None)
    return SendResult(
        to=answer.to,
        submitted_at=Timestamp.of(answer.submitted_at),
        message_id=str(answer.message_id),
        error_code=0,
        message=answer.message,
        inactive_recipients=answer.inactive or None,
    )
