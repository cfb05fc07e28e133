"""The part of each `tierce notice run` that tells persons, who asked for it, of first look-ups."""

from pathlib import Path

import typer

from tierce.kernel.clock import SystemClock
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError
from tierce.notices.deliveries.service import in_relay_log
from tierce.notices.model import Operator
from tierce.persons.wishes.model import Tally
from tierce.persons.wishes.sending import Sender
from tierce.upkeep.notice.base import Desk
from tierce.upkeep.notice.lending import lending_identity, public_of
from tierce.upkeep.notice.messages import mail_server
from tierce.upkeep.notice.posting import handed


def tell_first_looks(one: Desk) -> Tally:
    """Do one turn; where no relay is in the settings nobody is offered it, and nothing leaves."""
    settings = one.settings
    if settings.mail is None:
        return Tally()
    server, given = mail_server(settings), settings.operator
    identity = lending_identity(settings)
    sender = Sender(
        appender=one.appender,
        operator=Operator(given.name, given.address, given.phone, given.officer, given.officer_email),
        clock=SystemClock(),
        server=server,
        signer=Signer.load(handed(server.dkim_key), server.dkim_domain, server.dkim_selector),
        identity=identity,
        known=in_relay_log(Path(settings.mail.log)) if settings.mail.log else None,
    )
    try:
        return sender.turn(one.connection, public_of(identity))
    except DeliveryError as error:
        # The relay is away: what waits still waits, and the next turn tries again.
        typer.echo(str(error), err=True)
        return Tally()
