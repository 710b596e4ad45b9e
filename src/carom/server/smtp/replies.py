"""What our SMTP listeners answer, as one table: code, enhanced status, words (RFC 5321, RFC 3463)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_LONGEST = 500  # a line has 512 octets, RFC 5321 section 4.5.3.1.5


class Reply(NamedTuple):
    """An answer. Codes of 400 and above refuse."""

    code: int
    status: str
    text: str

    @lru_cache(maxsize=256)  # noqa: B019  replies are values, and most are of the table below
    def wire(self) -> bytes:
        """Write it as one line of printable ASCII, whatever words were put in."""
        words = f"{self.status} {self.text}" if self.status else self.text
        return f"{self.code} {_UNPRINTABLE.sub('?', words)[:_LONGEST]}\r\n".encode()


OK: Final = Reply(250, "2.0.0", "OK")
READY_FOR_TLS: Final = Reply(220, "2.0.0", "Ready to start TLS")
BYE: Final = Reply(221, "2.0.0", "Bye")
SENDER_OK: Final = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK: Final = Reply(250, "2.1.5", "Recipient OK")
GO_AHEAD: Final = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
CANNOT_VERIFY: Final = Reply(252, "2.5.0", "Cannot verify; send some mail, and see")
LOGGED_IN: Final = Reply(235, "2.7.0", "Authentication successful")

STOPPING: Final = Reply(421, "4.3.2", "The service is stopping; try again later")
TOO_MANY: Final = Reply(421, "4.7.0", "Too many connections; try again later")
TOO_SLOW: Final = Reply(421, "4.4.2", "Timeout; closing the connection")
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", "Too many errors; closing the connection")
NO_ROOM: Final = Reply(452, "4.3.1", "The disk is nearly full; try again later")
STORE_FAILED: Final = Reply(452, "4.3.1", "The message could not be stored; try again later")

LONG_LINE: Final = Reply(500, "5.5.2", "The command line is too long")
BARE_COMMAND: Final = Reply(500, "5.5.2", "A command ends with CRLF and holds no other CR, LF or NUL")
NO_COMMAND: Final = Reply(500, "5.5.2", "The command is not known")
BAD_SYNTAX: Final = Reply(501, "5.5.4", "The syntax of the command is wrong")
BAD_ORDER: Final = Reply(503, "5.5.1", "This command is out of order here")
NO_SUCH_PARAMETER: Final = Reply(504, "5.5.4", "The mechanism is not known")
LOGIN_FIRST: Final = Reply(530, "5.7.0", "Authentication required")
LOGIN_FAILED: Final = Reply(535, "5.7.8", "Authentication failed")
BAD_MAILBOX: Final = Reply(550, "5.1.3", "This is no address")
NO_SUCH_USER: Final = Reply(550, "5.1.1", "No such recipient here")
NO_RELAY: Final = Reply(550, "5.7.1", "This system does not relay mail")
TOO_MANY_RECIPIENTS: Final = Reply(452, "4.5.3", "Too many recipients")
TOO_LARGE: Final = Reply(552, "5.3.4", "The message is larger than this system takes")
LOOP: Final = Reply(554, "5.4.6", "Too many hops: the message goes round in circles")
BARE_LINE_END: Final = Reply(554, "5.6.0", "The message holds a bare CR or LF")
