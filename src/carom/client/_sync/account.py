# Generated from _async/account.py by tools/generators/unasync.py: edit _async.
# id is the gem's name, and the API's
"""The client of an account token."""

from typing import ClassVar, Literal, Unpack

from carom.client._fields import needed
from carom.client._sync.base import Client
from carom.client._sync.pager import Pager
from carom.client.fields import DomainFields, NewServerFields, SenderFields, ServerFields
from carom.client.pages import Listing, Page
from carom.wire import data_removals, domains, senders, servers, templates
from carom.wire.acks import Ack
from carom.wire.data_removals import DataRemoval
from carom.wire.domains import Domain, DomainKey, DomainSummary
from carom.wire.senders import Sender, SenderSummary
from carom.wire.server import Server
from carom.wire.templates import TemplatesPush

SENDERS = Listing(senders.GET_SENDERS, SenderSummary)
DOMAINS = Listing(domains.GET_DOMAINS, DomainSummary)
SERVERS = Listing(servers.GET_SERVERS, Server)


class AccountApiClient(Client):
    """Everything that an account token can do. The token comes from the argument or ``POSTMARK_ACCOUNT_TOKEN``."""

    kind: ClassVar[Literal["server", "account"]] = "account"

    # Sender signatures: https://postmarkapp.com/developer/api/signatures-api

    def senders(self, *, page_size: int = 500, offset: int = 0, limit: int | None = None) -> Pager[SenderSummary]:
        """Iterate over the sender signatures."""
        return self._pager(SENDERS, {}, {}, page_size, offset, limit)

    def get_senders(self, *, count: int = 30, offset: int = 0) -> Page[SenderSummary]:
        """Return a page of sender signatures."""
        return self._page(SENDERS, {}, {}, count, offset)

    def get_senders_count(self) -> int:
        """Return how many sender signatures there are."""
        return (self._page(SENDERS, {}, {}, 1, 0)).total_count

    def get_sender(self, id: int) -> Sender:
        """Return one sender signature. Raises NotFoundError."""
        return self._call(senders.GET_SENDER, senders.OneSender(sender_id=id))

    def create_sender(
        self,
        *,
        from_email: str,
        name: str,
        reply_to_email: str | None = None,
        return_path_domain: str | None = None,
        confirmation_personal_note: str | None = None,
    ) -> Sender:
        """Add a sender signature; Postmark mails its address a link to confirm it with."""
        fields = {
            **needed(from_email=from_email, name=name),
            "reply_to_email": reply_to_email,
            "return_path_domain": return_path_domain,
            "confirmation_personal_note": confirmation_personal_note,
        }
        return self._call(senders.CREATE_SENDER, senders.CreateSender(), fields)

    def update_sender(self, id: int, **fields: Unpack[SenderFields]) -> Sender:
        """Change a sender signature. Raises NotFoundError."""
        return self._call(senders.UPDATE_SENDER, senders.UpdateSender(sender_id=id), fields)

    def resend_sender_confirmation(self, id: int) -> Ack:
        """Have the mail with the confirmation link sent again. Raises NotFoundError."""
        return self._call(senders.RESEND_SENDER_CONFIRMATION, senders.OneSender(sender_id=id))

    def is_sender_spf_verified(self, id: int) -> bool:
        """Return whether SPF is verified for a sender signature. Postmark has deprecated it."""
        return bool((self._call(senders.VERIFY_SENDER_SPF, senders.OneSender(sender_id=id))).spf_verified)

    def request_new_sender_dkim(self, id: int) -> Ack:
        """Ask for a new DKIM key. Postmark has deprecated it in favour of :meth:`rotate_domain_dkim`."""
        return self._call(senders.REQUEST_NEW_SENDER_DKIM, senders.OneSender(sender_id=id))

    def delete_sender(self, id: int) -> Ack:
        """Remove a sender signature. Raises NotFoundError."""
        return self._call(senders.DELETE_SENDER, senders.OneSender(sender_id=id))

    # The gem has each of these under its older name too.
    signatures = senders
    get_signatures = get_senders
    get_signatures_count = get_senders_count
    get_signature = get_sender
    create_signature = create_sender
    update_signature = update_sender
    resend_signature_confirmation = resend_sender_confirmation
    is_signature_spf_verified = is_sender_spf_verified
    request_new_signature_dkim = request_new_sender_dkim
    delete_signature = delete_sender

    # Domains: https://postmarkapp.com/developer/api/domains-api

    def domains(self, *, page_size: int = 500, offset: int = 0, limit: int | None = None) -> Pager[DomainSummary]:
        """Iterate over the domains."""
        return self._pager(DOMAINS, {}, {}, page_size, offset, limit)

    def get_domains(self, *, count: int = 30, offset: int = 0) -> Page[DomainSummary]:
        """Return a page of domains."""
        return self._page(DOMAINS, {}, {}, count, offset)

    def get_domains_count(self) -> int:
        """Return how many domains there are."""
        return (self._page(DOMAINS, {}, {}, 1, 0)).total_count

    def get_domain(self, id: int) -> Domain:
        """Return one domain. Raises NotFoundError."""
        return self._call(domains.GET_DOMAIN, domains.OneDomain(domain_id=id))

    def create_domain(self, *, name: str, return_path_domain: str | None = None) -> Domain:
        """Add a domain; the answer has the DNS records that it needs."""
        fields = {**needed(name=name), "return_path_domain": return_path_domain}
        return self._call(domains.CREATE_DOMAIN, domains.CreateDomain(), fields)

    def update_domain(self, id: int, **fields: Unpack[DomainFields]) -> Domain:
        """Change a domain. Raises NotFoundError."""
        return self._call(domains.UPDATE_DOMAIN, domains.UpdateDomain(domain_id=id), fields)

    def verify_domain_dkim(self, id: int) -> Domain:
        """Have DNS looked at for the DKIM record; the answer's ``dkim_verified`` says what is there."""
        return self._call(domains.VERIFY_DOMAIN_DKIM, domains.OneDomain(domain_id=id))

    def verify_domain_return_path(self, id: int) -> Domain:
        """Have DNS looked at for the return-path record; ``return_path_domain_verified`` says what is there."""
        return self._call(domains.VERIFY_DOMAIN_RETURN_PATH, domains.OneDomain(domain_id=id))

    def verify_domain_custom_tracking(self, id: int) -> Domain:
        """Have DNS looked at for the tracking domain's record."""
        return self._call(domains.VERIFY_DOMAIN_CUSTOM_TRACKING, domains.OneDomain(domain_id=id))

    def is_domain_spf_verified(self, id: int) -> bool:
        """Return whether SPF is verified for a domain. Postmark has deprecated it."""
        return bool((self._call(domains.VERIFY_DOMAIN_SPF, domains.OneDomain(domain_id=id))).spf_verified)

    def rotate_domain_dkim(self, id: int) -> DomainKey:
        """Ask for a new DKIM key; mail is signed with the old one until the new one is verified."""
        return self._call(domains.ROTATE_DOMAIN_DKIM, domains.OneDomain(domain_id=id))

    def delete_domain(self, id: int) -> Ack:
        """Remove a domain. Raises NotFoundError."""
        return self._call(domains.DELETE_DOMAIN, domains.OneDomain(domain_id=id))

    # Servers: https://postmarkapp.com/developer/api/servers-api

    def servers(
        self, *, page_size: int = 500, offset: int = 0, limit: int | None = None, name: str | None = None
    ) -> Pager[Server]:
        """Iterate over the servers; ``name`` is any part of a name."""
        return self._pager(SERVERS, {}, {"name": name}, page_size, offset, limit)

    def get_servers(self, *, count: int = 30, offset: int = 0, name: str | None = None) -> Page[Server]:
        """Return a page of servers; ``name`` is any part of a name."""
        return self._page(SERVERS, {}, {"name": name}, count, offset)

    def get_servers_count(self, *, name: str | None = None) -> int:
        """Return how many servers there are."""
        return (self._page(SERVERS, {}, {"name": name}, 1, 0)).total_count

    def get_server(self, id: int) -> Server:
        """Return one server. Raises NotFoundError."""
        return self._call(servers.GET_SERVER_BY_ID, servers.OneServer(server_id=id))

    def create_server(self, **fields: Unpack[NewServerFields]) -> Server:
        """Make a server; ``name`` is needed. Its first token is ``api_tokens[0]``."""
        return self._call(servers.CREATE_SERVER, servers.CreateServer(), fields)

    def update_server(self, id: int, **fields: Unpack[ServerFields]) -> Server:
        """Change a server. Raises NotFoundError."""
        return self._call(servers.UPDATE_SERVER_BY_ID, servers.UpdateServerById(server_id=id), fields)

    def delete_server(self, id: int) -> Ack:
        """Remove a server. Postmark must have allowed it for the account. Raises NotFoundError."""
        return self._call(servers.DELETE_SERVER, servers.OneServer(server_id=id))

    # Templates push: https://postmarkapp.com/developer/api/templates-api#push-templates

    def push_templates(
        self, *, source_server_id: int, destination_server_id: int, perform_changes: bool = False
    ) -> TemplatesPush:
        """Copy the templates that have an alias from a server to another; without ``perform_changes`` only return what
        that would change."""
        asked = templates.PushTemplates(
            source_server_id=source_server_id,
            destination_server_id=destination_server_id,
            perform_changes=perform_changes,
        )
        return self._call(templates.PUSH_TEMPLATES, asked)

    # Data removals: https://postmarkapp.com/developer/api/data-removal-api

    def request_data_removal(
        self, *, requested_by: str, requested_for: str, notify_when_completed: bool = False
    ) -> DataRemoval:
        """Ask Postmark to erase what it knows of a recipient. ``requested_by`` is a user of the account."""
        asked = data_removals.RequestDataRemoval(
            requested_by=requested_by, requested_for=requested_for, notify_when_completed=notify_when_completed
        )
        return self._call(data_removals.REQUEST_DATA_REMOVAL, asked)

    def get_data_removal_status(self, id: int) -> DataRemoval:
        """Return how far a data removal is."""
        return self._call(data_removals.GET_DATA_REMOVAL_STATUS, data_removals.GetDataRemoval(data_removal_id=id))
