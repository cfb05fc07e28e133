"""`tierce notice telling`: professionals are told of what is done in their name."""

from pathlib import Path

import typer

from tierce.kernel.clock import SystemClock
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.deliveries.errors import DeliveryError
from tierce.notices.deliveries.service import in_relay_log
from tierce.notices.model import Operator
from tierce.notices.own.service import Sent, Teller
from tierce.upkeep.notice.base import Desk
from tierce.upkeep.notice.messages import mail_server
from tierce.upkeep.notice.posting import handed


def tell_professionals(one: Desk) -> Sent:
    """Do one turn; where no relay is in the settings nothing leaves, and staff read that nobody was told."""
    settings = one.settings
    if settings.mail is None:
        return Sent()
    server, given = mail_server(settings), settings.operator
    teller = Teller(
        operator=Operator(given.name, given.address, given.phone, given.officer, given.officer_email),
        clock=SystemClock(),
        server=server,
        signer=Signer.load(handed(server.dkim_key), server.dkim_domain, server.dkim_selector),
        known=in_relay_log(Path(settings.mail.log)) if settings.mail.log else None,
    )
    try:
        return teller.turn(one.connection)
    except DeliveryError as error:
        # The relay is away: what waits still waits, and the next turn tries again.
        typer.echo(str(error), err=True)
        return Sent()
