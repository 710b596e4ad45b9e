"""A domain from its making to the first mail from it, with ``carom serve --dns`` asking a name server on loopback."""

import pytest

from carom import AccountApiClient, ApiInputError
from carom.testing import LocalServer
from tests.peers.dns import running_nameserver


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
