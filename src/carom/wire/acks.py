"""The answer of calls that have nothing else to say."""

from carom.wire.endpoint import Wire


class Ack(Wire, frozen=True, kw_only=True):
    """It is done; ``message`` says what."""

    error_code: int
    message: str
