"""Submission: mail that a client sends by SMTP takes the road of mail sent by HTTP.

The client hears of faults of the connection, the log-in and the protocol. What SMTP allows is taken with 250; a fault in
the message becomes a bounce of the type SMTPApiError (:mod:`carom.server.pipeline.stages.refuse`).
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import structs

from carom.server.config import Settings
from carom.server.pipeline.intake import Context, submit
from carom.server.pipeline.stages.refuse import Refused, refuse
from carom.server.rules.accepting import ALL_INACTIVE
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked, check
from carom.server.rules.submitted import read_submission, summary
from carom.server.smtp import replies
from carom.server.smtp.logins import Logins, Submitter
from carom.server.smtp.replies import Reply
from carom.server.smtp.session import Claim, Envelope, Listener, Rules
from carom.wire.addresses import BadAddress, check_address
from carom.wire.email import DEFAULT_STREAM, MAX_MESSAGE_BYTES, MAX_RECIPIENTS

LARGE = 64 * 1024
"""Octets above which a mail is read on a thread: other clients are served meanwhile."""


class Submission:
    """The handler."""

    def __init__(self, context: Context) -> None:
        """Work with the parts that the API works with."""
        self._context = context
        self._logins = Logins(context.database)

    async def login(self, claim: Claim) -> Submitter | None:
        """Return who may submit."""
        return await self._logins.login(claim)

    async def recipient(self, login: Submitter, mail_from: str, address: str) -> Reply | None:
        """Refuse what is no address."""
        del login, mail_from
        try:
            check_address(address, "To")
        except BadAddress as error:
            return replies.BAD_MAILBOX._replace(text=str(error))
        return None

    async def message(self, envelope: Envelope) -> Reply:
        """Accept a message as the API does, or record why not; either way it is taken."""
        submitter: Submitter = envelope.login
        if len(envelope.content) < LARGE:
            item = _read(envelope, submitter)
        else:
            item = await asyncio.to_thread(_read, envelope, submitter)
        try:
            [answer] = await submit(self._context, submitter.tenant, [item])
        except Refusal as refusal:  # the server is gone since the log-in
            answer = refusal
        if isinstance(answer, Refusal):
            message_id = self._context.new_id()
            await self._refuse(envelope, message_id, envelope.recipients, answer)
        else:
            message_id = answer.message_id
            if answer.inactive:
                why = Refusal(ALL_INACTIVE, addresses=", ".join(answer.inactive))
                await self._refuse(envelope, message_id, answer.inactive, why)
        return replies.OK._replace(text=f"OK: {message_id}")

    async def _refuse(self, envelope: Envelope, message_id: UUID, recipients: Sequence[str], why: Refusal) -> None:
        submitter: Submitter = envelope.login
        about = summary(envelope.content)
        refused = Refused(
            server_id=submitter.tenant.server_id,
            message_id=message_id,
            stream=submitter.stream or about.stream or DEFAULT_STREAM,
            recipients=tuple({address.lower(): address for address in recipients}.values()),
            summary=about,
            content=envelope.content,
        )
        await self._context.database.write(refuse, refused, why, self._context.clock())
        self._context.wake()


def _read(envelope: Envelope, submitter: Submitter) -> Checked | Refusal:
    try:
        email = read_submission(envelope.content, envelope.recipients)
        # The stream of an SMTP token is the one it may send on, whatever a header names.
        return check(email if submitter.stream is None else structs.replace(email, message_stream=submitter.stream))
    except Refusal as refusal:
        return refusal


def submission_listener(
    settings: Settings, handler: Submission, tls: ssl.SSLContext | None, has_room: Callable[[], bool]
) -> Listener:
    """Return the listener of ``--smtp``."""
    rules = Rules(
        settings.hostname,
        MAX_MESSAGE_BYTES,
        max_recipients=MAX_RECIPIENTS,
        needs_login=True,
        refuses_bare_line_ends=True,
        tls=tls,
        has_room=has_room,
    )
    return Listener(settings.smtp.host, settings.smtp.port, handler, rules)
