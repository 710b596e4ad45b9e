# pyright: basic
"""client-api section 7: what an account token can do. The account is everybody's: names are made up for each test."""

from uuid import uuid4

import pytest

import carom
from tests.client.served.world import LETTER, World, calls, refuses

pytestmark = pytest.mark.anyio


def unique() -> str:
    """A name that no other test has."""
    return f"t{uuid4().hex[:12]}"


@calls("create_server", "get_server", "update_server", "get_servers", "servers", "get_servers_count", "delete_server")
async def test_c7_a_server_is_made_used_changed_listed_and_removed(world: World) -> None:
    account = world.account
    name = f"{unique()} 2026-01-01T00:00:00+00:00"
    made = await account.create_server(
        name=name, color="Red", track_opens=True, inbound_spam_threshold=5, delivery_type="Sandbox"
    )
    assert (made.name, made.color, made.track_opens, made.inbound_spam_threshold) == (name, "red", True, 5)
    assert (made.delivery_type, made.inbound_domain, made.smtp_api_activated) == ("Sandbox", "", True)
    assert made.id > 1
    [token] = made.api_tokens
    client = world.make(token=token)
    assert len(token) == 36
    assert (await client.deliver(LETTER)).ok
    assert len(await client.message_streams()) == 3
    assert await account.get_server(made.id) == made == await client.server_info()
    changed = await account.update_server(made.id, color="Blue")
    assert (changed.color, changed.name, changed.track_opens) == ("blue", name, True)
    assert [server.id for server in await account.get_servers(name=name[3:12])] == [made.id]
    assert [server.id for server in await account.servers(name=name)] == [made.id]
    assert await account.get_servers_count(name=name) == 1
    assert await account.get_servers_count() > 1
    gone = await account.delete_server(made.id)
    assert (gone.error_code, gone.message) == (0, f"Server {name} removed.")
    assert await account.get_servers_count(name=name) == 0
    with pytest.raises(carom.InvalidApiKeyError):
        await client.server_info()


@refuses("create_server", "get_server", "update_server", "get_servers", "servers", "get_servers_count", "delete_server")
async def test_c7_servers_that_are_refused(world: World) -> None:
    account = world.account
    taken = (await world.client.server_info()).name
    for call in (account.get_server, lambda it: account.update_server(it, color="red"), account.delete_server):
        with pytest.raises(carom.ApiInputError) as caught:
            await call(1)
        assert (type(caught.value), caught.value.error_code) == (carom.NotFoundError, 601)
    for fields, code in (
        ({"color": "red"}, 608),
        ({"name": taken}, 603),
        ({"name": unique(), "color": "mauve"}, 607),
        ({"name": unique(), "delivery_type": "Dead"}, 613),
        ({"name": unique(), "track_links": "All"}, 612),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await account.create_server(**fields)
        assert refused.value.error_code == code, fields
    with pytest.raises(carom.ApiInputError) as refused:
        await account.get("/servers", count=501, offset=0)
    assert refused.value.error_code == 600
    stranger = world.make("account", world.token)
    for call in (stranger.get_servers, stranger.servers, stranger.get_servers_count):
        with pytest.raises(carom.InvalidApiKeyError):
            await call()


@calls("create_domain", "get_domain", "update_domain", "get_domains", "domains", "get_domains_count", "delete_domain")
async def test_c7_a_domain_is_made_changed_listed_and_removed(world: World) -> None:
    account = world.account
    name = f"{unique()}.example.org"
    made = await account.create_domain(name=name)
    assert (made.name, made.return_path_domain, made.dkim_update_status) == (name, "", "Pending")
    assert made.dkim_pending_host.endswith(f"._domainkey.{name}")
    assert made.dkim_pending_text_value.startswith("k=rsa; p=")
    assert (made.dkim_host, made.dkim_verified, made.return_path_domain_verified) == ("", False, False)
    assert await account.get_domain(made.id) == made
    changed = await account.update_domain(made.id, return_path_domain=f"pm.{name}")
    assert changed.return_path_domain == f"pm.{name}"
    assert (await account.update_domain(made.id, return_path_domain="")).return_path_domain == ""
    count = await account.get_domains_count()
    assert made.id in [domain.id for domain in await account.domains()]
    assert (await account.get_domains(count=1)).total_count == count
    assert (await account.delete_domain(made.id)).message == f"Domain {name} removed."
    assert await account.get_domains_count() == count - 1


@calls(
    "verify_domain_dkim",
    "verify_domain_return_path",
    "verify_domain_custom_tracking",
    "is_domain_spf_verified",
)
@refuses("rotate_domain_dkim", "update_domain", "create_domain")
async def test_c7_a_domain_without_dns_is_not_verified(world: World) -> None:
    account = world.account
    name = f"{unique()}.example.org"
    made = await account.create_domain(name=name, return_path_domain=f"pm.{name}")
    for call in (
        account.verify_domain_dkim,
        account.verify_domain_return_path,
        account.verify_domain_custom_tracking,
    ):
        looked_at = await call(made.id)
        assert (looked_at.id, looked_at.name) == (made.id, name)
        assert not looked_at.dkim_verified
        assert not looked_at.return_path_domain_verified
    assert isinstance(await account.is_domain_spf_verified(made.id), bool)
    with pytest.raises(carom.ApiInputError, match=r"This DKIM is already being renewed\.") as caught:
        await account.rotate_domain_dkim(made.id)
    assert caught.value.error_code == 505
    for call, code in (
        (lambda: account.create_domain(name=name), 512),
        (lambda: account.create_domain(name="thisisntadomain"), 516),
        (lambda: account.update_domain(made.id, return_path_domain="pm.elsewhere.example"), 522),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await call()
        assert refused.value.error_code == code
    await account.delete_domain(made.id)


@calls("verify_domain_dkim", "verify_domain_return_path", "rotate_domain_dkim")
async def test_c7_a_domain_is_verified_by_what_dns_says(world: World) -> None:
    account, names = world.account, world.served.names
    name = f"{unique()}.example.org"
    made = await account.create_domain(name=name, return_path_domain=f"pm.{name}")
    names.texts[made.dkim_pending_host.lower()] = [made.dkim_pending_text_value]
    names.aliases[f"pm.{name}"] = made.return_path_domain_cname_value
    verified = await account.verify_domain_dkim(made.id)
    assert (verified.dkim_verified, verified.dkim_update_status) == (True, "Verified")
    assert (verified.dkim_host, verified.dkim_pending_host) == (made.dkim_pending_host, "")
    assert (await account.verify_domain_return_path(made.id)).return_path_domain_verified
    rotated = await account.rotate_domain_dkim(made.id)
    assert (rotated.id, rotated.dkim_update_status, rotated.dkim_host) == (made.id, "Pending", verified.dkim_host)
    assert rotated.dkim_pending_text_value not in {"", verified.dkim_text_value}
    await account.delete_domain(made.id)


@refuses(
    "get_domain",
    "update_domain",
    "delete_domain",
    "verify_domain_dkim",
    "verify_domain_return_path",
    "verify_domain_custom_tracking",
    "is_domain_spf_verified",
    "rotate_domain_dkim",
    "get_domains",
    "domains",
    "get_domains_count",
)
async def test_c7_domains_that_are_not_there(world: World) -> None:
    account = world.account
    for call in (
        account.get_domain,
        lambda it: account.update_domain(it, return_path_domain=""),
        account.delete_domain,
        account.verify_domain_dkim,
        account.verify_domain_return_path,
        account.verify_domain_custom_tracking,
        account.is_domain_spf_verified,
        account.rotate_domain_dkim,
    ):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(1)
        assert caught.value.error_code == 510
    with pytest.raises(carom.ApiInputError) as refused:
        await account.get("/domains", count=501, offset=0)
    assert refused.value.error_code == 500
    stranger = world.make("account", world.token)
    for call in (stranger.get_domains, stranger.domains, stranger.get_domains_count):
        with pytest.raises(carom.InvalidApiKeyError):
            await call()


SENDER_CALLS = (
    "create_{}",
    "get_{}",
    "update_{}",
    "get_{}s",
    "{}s",
    "get_{}s_count",
    "delete_{}",
    "resend_{}_confirmation",
    "is_{}_spf_verified",
)
KEY_CALL = "request_new_{}_dkim"


def under(word: str, names: tuple[str, ...] = SENDER_CALLS) -> list[str]:
    """The names of calls about senders, which are called signatures too."""
    return [name.format(word) for name in names]


@calls(*under("sender"), *under("signature"))
@refuses(KEY_CALL.format("sender"), KEY_CALL.format("signature"))
@pytest.mark.parametrize("word", ["sender", "signature"])
async def test_c7_a_sender_is_made_changed_listed_and_removed(world: World, word: str) -> None:
    create, get, update, page, pager, count, delete, resend, spf = [
        getattr(world.account, name) for name in under(word)
    ]
    other = "signature" if word == "sender" else "sender"
    world.account.called.update(under(other, (*SENDER_CALLS, KEY_CALL)))
    email = f"jane+x@{unique()}.example.org"
    made = await create(from_email=email, name="Jane", reply_to_email="r@example.org", confirmation_personal_note="Hi")
    assert (made.email_address, made.name, made.reply_to_email_address) == (email, "Jane", "r@example.org")
    assert (made.confirmed, made.confirmation_personal_note) == (False, "Hi")
    assert await get(made.id) == made
    await update(made.id, name="Doe", reply_to_email="s@example.org")
    read = await get(made.id)
    assert (read.name, read.reply_to_email_address, read.email_address) == ("Doe", "s@example.org", email)
    total = await count()
    assert made.id in [sender.id for sender in await pager()]
    assert (await page(count=1)).total_count == total
    sent = await resend(made.id)
    assert sent.message == f"Confirmation email for Sender Signature {email} was re-sent."
    assert isinstance(await spf(made.id), bool)
    with pytest.raises(carom.ApiInputError) as caught:
        await getattr(world.account, KEY_CALL.format(word))(made.id)
    assert caught.value.error_code == 505
    assert (await delete(made.id)).message == f"Signature {email} removed."
    again = await create(from_email=email, name="Jane")
    assert again.id != made.id
    await delete(again.id)


@refuses(*under("sender"), *under("signature"))
@pytest.mark.parametrize("word", ["sender", "signature"])
async def test_c7_senders_that_are_refused(world: World, word: str) -> None:
    create, get, update, _, _, _, delete, resend, spf = [getattr(world.account, name) for name in under(word)]
    world.account.called.update(under("signature" if word == "sender" else "sender"))
    for call in (
        get,
        lambda it: update(it, name="N"),
        delete,
        resend,
        spf,
        getattr(world.account, KEY_CALL.format(word)),
    ):
        with pytest.raises(carom.NotFoundError) as caught:
            await call(1)
        assert caught.value.error_code == 501
    for fields, code in (
        ({"from_email": "nobody", "name": "N"}, 522),
        ({"from_email": "someone@gmail.com", "name": "N"}, 503),
        ({"from_email": f"a@{unique()}.example.org", "name": "N", "confirmation_personal_note": "x" * 401}, 521),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await create(**fields)
        assert refused.value.error_code == code, fields
    stranger = world.make("account", world.token)
    for name in under(word, ("get_{}s", "{}s", "get_{}s_count")):
        with pytest.raises(carom.InvalidApiKeyError):
            await getattr(stranger, name)()


@calls("push_templates")
@refuses("push_templates")
async def test_c7_templates_are_pushed(world: World) -> None:
    account = world.account
    other = world.another()
    source, destination = (await world.client.server_info()).id, (await other.client.server_info()).id
    both = {"source_server_id": source, "destination_server_id": destination}
    with pytest.raises(carom.ApiInputError) as caught:
        await account.push_templates(**both)
    assert caught.value.error_code == 1124
    made = await world.client.create_template(name="W", alias="w", subject="s", text_body="x")
    dry = await account.push_templates(**both)
    assert [(row.action, row.template_id, row.alias) for row in dry.templates] == [("Create", None, "w")]
    assert await other.client.templates() == []
    done = await account.push_templates(**both, perform_changes=True)
    assert (done.total_count, done.templates[0].action) == (1, "Create")
    assert (await other.client.get_template("w")).text_body == "x"
    await world.client.update_template(made.template_id, text_body="y")
    [edit] = (await account.push_templates(**both, perform_changes=True)).templates
    assert (edit.action, (await other.client.get_template("w")).text_body) == ("Edit", "y")
    for wrong, text in (
        ({"source_server_id": 0, "destination_server_id": 0}, "The source and destination servers were not found."),
        ({**both, "destination_server_id": 1}, "The destination server was not found."),
        ({**both, "source_server_id": 1}, "The source server was not found."),
    ):
        with pytest.raises(carom.ApiInputError) as refused:
            await account.push_templates(**wrong)
        assert (refused.value.error_code, refused.value.message) == (601, text)


@calls("request_data_removal", "get_data_removal_status")
@refuses("request_data_removal", "get_data_removal_status")
async def test_c7_data_removals(world: World) -> None:
    account = world.account
    asked = await account.request_data_removal(requested_by="me@example.com", requested_for=f"{unique()}@example.org")
    assert asked.id > 0
    assert asked.status == "Pending"
    read = await account.get_data_removal_status(asked.id)
    assert (read.id, read.status in {"Pending", "Done"}) == (asked.id, True)
    with pytest.raises(carom.ApiInputError) as caught:
        await account.get_data_removal_status(1)
    assert (type(caught.value), caught.value.error_code) == (carom.NotFoundError, 1301)
    with pytest.raises(carom.ApiInputError) as refused:
        await account.request_data_removal(requested_by="me@example.com", requested_for="nobody")
    assert refused.value.error_code == 1300
