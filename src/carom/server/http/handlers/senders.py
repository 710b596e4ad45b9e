"""The sender signatures of an account: added, confirmed by a mail, shown, changed and removed.

What DNS should hold is said of a signature's domain, which is a domain of the account like any other.
"""

import asyncio
from datetime import datetime

import sqlalchemy as sa
from msgspec import UNSET

from carom.server.http.calls import Call
from carom.server.http.handlers.domains import expected, renew_key, set_return_path
from carom.server.http.routes import routes
from carom.server.keyring import new_signing_key
from carom.server.pipeline.intake import Context
from carom.server.pipeline.jobs import Confirm
from carom.server.pipeline.worker import add_job
from carom.server.rules import senders as rules
from carom.server.rules.domains import check_subdomain
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import domains, senders
from carom.server.store.domains import Expected, Named
from carom.server.store.senders import Found, NewSender
from carom.wire.acks import Ack
from carom.wire.senders import (
    CREATE_SENDER,
    DELETE_SENDER,
    GET_SENDER,
    GET_SENDERS,
    REQUEST_NEW_SENDER_DKIM,
    RESEND_SENDER_CONFIRMATION,
    UPDATE_SENDER,
    VERIFY_SENDER_SPF,
    CreateSender,
    GetSenders,
    OneSender,
    Sender,
    SenderPage,
    UpdateSender,
)

BAD_LIST = 500
NO_DATA = 502
CONFIRMED = 506

_CHECKS = {
    "name": ("name", rules.check_name),
    "reply_to_email": ("reply_to", rules.check_reply_to),
    "confirmation_personal_note": ("note", rules.check_note),
}
"""The column of each field that can be changed, and its check."""


@routes.serve(GET_SENDERS)
async def get_senders(call: Call, request: GetSenders) -> SenderPage:
    """List the account's signatures, oldest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(senders.page, call.account_id, count, offset)
    return SenderPage(total_count=shown_total(total, count), sender_signatures=found)


@routes.serve(CREATE_SENDER)
async def create_sender(call: Call, request: CreateSender) -> Sender:
    """Add a signature, and mail its address the link that confirms it."""
    if all(getattr(request, name) is UNSET for name in request.__struct_fields__):
        raise Refusal(NO_DATA)
    context = call.context
    new = NewSender(
        email=rules.check_from(given(request.from_email)),
        name=rules.check_name(given(request.name)),
        reply_to=rules.check_reply_to(given(request.reply_to_email)),
        note=rules.check_note(given(request.confirmation_personal_note)),
    )
    name = rules.domain_of(new.email)
    check_subdomain(given(request.return_path_domain), name, "ReturnPathDomain")
    its_domain = await _ensure_domain(context, call.account_id, name)
    made = await context.database.write(_create, call.account_id, new, its_domain, request, expected(context))
    context.wake()
    return made


def _create(
    connection: sa.Connection, account_id: int, new: NewSender, its_domain: Named, request: CreateSender, by: Expected
) -> Sender:
    set_return_path(connection, its_domain, given(request.return_path_domain) or UNSET)
    sender_id = senders.add(connection, account_id, new, by.now)
    if sender_id is None:
        raise Refusal(504, email=new.email)
    add_job(connection, Confirm(sender_id), by.now)
    return senders.show(connection, sender_id, by)


async def _ensure_domain(context: Context, account_id: int, name: str) -> Named:
    """Return the domain of an address, added with a key if the account has not got it."""
    found = await context.database.read(domains.by_name, account_id, name)
    if found is not None:
        return found
    key = await asyncio.to_thread(new_signing_key)
    await context.database.write(domains.add, context.keyring, account_id, name, key, context.clock())
    return await _ensure_domain(context, account_id, name)


@routes.serve(GET_SENDER)
async def get_sender(call: Call, request: OneSender) -> Sender:
    """Show a signature."""
    return await call.context.database.read(_show, call.account_id, request.sender_id, expected(call.context))


def _show(connection: sa.Connection, account_id: int, sender_id: int, by: Expected) -> Sender:
    return senders.show(connection, _found(connection, account_id, sender_id).id, by)


@routes.serve(UPDATE_SENDER)
async def update_sender(call: Call, request: UpdateSender) -> Sender:
    """Change what is given; the address stays."""
    changed = {name: value for name in _CHECKS if (value := getattr(request, name)) is not UNSET}
    values = {_CHECKS[name][0]: _CHECKS[name][1](value) for name, value in changed.items()}
    if not values and request.return_path_domain is UNSET:
        raise Refusal(NO_DATA)
    context = call.context
    found = await context.database.read(_found, call.account_id, request.sender_id)
    its_domain = await _ensure_domain(context, call.account_id, found.domain)
    return await context.database.write(_update, call.account_id, request, values, its_domain, expected(context))


def _update(
    connection: sa.Connection,
    account_id: int,
    request: UpdateSender,
    values: dict[str, str],
    its_domain: Named,
    by: Expected,
) -> Sender:
    found = _found(connection, account_id, request.sender_id)
    set_return_path(connection, its_domain, request.return_path_domain)
    senders.change(connection, found.id, values)
    return senders.show(connection, found.id, by)


@routes.serve(DELETE_SENDER)
async def delete_sender(call: Call, request: OneSender) -> Ack:
    """Remove a signature; its address can be added again at once."""
    email = await call.context.database.write(senders.remove, call.account_id, request.sender_id)
    if email is None:
        raise Refusal(rules.NO_SENDER)
    return Ack(error_code=0, message=f"Signature {email} removed.")


@routes.serve(RESEND_SENDER_CONFIRMATION)
async def resend_sender_confirmation(call: Call, request: OneSender) -> Ack:
    """Mail the link again."""
    context = call.context
    email = await context.database.write(_resend, call.account_id, request.sender_id, context.clock())
    context.wake()
    return Ack(error_code=0, message=f"Confirmation email for Sender Signature {email} was re-sent.")


def _resend(connection: sa.Connection, account_id: int, sender_id: int, now: datetime) -> str:
    found = _found(connection, account_id, sender_id)
    if found.confirmed:
        raise Refusal(CONFIRMED)
    add_job(connection, Confirm(found.id), now)
    return found.email


@routes.serve(VERIFY_SENDER_SPF)
async def verify_sender_spf(call: Call, request: OneSender) -> Sender:
    """Say yes, as for a domain."""
    context = call.context
    found = await context.database.read(_found, call.account_id, request.sender_id)
    its_domain = await _ensure_domain(context, call.account_id, found.domain)
    await context.database.write(domains.mark_spf, its_domain.id)
    return await get_sender(call, request)


@routes.serve(REQUEST_NEW_SENDER_DKIM)
async def request_new_sender_dkim(call: Call, request: OneSender) -> Ack:
    """Make a new key for the domain of a signature."""
    context = call.context
    found = await context.database.read(_found, call.account_id, request.sender_id)
    its_domain = await context.database.read(domains.by_name, call.account_id, found.domain)
    if its_domain is None:
        await _ensure_domain(context, call.account_id, found.domain)
    else:
        await renew_key(context, its_domain)
    return Ack(error_code=0, message=rules.NEW_KEY)


def _found(connection: sa.Connection, account_id: int, sender_id: int) -> Found:
    found = senders.find(connection, account_id, sender_id)
    if found is None:
        raise Refusal(rules.NO_SENDER)
    return found
