"""A domain from its making to the first mail from it, with ``carom serve --dns`` asking a name server on loopback."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import dkim
import pytest

from carom import AccountApiClient, ApiInputError
from carom.server.config import HostPort
from carom.testing import LocalServer
from tests.peers.dns import running_nameserver
from tests.peers.sink import running_sink
from tests.waiting import eventually


def test_a_domain_whose_key_dns_holds_may_send() -> None:
    with (
        running_nameserver() as nameserver,
        LocalServer(process=True, strict=True, dns=nameserver.at, return_path="bounces.mx.example") as server,
        AccountApiClient(server.account_token, base_url=server.url) as account,
        server.client() as client,
    ):
        domain = account.create_domain(name="example.com", return_path_domain="pm.example.com")
        with pytest.raises(ApiInputError) as refused:
            client.deliver(from_="shop@example.com", to="ann@example.org", text_body="Hello")
        assert refused.value.error_code == 400
        assert not account.verify_domain_dkim(domain.id).dkim_verified

        nameserver.texts[domain.dkim_pending_host] = [domain.dkim_pending_text_value]
        nameserver.aliases["pm.example.com"] = domain.return_path_domain_cname_value
        assert account.verify_domain_return_path(domain.id).return_path_domain_verified
        assert account.verify_domain_dkim(domain.id).dkim_verified
        assert client.deliver(from_="shop@example.com", to="ann@example.org", text_body="Hello").ok
        assert account.is_domain_spf_verified(domain.id)


def test_mail_leaves_signed_by_its_domain_and_by_the_service_and_bounces_go_to_the_domain() -> None:
    """As somebody else's verifier reads it at the relay; a domain that has no key yet is signed for by the service."""
    with running_nameserver() as nameserver, running_sink() as sink:
        relaying = LocalServer(
            process=True,
            mode="relay",
            relay=HostPort(sink.host, sink.port),
            dns=nameserver.at,
            return_path="b.mx.example",
        )
        with relaying as server, AccountApiClient(server.account_token, base_url=server.url) as account:
            domain = account.create_domain(name="example.com", return_path_domain="PM.example.com")
            server.allow("example.org")
            told = carom("dns", "--data", str(server.data), "--return-path", "b.mx.example", "--json")
            own = [row for row in json.loads(told) if "DKIM" in row["for"]]
            nameserver.texts |= {row["name"]: [row["value"]] for row in own}
            nameserver.texts[domain.dkim_pending_host] = [domain.dkim_pending_text_value]
            nameserver.aliases["pm.example.com"] = domain.return_path_domain_cname_value
            account.verify_domain_return_path(domain.id)
            account.verify_domain_dkim(domain.id)
            with server.client() as client:
                client.deliver(from_="Ann <ann@Example.com>", to="ann@example.net", text_body="Hello  there \n\n")
                client.deliver(from_="bob@example.org", to="bob@example.net", text_body="Hello")
            eventually(lambda: len(sink.mails) == 2, what="both mails at the relay")
        came = {
            recipient: (sender.partition("@")[2], checked(mail, nameserver.texts))
            for (_, recipient), sender, mail in zip(sink.deliveries, sink.senders, sink.mails, strict=True)
        }
        assert came == {
            "ann@example.net": ("pm.example.com", {"example.com": True, "b.mx.example": True}),
            "bob@example.net": ("b.mx.example", {"b.mx.example": True}),
        }


def carom(*arguments: str) -> str:
    """Run a command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "carom", *arguments], check=True, capture_output=True, text=True
    ).stdout


def checked(mail: bytes, texts: dict[str, list[str]]) -> dict[str, bool]:
    """Say of each signature, by its domain, whether it holds."""
    found = re.findall(rb" d=([^;]+);", mail.partition(b"\r\n\r\n")[0])

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return "".join(texts.get(name.decode().rstrip("."), [])).encode() or None

    verify: Callable[..., bool] = dkim.DKIM(mail).verify  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return {domain.decode(): verify(at, dnsfunc=look_up) for at, domain in enumerate(found)}
