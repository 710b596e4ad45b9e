"""What a handler is given beside its request."""

from dataclasses import dataclass

from carom.server.pipeline.intake import Context
from carom.server.rules.refusals import Refusal
from carom.server.store.servers import Tenant


@dataclass(frozen=True)
class Call:
    """One call: its context, and the server of its token; none with the test token."""

    context: Context
    tenant_or_test: Tenant | None

    @property
    def tenant(self) -> Tenant:
        """The server of the token. Raises Refusal for the test token, which belongs to none."""
        if self.tenant_or_test is None:
            raise Refusal(10, kind="Server")
        return self.tenant_or_test
