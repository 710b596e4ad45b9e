"""confirm: mail the address of a sender signature the link that confirms it."""

from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import Confirm
from carom.server.pipeline.letters import send_letter
from carom.server.rules.letters import Letter
from carom.server.rules.senders import CONFIRM_PATH, CONFIRM_SUBJECT, LINK_LASTS, confirmation_text
from carom.server.store import senders


async def confirm(job: Confirm, deps: Deps) -> None:
    """Send the link, unless the signature is confirmed or gone by now."""
    found = await deps.database.read(senders.by_id, job.sender_id)
    if found is None or found.confirmed:
        return
    now = deps.clock()
    link = f"{deps.public_url.rstrip('/')}/{CONFIRM_PATH}/{deps.keyring.confirmation(found.id, now + LINK_LASTS)}"
    text = confirmation_text(name=found.name, address=found.email, note=found.note, link=link)
    key = f"confirm-{found.id}-{now:%Y%m%d%H%M%S%f}"
    await send_letter(Letter(to=found.email, subject=CONFIRM_SUBJECT, text=text, key=key), deps)
