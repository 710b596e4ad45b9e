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


def told(one: Any) -> list[Any]:
    """Return what is told of a message."""
    return [one.Subject, one.Tag, one.MessageStream, one.Recipients]


def step(label: str, run: Callable[[], Any]) -> None:
    """Run a step and keep what it saw."""
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
    step("send", lambda: emails.send(**MAIL)["Message"])
    step("send to inactive", lambda: emails.send(**{**MAIL, "To": AT["bounced"]}))
    step("send on no stream", lambda: emails.send(**MAIL, MessageStream="nowhere"))
    step("wrong token", lambda: connect("nonsense").emails.send(**MAIL))
    step(
        "batch",
        lambda: [one["ErrorCode"] for one in emails.send_batch(MAIL, {**MAIL, "To": "nobody@localhost"})],
    )


def bouncing() -> None:
    """Read the bounce page and reactivate."""
    bounces = client.bounces
    step("bounce counts", lambda: bounces.deliverystats["InactiveMails"])

    def listed() -> Any:
        found = bounces.all()
        return [len(found), found[0].Type, found[0].Email]

    step("bounces", listed)
    step("bounce tags", lambda: bounces.tags)
    step("bounce", lambda: bounces.get(AT["bounce"]).Inactive)
    step("bounce dump", lambda: len(bounces.get(AT["bounce"]).dump) > 0)
    step("reactivate", lambda: bounces.activate(AT["bounce"])["Bounce"]["Inactive"])
    step("no bounce", lambda: bounces.get(1))


def templates() -> None:
    """Make templates, send with them and remove them."""
    own, emails = client.templates, client.emails
    body = {"HtmlBody": "<b>{{name}}</b>", "TextBody": "{{name}}", "Subject": "{{name}}"}

    def made() -> Any:
        one = own.create(Name="T", Alias="tea", **body)
        KEPT["template"] = one.TemplateId
        return one.Alias

    step("template", made)
    step("show template", lambda: own.get(KEPT["template"]).Subject)
    step("edit template", lambda: own.edit(KEPT["template"], Name="Tea", **body)["Name"])
    step("templates", lambda: len(own.all()))

    def validated() -> Any:
        found = own.validate(**body, TestRenderModel={"name": "Ann"})
        return [found["AllContentIsValid"], found["Subject"]["RenderedContent"]]

    step("validate", validated)
    good, bad = {**MADE, "TemplateId": KEPT["template"]}, {**MADE, "TemplateId": 1}
    step("send template", lambda: emails.send_with_template(**good)["Message"])
    step("send no template", lambda: emails.send_with_template(**bad))
    step("template batch", lambda: [one["ErrorCode"] for one in emails.send_template_batch(good, bad)])  # fmt: skip
    step("delete template", lambda: own.delete(KEPT["template"]) and 0)


def messages() -> None:
    """What was sent, received and opened; inbound rules."""
    sent, received, rules = client.messages.outbound, client.messages.inbound, client.triggers.inboundrules
    step("rule", lambda: keep("rule", rules.create("bad@example.org")).Rule)
    step("rules", lambda: len(rules.all()))
    step("delete rule", lambda: rules.delete(KEPT["rule"]))
    step("tags", lambda: client.triggers.tags.all())
    step("messages", lambda: sent.all(recipient="ann@example.org")[0].Recipients)
    step("submitted", lambda: told(sent.all(recipient=AT["submitted"])[0]))
    step("message", lambda: [one["Type"] for one in sent.get(AT["message"]).MessageEvents])
    step("dump", lambda: "Subject: " in sent.get_dump(AT["message"]))
    step("no message", lambda: sent.get("123"))
    step("received", lambda: received.all()[0].Subject)
    step("received one", lambda: received.get(AT["inbound"]).Subject)
    step("bypass", lambda: received.bypass(AT["inbound"]))
    step("retry", lambda: received.retry(AT["inbound"]))
    step("opens", lambda: sent.opens.all())
    step("opens of one", lambda: sent.opens.get(AT["message"])["TotalCount"])


def stats() -> None:
    """Every count."""
    own = client.stats
    step("stats", lambda: own.overview()["Bounced"])
    step("sends", lambda: own.sends()["Sent"] > 0)
    step("bounced", lambda: own.bounces()["HardBounce"])
    step("complaints", lambda: own.spam()["SpamComplaint"])
    step("tracked", lambda: own.tracked()["Tracked"])
    step("opened", lambda: own.opens()["Opens"])
    step("platforms", lambda: own.opens_platforms()["Desktop"])
    step("programs", lambda: own.emailclients()["Days"])
    step("read times", lambda: own.readtimes()["Days"])
    step("clicked", lambda: own.clicks()["Clicks"])
    step("browsers", lambda: own.browserfamilies()["Days"])
    step("click platforms", lambda: own.clicks_platforms()["Desktop"])
    step("click places", lambda: own.location()["HTML"])


def account() -> None:
    """The server, domains and senders."""
    own, senders = client.domains, client.senders
    step("server", lambda: client.server.get().Name)
    step("edit server", lambda: client.server.edit(Color="Red")["Color"])
    step("domain", lambda: keep("domain", own.create(DOMAIN)).DKIMUpdateStatus)
    step("domains", lambda: any(one.Name == DOMAIN for one in own.all()))
    step("show domain", lambda: own.get(KEPT["domain"]).Name == DOMAIN)
    step("edit domain", lambda: own.edit(KEPT["domain"], f"pm.{DOMAIN}")["ReturnPathDomain"] == f"pm.{DOMAIN}")  # fmt: skip
    step("verify DKIM", lambda: own.verifydkim(KEPT["domain"])["DKIMVerified"])
    step("verify return path", lambda: own.verifyreturnpath(KEPT["domain"])["ReturnPathDomainVerified"])  # fmt: skip
    step("verify SPF", lambda: own.verifyspf(KEPT["domain"])["SPFVerified"])
    step("rotate", lambda: own.rotatedkim(KEPT["domain"]))
    step("delete domain", lambda: own.delete(KEPT["domain"]) and 0)
    step("no domain", lambda: own.get(KEPT["domain"]))
    step("wrong account token", lambda: connect(account_token="nonsense").domains.all())
    step("sender", lambda: keep("sender", senders.create(f"joe@{KEY}.example.net", "Joe")).Confirmed)
    step("senders", lambda: len(senders.all()) > 0)
    step("show sender", lambda: senders.get(KEPT["sender"]).Name)
    step("edit sender", lambda: senders.edit(KEPT["sender"], "Joseph")["Name"])
    step("resend", lambda: senders.resend(KEPT["sender"]) and 0)
    step("verify sender SPF", lambda: senders.verifyspf(KEPT["sender"])["SPFVerified"])
    step("renew sender DKIM", lambda: senders.requestnewdkim(KEPT["sender"]))
    step("delete sender", lambda: senders.delete(KEPT["sender"]) and 0)
    step("no sender", lambda: senders.get(KEPT["sender"]))


if __name__ == "__main__":
    for part in (sending, bouncing, templates, messages, stats, account):
        part()
    print(json.dumps(SEEN, default=str))
