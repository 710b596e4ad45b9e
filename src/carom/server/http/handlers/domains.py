"""The sending domains of an account: added, shown, changed, removed, and looked up in DNS.

Look-ups are made between transactions, and what they found is written only if what was asked about is still so.
"""

import asyncio

import sqlalchemy as sa
from msgspec import UnsetType

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.keyring import Keyring, SigningKey, new_signing_key
from carom.server.pipeline.intake import Context
from carom.server.rules.dkim import is_published
from carom.server.rules.domains import NO_DOMAIN, check_name, check_subdomain
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import domains
from carom.server.store.domains import Expected, Named, Part
from carom.wire.acks import Ack
from carom.wire.domains import (
    CREATE_DOMAIN,
    DELETE_DOMAIN,
    GET_DOMAIN,
    GET_DOMAINS,
    ROTATE_DOMAIN_DKIM,
    UPDATE_DOMAIN,
    VERIFY_DOMAIN_CUSTOM_TRACKING,
    VERIFY_DOMAIN_DKIM,
    VERIFY_DOMAIN_RETURN_PATH,
    VERIFY_DOMAIN_SPF,
    CreateDomain,
    Domain,
    DomainKey,
    DomainPage,
    DomainSpf,
    GetDomains,
    OneDomain,
    UpdateDomain,
)

BAD_LIST = 500
KEY_WAITS = 505


def expected(context: Context) -> Expected:
    """Return what this installation wants DNS to say: return paths are aliases of its own return path's domain, tracked
    links of its host."""
    settings = context.settings
    return Expected(return_path=settings.return_path, tracking=settings.hostname, now=context.clock())


@routes.serve(GET_DOMAINS)
async def get_domains(call: Call, request: GetDomains) -> DomainPage:
    """List the account's domains, oldest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(domains.page, call.account_id, count, offset)
    return DomainPage(total_count=shown_total(total, count), domains=found)


@routes.serve(CREATE_DOMAIN)
async def create_domain(call: Call, request: CreateDomain) -> Domain:
    """Add a domain with a DKIM key for its DNS."""
    context = call.context
    name = check_name(given(request.name))
    return_path = check_subdomain(given(request.return_path_domain), name, "ReturnPathDomain")
    if await context.database.read(domains.by_name, call.account_id, name):
        raise Refusal(512, domain=name)
    key = await asyncio.to_thread(new_signing_key)
    return await context.database.write(
        _create, call.account_id, name, return_path, key, context.keyring, expected(context)
    )


def _create(
    connection: sa.Connection,
    account_id: int,
    name: str,
    return_path: str,
    key: SigningKey,
    keyring: Keyring,
    by: Expected,
) -> Domain:
    domain_id = domains.add(connection, keyring, account_id, name, key, by.now)
    if domain_id is None:
        raise Refusal(512, domain=name)
    domains.set_alias(connection, domain_id, "return_path", return_path)
    return domains.show(connection, domain_id, by)


@routes.serve(GET_DOMAIN)
async def get_domain(call: Call, request: OneDomain) -> Domain:
    """Show a domain and the records that its DNS should hold."""
    return await _show(call, request.domain_id)


async def _show(call: Call, domain_id: int) -> Domain:
    return await call.context.database.read(_shown, call.account_id, domain_id, expected(call.context))


def _shown(connection: sa.Connection, account_id: int, domain_id: int, by: Expected) -> Domain:
    return domains.show(connection, _found(connection, account_id, domain_id).id, by)


@routes.serve(UPDATE_DOMAIN)
async def update_domain(call: Call, request: UpdateDomain) -> Domain:
    """Change what is given; an empty text unsets. Another alias than before is to be verified anew."""
    return await call.context.database.write(_update, call.account_id, request, expected(call.context))


def _update(connection: sa.Connection, account_id: int, request: UpdateDomain, by: Expected) -> Domain:
    found = _found(connection, account_id, request.domain_id)
    set_return_path(connection, found, request.return_path_domain)
    if not isinstance(request.custom_tracking_domain, UnsetType):
        tracking = check_subdomain(request.custom_tracking_domain, found.name, "CustomTrackingDomain")
        domains.set_alias(connection, found.id, "tracking", tracking)
    return domains.show(connection, found.id, by)


def set_return_path(connection: sa.Connection, found: Named, value: str | UnsetType) -> None:
    """Set the domain of a domain's return paths where one is given. Raises Refusal for one that is not below it."""
    if not isinstance(value, UnsetType):
        return_path = check_subdomain(value, found.name, "ReturnPathDomain")
        domains.set_alias(connection, found.id, "return_path", return_path)


@routes.serve(DELETE_DOMAIN)
async def delete_domain(call: Call, request: OneDomain) -> Ack:
    """Remove a domain with its keys. Signatures of its addresses stay."""
    name = await call.context.database.write(domains.remove, call.account_id, request.domain_id)
    if name is None:
        raise Refusal(NO_DOMAIN)
    return Ack(error_code=0, message=f"Domain {name} removed.")


@routes.serve(VERIFY_DOMAIN_DKIM)
async def verify_domain_dkim(call: Call, request: OneDomain) -> Domain:
    """Look the pending key up in DNS. Found, it signs from now on and the domain may send; else nothing changes."""
    context = call.context
    found = await context.database.read(_found, call.account_id, request.domain_id)
    pending = await context.database.read(domains.pending_key, found.id, found.name)
    if pending is not None and is_published(pending.public, await context.resolver.texts(pending.host)):
        await context.database.write(domains.verify_key, found.id, pending.selector, context.clock())
    return await _show(call, found.id)


@routes.serve(VERIFY_DOMAIN_RETURN_PATH)
async def verify_domain_return_path(call: Call, request: OneDomain) -> Domain:
    """Look up whether the domain of the return paths is an alias of ours."""
    found = await call.context.database.read(_found, call.account_id, request.domain_id)
    return await _verify_alias(call, found, "return_path", found.return_path_domain)


@routes.serve(VERIFY_DOMAIN_CUSTOM_TRACKING)
async def verify_domain_custom_tracking(call: Call, request: OneDomain) -> Domain:
    """Look up whether the domain of the tracked links is an alias of ours."""
    found = await call.context.database.read(_found, call.account_id, request.domain_id)
    return await _verify_alias(call, found, "tracking", found.tracking_domain)


async def _verify_alias(call: Call, found: Named, part: Part, alias: str) -> Domain:
    context, by = call.context, expected(call.context)
    target = by.return_path if part == "return_path" else by.tracking
    there = bool(alias) and await context.resolver.leads_to(alias, target)
    await context.database.write(domains.mark_alias, found.id, part, alias, by.now if there else None)
    return await _show(call, found.id)


@routes.serve(VERIFY_DOMAIN_SPF)
async def verify_domain_spf(call: Call, request: OneDomain) -> DomainSpf:
    """Say yes, as Postmark has since it retired the check: SPF is asked of the return path, not of From."""
    return await call.context.database.write(_spf, call.account_id, request.domain_id, expected(call.context))


def _spf(connection: sa.Connection, account_id: int, domain_id: int, by: Expected) -> DomainSpf:
    found = _found(connection, account_id, domain_id)
    domains.mark_spf(connection, found.id)
    return domains.show_spf(connection, found.id, by)


@routes.serve(ROTATE_DOMAIN_DKIM)
async def rotate_domain_dkim(call: Call, request: OneDomain) -> DomainKey:
    """Make a new key. The old one signs until DNS holds the new one."""
    context = call.context
    found = await context.database.read(_found, call.account_id, request.domain_id)
    await renew_key(context, found)
    return await context.database.read(domains.show_key, found.id, expected(context))


async def renew_key(context: Context, found: Named) -> None:
    """Give a domain a new key. Raises Refusal while one waits to be seen in DNS."""
    if await context.database.read(domains.pending_key, found.id, found.name):
        raise Refusal(KEY_WAITS)
    key = await asyncio.to_thread(new_signing_key)
    if not await context.database.write(domains.add_key, context.keyring, found.id, key, context.clock()):
        raise Refusal(KEY_WAITS)


def _found(connection: sa.Connection, account_id: int, domain_id: int) -> Named:
    found = domains.find(connection, account_id, domain_id)
    if found is None:
        raise Refusal(NO_DOMAIN)
    return found
