"""The report that the built-in remote sends back for a mail it had accepted."""

from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from carom.server.rules.report import ReportedRecipient, ReportFacts, write_report
from carom.server.rules.scenarios import Scenario


class Captured(Struct, frozen=True, kw_only=True):
    """A mail that the built-in remote accepted, for one recipient. ``scenario.at`` is ``later`` where it is to be
    answered with a report, None where not."""

    mail_from: str
    recipient: str
    content: bytes
    scenario: Scenario


def answer(captured: Captured, *, hostname: str, at: datetime) -> bytes:
    """Write the report to the return path of a captured mail. The same mail gets the same Message-Id whenever it is
    answered, so a repeated answer is known as one."""
    scenario = captured.scenario
    recipient = ReportedRecipient(
        final_recipient=captured.recipient,
        action=scenario.action,
        status=scenario.status,
        remote_mta=hostname,
        diagnostic=f"{scenario.code} {scenario.status} {scenario.text}",
        last_attempt=at,
    )
    return write_report(
        ReportFacts(
            reporting_mta=hostname,
            from_address=f"mailer-daemon@{hostname}",
            to_address=captured.mail_from,
            recipients=[recipient],
            arrival_date=at,
            at=at,
            returned=captured.content,
            report_id=sha256(captured.recipient.encode() + b"\0" + captured.content).hexdigest()[:32],
        )
    )
