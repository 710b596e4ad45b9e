"""What a handler is given beside its request."""

from dataclasses import dataclass

from carom.server.pipeline.intake import Context
from carom.server.rules.accepting import Once
from carom.server.rules.refusals import Refusal
from carom.server.store.servers import Tenant


@dataclass(frozen=True)
class Call:
    """One call: its context, and whose token it came with. A server token gives a server, none with the test token; an
    account token gives an account. ``token`` is the hash of a token that was known a while ago, which whoever stores
    something looks up in the same transaction. ``once`` is set for a request with an Idempotency-Key."""

    context: Context
    tenant_or_test: Tenant | None = None
    account_or_none: int | None = None
    token: bytes | None = None
    once: Once | None = None

    @property
    def tenant(self) -> Tenant:
        """The server of the token. Raises Refusal for the test token, which belongs to none."""
        if self.tenant_or_test is None:
            raise Refusal(10, kind="Server")
        return self.tenant_or_test

    @property
    def account_id(self) -> int:
        """The account of the token. Raises Refusal where there is none."""
        if self.account_or_none is None:
            raise Refusal(10, kind="Account")
        return self.account_or_none
