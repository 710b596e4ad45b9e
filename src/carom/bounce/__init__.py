"""Raw mail in, typed events out. Pure: the standard library and the taxonomy only.

``parse`` reads a mail that came to a return path, ``classify`` an SMTP reply, a connection error or the fields of a
report; both decide by the same rules, which are data (``rules/*.toml``). ``verp`` makes and reads return paths.
"""

from carom.bounce.events import (
    AutoReply,
    Challenge,
    Complaint,
    ContentNotice,
    Delayed,
    Event,
    Failed,
    Feedback,
    ListRequest,
    RelayTest,
    Report,
)
from carom.bounce.report import parse
from carom.bounce.rulebook import Rule, RuleError, Rules, own_rules
from carom.bounce.verdict import Verdict, classify

__all__ = [
    "AutoReply",
    "Challenge",
    "Complaint",
    "ContentNotice",
    "Delayed",
    "Event",
    "Failed",
    "Feedback",
    "ListRequest",
    "RelayTest",
    "Report",
    "Rule",
    "RuleError",
    "Rules",
    "Verdict",
    "classify",
    "own_rules",
    "parse",
]
