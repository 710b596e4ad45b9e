"""Webhooks, as they are configured. Nothing is posted to an address when it is registered: it is unverified until a
verification has succeeded, and that keeps no event from it. Events: :mod:`carom.server.pipeline.notifier`."""

import asyncio
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET, UnsetType

from carom.server.http.calls import Call
from carom.server.http.handlers.streams import there
from carom.server.http.routes import routes
from carom.server.keyring import Keyring
from carom.server.outbound.hooks import Hooks
from carom.server.rules import webhooks as rules
from carom.server.rules.probes import enabled, probe
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.store import posts, streams, webhooks
from carom.server.store.webhooks import Hook
from carom.wire.acks import Ack
from carom.wire.email import DEFAULT_STREAM
from carom.wire.endpoint import encode_json
from carom.wire.webhooks import (
    CREATE_WEBHOOK,
    DELETE_WEBHOOK,
    GET_WEBHOOK,
    GET_WEBHOOK_STATISTICS,
    GET_WEBHOOKS,
    UPDATE_WEBHOOK,
    VERIFY_WEBHOOK,
    CreateWebhook,
    GetWebhooks,
    OneWebhook,
    TriggerVerification,
    UpdateWebhook,
    Webhook,
    Webhooks,
    WebhookStatistics,
    WebhookVerification,
)

NOT_FOUND = 1352


@routes.serve(GET_WEBHOOKS)
async def get_webhooks(call: Call, request: GetWebhooks) -> Webhooks:
    """List the webhooks of the server, or of one of its streams."""
    found = await call.context.database.read(
        _all, call.context.keyring, call.tenant.server_id, given(request.message_stream) or None
    )
    return Webhooks(webhooks=found)


@routes.serve(GET_WEBHOOK)
async def get_webhook(call: Call, request: OneWebhook) -> Webhook:
    """Show a webhook."""
    return await call.context.database.read(_there, call.context.keyring, call.tenant.server_id, request.webhook_id)


@routes.serve(CREATE_WEBHOOK)
async def create_webhook(call: Call, request: CreateWebhook) -> Webhook:
    """Make a webhook; triggers that are not named are off."""
    if all(getattr(request, name) is UNSET for name in request.__struct_fields__):
        raise Refusal(1355)
    if request.id:
        raise Refusal(1356)
    if given(request.status):
        raise Refusal(1363)
    hook = Hook(
        url=rules.check_url(given(request.url), inside=_inside(call)),
        auth=None if isinstance(request.http_auth, UnsetType) else rules.read_auth(request.http_auth),
        headers=[] if isinstance(request.http_headers, UnsetType) else rules.check_headers(request.http_headers),
        triggers=rules.read_triggers(_asked(request.triggers), rules.NO_TRIGGERS),
    )
    stream = given(request.message_stream) or DEFAULT_STREAM
    return await call.context.database.write(
        _create, call.context.keyring, call.tenant.server_id, stream, hook, call.context.clock()
    )


@routes.serve(UPDATE_WEBHOOK)
async def update_webhook(call: Call, request: UpdateWebhook) -> Webhook:
    """Change a webhook; what is not given stays."""
    return await call.context.database.write(
        _update, call.context.keyring, call.tenant.server_id, request, inside=_inside(call)
    )


@routes.serve(DELETE_WEBHOOK)
async def delete_webhook(call: Call, request: OneWebhook) -> Ack:
    """Remove a webhook."""
    if not await call.context.database.write(webhooks.remove, call.tenant.server_id, request.webhook_id):
        raise Refusal(NOT_FOUND)
    return Ack(error_code=0, message=f"Webhook {request.webhook_id} removed.")


@routes.serve(VERIFY_WEBHOOK)
async def verify_webhook(call: Call, request: OneWebhook) -> WebhookVerification:
    """Post an example of each event that a webhook is told; only 200 will do."""
    context, server_id = call.context, call.tenant.server_id
    webhook = await context.database.read(_there, context.keyring, server_id, request.webhook_id)
    names = enabled(webhook.triggers)
    async with Hooks(inside=_inside(call)) as hooks:
        results = await asyncio.gather(*(_tried(hooks, webhook, name, call) for name in names))
    verified = sum(result.success for result in results)
    success = verified == len(results) > 0
    await context.database.write(webhooks.mark, context.keyring, server_id, webhook, verified=success)
    return WebhookVerification(
        id=webhook.id,
        url=webhook.url,
        success=success,
        results=results,
        message=f"{verified}/{len(results)} triggers verified successfully",
    )


async def _tried(hooks: Hooks, webhook: Webhook, trigger: str, call: Call) -> TriggerVerification:
    auth = webhook.http_auth
    answer = await hooks.post(
        webhook.url,
        encode_json(probe(trigger, webhook, call.tenant.server_id, call.context.clock())),
        login=None if auth is None else (auth.username, auth.password),
        headers={header.name: header.value for header in webhook.http_headers or ()},
    )
    return TriggerVerification(
        trigger_type=trigger, success=answer.status == 200, status_code=answer.status, message=answer.reason
    )


@routes.serve(GET_WEBHOOK_STATISTICS)
async def get_webhook_statistics(call: Call, request: OneWebhook) -> WebhookStatistics:
    """Count what was posted in the last 24 hours, each attempt by itself."""
    context, server_id = call.context, call.tenant.server_id
    found = await context.database.read(_there, context.keyring, server_id, request.webhook_id)
    counts = await context.database.read(posts.counts, server_id, str(found.id), context.clock())
    return WebhookStatistics(
        id=found.id,
        url=found.url,
        total_count=counts.total,
        success_count=counts.success,
        failed_count=counts.total - counts.success,
        slow_count=counts.slow,
        very_slow_count=counts.very_slow,
    )


def _check_fixed(request: UpdateWebhook, found: Webhook) -> None:
    """Raise a Refusal for a change of what cannot be changed; to say it again is fine."""
    if request.id not in {UNSET, 0, found.id} or given(request.message_stream) not in {"", found.message_stream}:
        raise Refusal(1357)
    if given(request.status).lower() not in {"", found.status}:
        raise Refusal(1363)


def _inside(call: Call) -> bool:
    return call.context.settings.mode == "sandbox"


def _asked(triggers: dict[str, Any] | UnsetType) -> dict[str, Any]:
    return {} if isinstance(triggers, UnsetType) else triggers


def _all(connection: sa.Connection, keyring: Keyring, server_id: int, stream: str | None) -> list[Webhook]:
    if stream is not None:
        there(connection, server_id, stream)
    return webhooks.all_of(connection, keyring, server_id, stream)


def _there(connection: sa.Connection, keyring: Keyring, server_id: int, webhook_id: int) -> Webhook:
    found = webhooks.get(connection, keyring, server_id, webhook_id)
    if found is None:
        raise Refusal(NOT_FOUND)
    return found


def _create(
    connection: sa.Connection, keyring: Keyring, server_id: int, stream: str, hook: Hook, now: datetime
) -> Webhook:
    found = there(connection, server_id, stream)
    if found.archived_at is not None:
        raise Refusal(1350)
    if found.message_stream_type == "Inbound":
        raise Refusal(1351)
    streams.hold(connection, server_id)
    if webhooks.count(connection, server_id, stream) >= rules.MAX_OF_STREAM:
        raise Refusal(1359, limit=rules.MAX_OF_STREAM)
    return _there(connection, keyring, server_id, webhooks.add(connection, keyring, server_id, stream, hook, now))


def _update(
    connection: sa.Connection, keyring: Keyring, server_id: int, request: UpdateWebhook, *, inside: bool
) -> Webhook:
    found = _there(connection, keyring, server_id, request.webhook_id)
    _check_fixed(request, found)
    auth, headers = request.http_auth, request.http_headers
    hook = Hook(
        url=rules.check_url(request.url, inside=inside) if isinstance(request.url, str) else found.url,
        auth=found.http_auth if isinstance(auth, UnsetType) else rules.read_auth(auth),
        headers=(found.http_headers or []) if isinstance(headers, UnsetType) else rules.check_headers(headers),
        triggers=rules.read_triggers(_asked(request.triggers), found.triggers),
    )
    if hook != Hook(url=found.url, auth=found.http_auth, headers=found.http_headers or [], triggers=found.triggers):
        webhooks.change(connection, keyring, server_id, request.webhook_id, hook)
    return _there(connection, keyring, server_id, request.webhook_id)
