# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""A tour of PyPI's postmarker. Each step names the endpoint that it needs; what it saw goes out as JSON."""

import json
import sys
from collections.abc import Callable
from typing import Any

from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError

AT: dict[str, Any] = json.loads(sys.argv[1])
URL = f"http://{AT['host']}:{AT['port']}/"
SEEN: dict[str, Any] = {}
KEPT: dict[str, Any] = {}


def connect(server_token: str = AT["server_token"], account_token: str = AT["account_token"]) -> Any:
    """Return a client."""
    return PostmarkClient(server_token=server_token, account_token=account_token, root_api_url=URL)


client = connect()


def step(label: str, endpoint: str, run: Callable[[], Any]) -> None:
    """Run a step and keep what it saw."""
    if endpoint not in AT["served"]:
        SEEN[label] = {"not_served": endpoint}
        return
    try:
        SEEN[label] = run()
    except ClientError as error:
        SEEN[label] = {"refused": error.error_code, "class": type(error).__name__}
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        SEEN[label] = {"broken": repr(error)}


def keep(name: str, one: Any) -> Any:
    """Keep the id that a later step asks for."""
    KEPT[name] = one["ID"] if isinstance(one, dict) else one.ID
    return one


MAIL = {"From": "shop@example.com", "To": "ann@example.org", "Subject": "Hi", "TextBody": "Hello"}
KEY = AT["name"]
DOMAIN = f"{KEY}.example.com"
MADE = {"From": MAIL["From"], "To": MAIL["To"], "TemplateModel": {"name": "Ann"}}


def sending() -> None:
    """Send, singly and in batches."""
    emails = client.emails
    step("send", "SEND_EMAIL", lambda: emails.send(**MAIL)["Message"])
    step("send to inactive", "SEND_EMAIL", lambda: emails.send(**{**MAIL, "To": AT["bounced"]}))
    step("send on no stream", "SEND_EMAIL", lambda: emails.send(**MAIL, MessageStream="nowhere"))
    step("wrong token", "SEND_EMAIL", lambda: connect("nonsense").emails.send(**MAIL))
    step(
        "batch",
        "SEND_BATCH",
        lambda: [one["ErrorCode"] for one in emails.send_batch(MAIL, {**MAIL, "To": "nobody@localhost"})],
    )


def bouncing() -> None:
    """Read the bounce page and reactivate."""
    bounces = client.bounces
    step("bounce counts", "GET_DELIVERY_STATS", lambda: bounces.deliverystats["InactiveMails"])

    def listed() -> Any:
        found = bounces.all()
        return [len(found), found[0].Type, found[0].Email]

    step("bounces", "GET_BOUNCES", listed)
    step("bounce tags", "GET_BOUNCE_TAGS", lambda: bounces.tags)
    step("bounce", "GET_BOUNCE", lambda: bounces.get(AT["bounce"]).Inactive)
    step("bounce dump", "DUMP_BOUNCE", lambda: len(bounces.get(AT["bounce"]).dump) > 0)
    step("reactivate", "ACTIVATE_BOUNCE", lambda: bounces.activate(AT["bounce"])["Bounce"]["Inactive"])
    step("no bounce", "GET_BOUNCE", lambda: bounces.get(1))


def templates() -> None:
    """Make templates, send with them and remove them."""
    own, emails = client.templates, client.emails
    body = {"HtmlBody": "<b>{{name}}</b>", "TextBody": "{{name}}", "Subject": "{{name}}"}

    def made() -> Any:
        one = own.create(Name="T", Alias="tea", **body)
        KEPT["template"] = one.TemplateId
        return one.Alias

    step("template", "CREATE_TEMPLATE", made)
    step("show template", "GET_TEMPLATE", lambda: own.get(KEPT["template"]).Subject)
    step("edit template", "UPDATE_TEMPLATE", lambda: own.edit(KEPT["template"], Name="Tea", **body)["Name"])
    step("templates", "GET_TEMPLATES", lambda: len(own.all()))

    def validated() -> Any:
        found = own.validate(**body, TestRenderModel={"name": "Ann"})
        return [found["AllContentIsValid"], found["Subject"]["RenderedContent"]]

    step("validate", "VALIDATE_TEMPLATE", validated)
    good, bad = {**MADE, "TemplateId": KEPT["template"]}, {**MADE, "TemplateId": 1}
    step("send template", "SEND_WITH_TEMPLATE", lambda: emails.send_with_template(**good)["Message"])
    step("send no template", "SEND_WITH_TEMPLATE", lambda: emails.send_with_template(**bad))
    step("template batch", "SEND_BATCH_WITH_TEMPLATES",
         lambda: [one["ErrorCode"] for one in emails.send_template_batch(good, bad)])  # fmt: skip
    step("delete template", "DELETE_TEMPLATE", lambda: own.delete(KEPT["template"]) and 0)


def messages() -> None:
    """What was sent, received and opened; inbound rules."""
    sent, received, rules = client.messages.outbound, client.messages.inbound, client.triggers.inboundrules
    step("rule", "CREATE_INBOUND_RULE", lambda: keep("rule", rules.create("bad@example.org")).Rule)
    step("rules", "GET_INBOUND_RULES", lambda: len(rules.all()))
    step("delete rule", "DELETE_INBOUND_RULE", lambda: rules.delete(KEPT["rule"]))
    step("tags", "GET_TAG_TRIGGERS", lambda: client.triggers.tags.all())
    step("messages", "GET_OUTBOUND_MESSAGES", lambda: sent.all(recipient="ann@example.org")[0].Recipients)
    step("message", "GET_OUTBOUND_MESSAGE", lambda: [one["Type"] for one in sent.get(AT["message"]).MessageEvents])
    step("dump", "DUMP_OUTBOUND_MESSAGE", lambda: "Subject: " in sent.get_dump(AT["message"]))
    step("no message", "GET_OUTBOUND_MESSAGE", lambda: sent.get("123"))
    step("received", "GET_INBOUND_MESSAGES", lambda: received.all()[0].Subject)
    step("received one", "GET_INBOUND_MESSAGE", lambda: received.get(AT["inbound"]).Subject)
    step("bypass", "BYPASS_INBOUND_MESSAGE", lambda: received.bypass(AT["inbound"]))
    step("retry", "RETRY_INBOUND_MESSAGE", lambda: received.retry(AT["inbound"]))
    step("opens", "GET_OPENS", lambda: sent.opens.all())
    step("opens of one", "GET_OPENS_OF_MESSAGE", lambda: sent.opens.get(AT["message"])["TotalCount"])


def stats() -> None:
    """Every count."""
    own = client.stats
    step("stats", "GET_STATS_TOTALS", lambda: own.overview()["Bounced"])
    step("sends", "GET_SENDS", lambda: own.sends()["Sent"] > 0)
    step("bounced", "GET_BOUNCE_COUNTS", lambda: own.bounces()["HardBounce"])
    step("complaints", "GET_SPAM_COUNTS", lambda: own.spam()["SpamComplaint"])
    step("tracked", "GET_TRACKED_COUNTS", lambda: own.tracked()["Tracked"])
    step("opened", "GET_OPEN_COUNTS", lambda: own.opens()["Opens"])
    step("platforms", "GET_OPEN_PLATFORMS", lambda: own.opens_platforms()["Desktop"])
    step("programs", "GET_OPEN_EMAILCLIENTS", lambda: own.emailclients()["Days"])
    step("read times", "GET_OPEN_READTIMES", lambda: own.readtimes()["Days"])
    step("clicked", "GET_CLICK_COUNTS", lambda: own.clicks()["Clicks"])
    step("browsers", "GET_CLICK_BROWSERFAMILIES", lambda: own.browserfamilies()["Days"])
    step("click platforms", "GET_CLICK_PLATFORMS", lambda: own.clicks_platforms()["Desktop"])
    step("click places", "GET_CLICK_LOCATIONS", lambda: own.location()["HTML"])


def account() -> None:
    """The server, domains and senders."""
    own, senders = client.domains, client.senders
    step("server", "GET_SERVER", lambda: client.server.get().Name)
    step("edit server", "UPDATE_SERVER", lambda: client.server.edit(Color="Red")["Color"])
    step("domain", "CREATE_DOMAIN", lambda: keep("domain", own.create(DOMAIN)).DKIMUpdateStatus)
    step("domains", "GET_DOMAINS", lambda: any(one.Name == DOMAIN for one in own.all()))
    step("show domain", "GET_DOMAIN", lambda: own.get(KEPT["domain"]).Name == DOMAIN)
    step("edit domain", "UPDATE_DOMAIN",
         lambda: own.edit(KEPT["domain"], f"pm.{DOMAIN}")["ReturnPathDomain"] == f"pm.{DOMAIN}")  # fmt: skip
    step("verify DKIM", "VERIFY_DOMAIN_DKIM", lambda: own.verifydkim(KEPT["domain"])["DKIMVerified"])
    step("verify return path", "VERIFY_DOMAIN_RETURN_PATH",
         lambda: own.verifyreturnpath(KEPT["domain"])["ReturnPathDomainVerified"])  # fmt: skip
    step("verify SPF", "VERIFY_DOMAIN_SPF", lambda: own.verifyspf(KEPT["domain"])["SPFVerified"])
    step("rotate", "ROTATE_DOMAIN_DKIM", lambda: own.rotatedkim(KEPT["domain"]))
    step("delete domain", "DELETE_DOMAIN", lambda: own.delete(KEPT["domain"]) and 0)
    step("no domain", "GET_DOMAIN", lambda: own.get(KEPT["domain"]))
    step("wrong account token", "GET_DOMAINS", lambda: connect(account_token="nonsense").domains.all())
    step("sender", "CREATE_SENDER", lambda: keep("sender", senders.create(f"joe@{KEY}.example.net", "Joe")).Confirmed)
    step("senders", "GET_SENDERS", lambda: len(senders.all()) > 0)
    step("show sender", "GET_SENDER", lambda: senders.get(KEPT["sender"]).Name)
    step("edit sender", "UPDATE_SENDER", lambda: senders.edit(KEPT["sender"], "Joseph")["Name"])
    step("resend", "RESEND_SENDER_CONFIRMATION", lambda: senders.resend(KEPT["sender"]) and 0)
    step("verify sender SPF", "VERIFY_SENDER_SPF", lambda: senders.verifyspf(KEPT["sender"])["SPFVerified"])
    step("renew sender DKIM", "REQUEST_NEW_SENDER_DKIM", lambda: senders.requestnewdkim(KEPT["sender"]))
    step("delete sender", "DELETE_SENDER", lambda: senders.delete(KEPT["sender"]) and 0)
    step("no sender", "GET_SENDER", lambda: senders.get(KEPT["sender"]))


if __name__ == "__main__":
    for part in (sending, bouncing, templates, messages, stats, account):
        part()
    print(json.dumps(SEEN, default=str))
