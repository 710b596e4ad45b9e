"""The domains of an account, on both databases, with a real name server on loopback."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from carom.server.rules.dkim import SAFE_AFTER
from carom.server.store import domains, senders
from carom.server.store.schema import domain_key
from tests.contract.conftest import STRANGER, Server, server_over
from tests.peers.dns import NameServer, running_nameserver
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

SPF = "v=spf1 a mx include:bounces.carom.test ~all"


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with running_nameserver() as running:
        yield running


@pytest.fixture
async def server(store: Store, nameserver: NameServer) -> Server:
    """The API, asking the name server."""
    return await server_over(store, nameserver.at)


async def made(server: Server, name: str = "example.com", **fields: Any) -> Any:
    return (await server.account("POST", "/domains", {"Name": name, **fields})).ok


async def test_a_domain_is_added_with_a_key_for_its_dns(server: Server) -> None:
    domain = await made(server)
    assert (await server.account("GET", f"/domains/{domain['ID']}")).ok == domain
    public = load_der_public_key(b64decode(domain["DKIMPendingTextValue"].removeprefix("k=rsa; p=")))
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 2048
    assert {**domain, "ID": 1000, "DKIMPendingTextValue": "k"} == {
        "ID": 1000,
        "Name": "example.com",
        "SPFVerified": False,
        "SPFHost": "example.com",
        "SPFTextValue": SPF,
        "DKIMVerified": False,
        "WeakDKIM": False,
        "DKIMHost": "",
        "DKIMTextValue": "",
        "DKIMPendingHost": "20261123120000pm._domainkey.example.com",
        "DKIMPendingTextValue": "k",
        "DKIMRevokedHost": "",
        "DKIMRevokedTextValue": "",
        "SafeToRemoveRevokedKeyFromDNS": False,
        "DKIMUpdateStatus": "Pending",
        "ReturnPathDomain": "",
        "ReturnPathDomainVerified": False,
        "ReturnPathDomainCNAMEValue": "bounces.carom.test",
        "CustomTrackingDomain": "",
        "CustomTrackingDomainCNAMEValue": "carom.test",
        "CustomTrackingVerified": False,
    }


FAULTS: list[tuple[dict[str, Any], int]] = [
    ({}, 514),
    ({"Name": ""}, 514),
    ({"Name": 5}, 511),
    ({"Name": ".".join(["a" * 60] * 5)}, 515),
    ({"Name": "thisisntadomain"}, 516),
    ({"Name": "exa mple.com"}, 516),
    ({"Name": "bücher.example"}, 516),
    ({"Name": "example.com."}, 516),
    ({"Name": "a@example.com"}, 516),
    ({"Name": "GMail.com"}, 503),
    ({"Name": "EXAMPLE.com"}, 512),
    ({"Name": "new.example", "ReturnPathDomain": "pm.example.com"}, 522),
    ({"Name": "new.example", "ReturnPathDomain": "new.example"}, 522),
    ({"Name": "new.example", "ReturnPathDomain": "a b.new.example"}, 522),
]


async def test_faults_are_refused_and_add_nothing(server: Server) -> None:
    await made(server)
    for fields, code in FAULTS:
        assert (await server.account("POST", "/domains", fields)).code == (422, code), fields
    assert (await server.account("GET", "/domains?count=9&offset=0")).ok["TotalCount"] == 1


@pytest.mark.parametrize("query", ["", "count=1", "count=501&offset=0", "count=1&offset=-1", "count=a&offset=0"])
async def test_bad_pages_are_500(server: Server, query: str) -> None:
    assert (await server.account("GET", f"/domains?{query}")).code == (422, 500)


async def test_domains_are_listed_page_by_page(server: Server) -> None:
    ids = [(await made(server, f"{name}.example"))["ID"] for name in "abc"]
    await server.account("POST", "/domains", {"Name": "theirs.example"}, token=STRANGER.account)
    page = (await server.account("GET", "/domains/?Count=2&Offset=1")).ok
    assert page["TotalCount"] == 3
    assert page["Domains"][0] == {
        "ID": ids[1],
        "Name": "b.example",
        "SPFVerified": False,
        "DKIMVerified": False,
        "WeakDKIM": False,
        "ReturnPathDomainVerified": False,
    }
    assert [one["ID"] for one in page["Domains"]] == ids[1:]


CALLS = (
    ("GET", ""),
    ("PUT", ""),
    ("PUT", "/verifyDkim"),
    ("PUT", "/verifyReturnPath"),
    ("PUT", "/verifyCustomTracking"),
    ("POST", "/verifyspf"),
    ("POST", "/rotatedkim"),
    ("DELETE", ""),
)


async def test_a_domain_of_another_account_is_as_if_not_there(server: Server) -> None:
    theirs = (await server.account("POST", "/domains", {"Name": "example.com"}, token=STRANGER.account)).ok
    mine = await made(server)
    assert mine["Name"] == theirs["Name"]
    for domain_id in (theirs["ID"], 999_999, 1, "x", 2**70):
        for method, rest in CALLS:
            refused = await server.account(method, f"/domains/{domain_id}{rest}", {})
            assert refused.code == (422, 510), (method, rest)
    shown = (await server.account("GET", f"/domains/{theirs['ID']}", token=STRANGER.account)).ok
    assert shown == theirs


async def test_a_return_path_is_set_kept_and_cleared(server: Server, nameserver: NameServer) -> None:
    """Another one than before is to be verified anew."""
    domain = await made(server, ReturnPathDomain="PM.example.com")
    path = f"/domains/{domain['ID']}"
    assert domain["ReturnPathDomain"] == "pm.example.com"
    assert not (await server.account("PUT", f"{path}/verifyReturnPath")).ok["ReturnPathDomainVerified"]
    nameserver.aliases["pm.example.com"] = "bounces.carom.test"
    verified = (await server.account("PUT", f"{path}/verifyreturnpath", {})).ok
    assert verified == {**domain, "ReturnPathDomainVerified": True}
    for body in ({"ReturnPathDomain": None}, {}, {"returnPathDomain": "PM.example.com"}):
        assert (await server.account("PUT", path, body)).ok == verified
    assert (await server.account("PUT", path, {"ReturnPathDomain": "pm.example.org"})).code == (422, 522)
    changed = (await server.account("PUT", path, {"ReturnPathDomain": "x.example.com"})).ok
    assert changed == {**domain, "ReturnPathDomain": "x.example.com"}
    cleared = (await server.account("PUT", path, {"ReturnPathDomain": ""})).ok
    assert cleared == {**domain, "ReturnPathDomain": ""}
    assert (await server.account("PUT", f"{path}/verifyReturnPath")).ok == cleared


async def test_an_alias_that_is_gone_is_no_longer_verified(server: Server, nameserver: NameServer) -> None:
    domain = await made(server, ReturnPathDomain="pm.example.com")
    nameserver.aliases["pm.example.com"] = "bounces.carom.test"
    path = f"/domains/{domain['ID']}/verifyReturnPath"
    assert (await server.account("PUT", path)).ok["ReturnPathDomainVerified"]
    nameserver.aliases["pm.example.com"] = "pm.mtasv.net"
    assert not (await server.account("PUT", path)).ok["ReturnPathDomainVerified"]


async def test_a_tracking_domain_is_an_alias_of_this_host(server: Server, nameserver: NameServer) -> None:
    domain = await made(server)
    path = f"/domains/{domain['ID']}"
    changed = (await server.account("PUT", path, {"CustomTrackingDomain": "go.example.com"})).ok
    assert changed == {**domain, "CustomTrackingDomain": "go.example.com"}
    assert (await server.account("PUT", f"{path}/verifyCustomTracking", {})).ok == changed
    nameserver.aliases["go.example.com"] = "carom.test"
    shown = (await server.account("PUT", f"{path}/verifycustomtracking", {})).ok
    assert shown == {**changed, "CustomTrackingVerified": True}


async def test_spf_is_always_verified(server: Server) -> None:
    """Without any DNS, as at Postmark."""
    domain = await made(server)
    answer = (await server.account("POST", f"/domains/{domain['ID']}/verifySPF")).ok
    assert answer == {"SPFHost": "example.com", "SPFVerified": True, "SPFTextValue": SPF}
    assert (await server.account("GET", f"/domains/{domain['ID']}")).ok["SPFVerified"]


async def test_a_key_is_verified_then_renewed_then_revoked(server: Server, nameserver: NameServer) -> None:
    """From its making to its end; mail is signed with the old one until the new one is seen."""
    first = await made(server)
    path = f"/domains/{first['ID']}"
    account_id = server.store.tenant.account_id
    assert (await server.account("PUT", f"{path}/verifyDKIM", None)).ok == first
    refused = await server.account("POST", f"{path}/rotateDKIM")
    assert refused.code == (422, 505)
    assert refused.json["Message"] == "This DKIM is already being renewed."
    assert await server.store.database.read(domains.active_key, server.store.keyring, account_id, "example.com") is None

    nameserver.texts[first["DKIMPendingHost"]] = ["v=spf1 -all", first["DKIMPendingTextValue"]]
    verified = (await server.account("PUT", f"{path}/verifyDkim")).ok
    assert verified == {
        **first,
        "DKIMVerified": True,
        "DKIMHost": first["DKIMPendingHost"],
        "DKIMTextValue": first["DKIMPendingTextValue"],
        "DKIMPendingHost": "",
        "DKIMPendingTextValue": "",
        "DKIMUpdateStatus": "Verified",
    }
    nameserver.texts.clear()
    assert (await server.account("PUT", f"{path}/verifydkim")).ok == verified

    renewed = (await server.account("POST", f"{path}/rotatedkim")).ok
    assert renewed["DKIMPendingHost"] == "20261123120001pm._domainkey.example.com"
    assert renewed["DKIMPendingTextValue"] != verified["DKIMTextValue"]
    shown = {name: verified[name] for name in renewed}
    assert {**renewed, "DKIMPendingHost": "", "DKIMPendingTextValue": ""} == {**shown, "DKIMUpdateStatus": "Pending"}
    assert "SPFHost" not in renewed
    await signs_with(server, verified)

    nameserver.texts[renewed["DKIMPendingHost"]] = [renewed["DKIMPendingTextValue"]]
    second = (await server.account("PUT", f"{path}/verifyDkim")).ok
    assert second["DKIMHost"] == renewed["DKIMPendingHost"]
    assert (second["DKIMRevokedHost"], second["DKIMRevokedTextValue"]) == (
        verified["DKIMHost"], verified["DKIMTextValue"],
    )  # fmt: skip
    assert not second["SafeToRemoveRevokedKeyFromDNS"]
    await signs_with(server, second)
    server.now += SAFE_AFTER + timedelta(seconds=1)
    assert (await server.account("GET", path)).ok == {**second, "SafeToRemoveRevokedKeyFromDNS": True}


async def signs_with(server: Server, shown: Any) -> None:
    """Check that the active key is the one that is shown, and is kept encrypted."""
    account_id, keyring = server.store.tenant.account_id, server.store.keyring
    key = await server.store.database.read(domains.active_key, keyring, account_id, "Example.COM")
    assert key is not None
    assert f"{key.selector}._domainkey.{key.domain}" == shown["DKIMHost"]
    private = load_der_private_key(b64decode(key.private), None)
    assert isinstance(private, RSAPrivateKey)
    public = load_der_public_key(b64decode(shown["DKIMTextValue"].removeprefix("k=rsa; p=")))
    assert isinstance(public, RSAPublicKey)
    assert private.public_key().public_numbers() == public.public_numbers()
    ciphers = await server.store.database.read(lambda c: c.execute(domain_key.select()).all())
    assert not any(b64decode(key.private) in row.private_cipher for row in ciphers)
    assert not any(key.private.encode() in row.private_cipher for row in ciphers)


async def test_only_a_verified_domain_lets_its_addresses_send(server: Server, nameserver: NameServer) -> None:
    """The rows that ``carom senders allow`` writes are the same."""
    domain = await made(server)

    async def may() -> bool | None:
        account_id = server.store.tenant.account_id
        return await server.store.database.read(senders.may_send, account_id, "Anybody@Example.com")

    assert await may() is None
    nameserver.texts[domain["DKIMPendingHost"]] = ["k=rsa; p=AAAA"]
    await server.account("PUT", f"/domains/{domain['ID']}/verifyDkim")
    assert await may() is None
    nameserver.texts[domain["DKIMPendingHost"]] = [domain["DKIMPendingTextValue"]]
    await server.account("PUT", f"/domains/{domain['ID']}/verifyDkim")
    assert await may() is True
    removed = (await server.account("DELETE", f"/domains/{domain['ID']}")).ok
    assert removed == {"ErrorCode": 0, "Message": "Domain example.com removed."}
    assert await may() is None
    assert (await made(server))["ID"] > domain["ID"]


async def test_a_domain_allowed_by_hand_is_shown_as_verified_and_gets_a_key_when_asked(server: Server) -> None:
    account_id = server.store.tenant.account_id
    await server.store.database.write(senders.allow, account_id, "Example.com", NOW)
    assert (await server.account("POST", "/domains", {"Name": "example.com"})).code == (422, 512)
    [listed] = (await server.account("GET", "/domains?count=9&offset=0")).ok["Domains"]
    assert listed["DKIMVerified"]
    shown = (await server.account("GET", f"/domains/{listed['ID']}")).ok
    assert (shown["DKIMUpdateStatus"], shown["DKIMHost"], shown["DKIMPendingHost"]) == ("Verified", "", "")
    renewed = (await server.account("POST", f"/domains/{listed['ID']}/rotatedkim")).ok
    assert renewed["DKIMPendingHost"] == "20261123120000pm._domainkey.example.com"
    await server.store.database.write(senders.allow, account_id, "new.example.com", NOW)
    assert await server.store.database.read(senders.may_send, account_id, "a@new.example.com") is True
