"""Submission: mail that a client sends by SMTP takes the road of mail sent by HTTP.

User and password are both the server token, as at Postmark. A fault in the message is answered at once with its text.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from carom.server.config import Settings
from carom.server.pipeline.intake import Context, submit
from carom.server.rules.accepting import Accepted
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import check
from carom.server.rules.submitted import read_submission
from carom.server.smtp.replies import Reply
from carom.server.smtp.session import Envelope, Listener, Rules
from carom.server.store import servers
from carom.server.store.servers import Tenant
from carom.wire.addresses import BadAddress, check_address
from carom.wire.email import MAX_MESSAGE_BYTES, MAX_RECIPIENTS


class Submission:
    """The handler."""

    def __init__(self, context: Context) -> None:
        """Work with the parts that the API works with."""
        self._context = context

    async def login(self, user: str, password: str) -> Tenant | None:
        """Return the server whose token is both user and password, if it takes mail by SMTP."""
        if user.lower() != password.lower():
            return None
        return await self._context.database.read(_submitter, password)

    async def recipient(self, login: Any, mail_from: str, address: str) -> Reply | None:
        """Refuse what is no address."""
        del login, mail_from
        try:
            check_address(address, "To")
        except BadAddress as error:
            return Reply(550, "5.1.3", str(error))
        return None

    async def message(self, envelope: Envelope) -> Reply:
        """Accept a message as the API does."""
        try:
            checked = check(read_submission(envelope.content, envelope.recipients))
        except Refusal as refusal:
            return _refused(refusal)
        [answer] = await submit(self._context, envelope.login, [checked])
        if isinstance(answer, Accepted):
            return Reply(250, "2.0.0", f"OK: {answer.message_id}")
        return _refused(answer)


def _submitter(connection: sa.Connection, token: str) -> Tenant | None:
    tenant = servers.by_token(connection, token)
    if tenant is None or not servers.settings_of(connection, tenant.server_id).smtp_api_activated:
        return None
    return tenant


def _refused(refusal: Refusal) -> Reply:
    return Reply(550, "5.7.0", f"{refusal.code}: {refusal.message}")


def submission_listener(settings: Settings, handler: Submission, has_room: Callable[[], bool]) -> Listener:
    """Return the listener of ``--smtp``."""
    rules = Rules(
        settings.hostname,
        MAX_MESSAGE_BYTES,
        max_recipients=MAX_RECIPIENTS,
        needs_login=True,
        refuses_bare_line_ends=True,
        has_room=has_room,
    )
    return Listener(settings.smtp.host, settings.smtp.port, handler, rules)
