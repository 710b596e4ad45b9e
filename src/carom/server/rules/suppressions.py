"""Who may change a suppression through the API.

https://postmarkapp.com/developer/api/suppressions-api
"""

from carom.taxonomy import Origin, SuppressionReason

NO_ADDRESS = "An invalid email address was provided."
NO_AUTHORITY = "You do not have the required authority to change this suppression."

LIFTABLE = frozenset(
    {
        (SuppressionReason.MANUAL_SUPPRESSION, Origin.CUSTOMER),
        (SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT),
    }
)
"""What a customer may lift: what a customer put there, and hard bounces. A recipient's own wish and a complaint stay."""


def may_lift(reason: str, origin: str) -> bool:
    """Tell whether a customer may lift a suppression."""
    return (reason, origin) in LIFTABLE


def may_suppress_again(reason: str) -> bool:
    """Tell whether suppressing an address that is suppressed already is answered as done; a complaint answers that it
    cannot be changed."""
    return reason != SuppressionReason.SPAM_COMPLAINT
