"""The operator's own file of accounts, and those who are told of each by e-mail at the address on file before it."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.integration.accounts_world import BRUNO, HOLDER, IBAN, OTHER_IBAN, Offices, account_in_force
from tests.integration.conftest import Connect
from tests.integration.feeding import make_importer
from tests.integration.messages_world import kept, mail_server
from tests.integration.rooms import OPERATOR
from tests.integration.signin_world import TREASURER, bank_seals, fill_directory
from tests.mailbox import mailbox
from tierce.billing.bank.copying import open_copy
from tierce.billing.bank.model import AccountState, Oddity
from tierce.feeds.intake import Report
from tierce.feeds.rejects import rejects_beside
from tierce.kernel.clock import SystemClock
from tierce.notices.deliveries.dkim import Signer
from tierce.notices.own.service import Sent, Teller
from tierce.registry.service import Listener
from tierce.storage.database import Database
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration
WRONG = IBAN[:-1] + "3"


def test_a_file_is_taken_in_sealed_everybody_there_is_told_and_no_first_account_takes_a_call(
    database: Database, connect: Connect, keyring: Keyring, key_directory: Path, tmp_path: Path
) -> None:
    fill_directory(database)
    offices = Offices.open_(connect, keyring)
    importer, file = make_importer(connect("tierce_feed"), key_directory), tmp_path / "accounts.csv"

    def take(*lines: str, dry_run: bool = False) -> Report:
        file.write_text("\n".join(("establishment,iban,holder", *lines)) + "\n", "utf-8")
        with rejects_beside(file) as rejects:
            listener = Listener(rejects.add, lambda _lines: None)
            return importer.intake.accounts(file, bank_seals(keyring), listener, dry_run=dry_run)

    good = f"990000001,{IBAN[:4]} {IBAN[4:]},{HOLDER}"
    assert take(good, dry_run=True).counts.taken == 1
    assert offices.states() == []
    counts = take(
        good, f"990000002,{WRONG},{HOLDER}", f"990000999,{IBAN},{HOLDER}", f"990000003,{IBAN},{WRONG}"
    ).counts
    assert (counts.taken, counts.rejected) == (1, 3)
    assert counts.reasons == {"iban": 1, "establishment": 1, "holder": 1}
    said = (tmp_path / "accounts.csv.rejects.csv").read_text("utf-8")
    assert IBAN[4:-4] not in said
    assert take(good).counts.reasons == {"establishment": 1}, "one is under way there"

    notices = connect("tierce_notices", autocommit=True)
    with mailbox(tmp_path / "mailbox") as port:
        server = mail_server(tmp_path, port)
        signer = Signer.load(server.dkim_key, server.dkim_domain, server.dkim_selector)
        teller = Teller(OPERATOR, SystemClock(), server, signer)
        # One with an accent, first in the queue: no message can be made to it, and everybody behind it is told.
        offices.admin.execute(
            "insert into notice.own_mail (token, account, professional, what, email, language, at)"
            " select 'aaaaaaaaaa', id, 203, 1, 'rené@tilleuls.example', 'fr', now() - interval '1 h'"
            " from bank.account"
        )
        assert teller.turn(notices) == Sent(sent=2, refused=1)
        assert teller.turn(notices) == Sent()
    messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in kept(tmp_path / "mailbox")]
    assert {str(one["To"]) for one in messages} == {"claire@tilleuls.example", "luc@tilleuls.example"}
    for one in messages:
        text = str(one.get_content())
        assert re.search(r"FR\s••••\s0172", text)
        assert "http" not in text
        assert IBAN[4:-4] not in "".join(text.split())

    rows = offices.admin.execute("select establishment, id, copy from bank.account").fetchall()
    assert [open_copy([TREASURER], *row) for row in rows] == [IBAN]
    assert offices.turn() == (1, 0, 0)
    offices.wait()
    (ask,) = offices.desk.queue(offices.office)
    assert (ask.odd, ask.needed, ask.told, ask.seen.professional) == ((), 0, 2, None)
    assert offices.turn() == (0, 0, 1)
    assert account_in_force(offices.billing, 101) is not None
    # The same account at another establishment takes a call, and one in the place of another does too.
    assert take(f"990000003,{IBAN},Optique", f"990000001,{OTHER_IBAN},{HOLDER}").counts.taken == 2
    offices.turn()
    offices.wait()
    odd = {one.seen.establishment: (set(one.odd), one.needed) for one in offices.desk.queue(offices.office)}
    assert odd == {103: ({Oddity.ELSEWHERE}, 1), 101: ({Oddity.NOBODY_TOLD}, 2)}
    assert offices.turn() == (0, 0, 0)
    row = offices.admin.execute("select id from bank.account where establishment = 103").fetchone()
    assert row is not None
    offices.desk.confirm(offices.office, BRUNO, row[0], "1", "M. Ferrand, opticien", "Il a dit 0172.")
    assert offices.turn() == (0, 0, 1)
    assert sorted(offices.states()) == [AccountState.WAITING, AccountState.IN_FORCE, AccountState.IN_FORCE]
