"""A file for the bank, checked before it leaves by whoever takes it there: `billing` is not believed."""

import json
from pathlib import Path

import pyrage
import pytest
from psycopg.errors import InsufficientPrivilege
from typer.testing import CliRunner

from tests.integration.accounts_world import BRUNO, HELENE, IBAN, THIRD_IBAN
from tests.integration.conftest import Connect
from tests.integration.transfers_world import Treasury
from tierce.billing.bank.sealing import seal_iban
from tierce.billing.settlement.errors import BatchMissingError, BatchMovedError
from tierce.billing.settlement.listing import list_name
from tierce.billing.settlement.model import Word
from tierce.billing.settlement.pain import file_name
from tierce.policy.acts import Act
from tierce.storage.keys import Keyring
from tierce.upkeep.billing import app

pytestmark = pytest.mark.integration


@pytest.fixture
def treasury(connect: Connect, keyring: Keyring, tmp_path: Path) -> Treasury:
    made = Treasury.open_(connect, keyring, tmp_path / "payments")
    made.admin.execute(
        "insert into registry.insurer (id, amc, name) values (1, '99100001', 'Mutuelle du Grand Chêne'),"
        " (2, '99100002', 'Prévoyance des Rives')"
    )
    return made


def checked(treasury: Treasury, batch: int, *options: str) -> tuple[int, str]:
    """What `tierce billing check` says of the file of a batch, on the machine of whoever takes it to the bank."""
    key, listed = treasury.folder / "banque.key", treasury.folder / list_name(batch)
    key.write_text(f"# made by her\n{treasury.identity}\n")
    listed.write_bytes(treasury.desk.listed(treasury.office, HELENE, batch))
    arguments = ["check", str(treasury.folder / file_name(batch)), "--list", str(listed), "--key", str(key)]
    said = CliRunner().invoke(app, [*arguments, *options])
    return said.exit_code, said.output


def test_whoever_takes_the_file_to_the_bank_checks_what_billing_wrote(treasury: Treasury) -> None:
    treasury.due(601, 4_000)
    treasury.due(602, 2_500)
    batch = treasury.filed()
    code, said = checked(treasury, batch)
    assert (code, "demandés : 2." in said, IBAN in said) == (0, True, False), said
    line = treasury.lines()[-1]
    assert (line.act, line.reference, line.professional) == (Act.STAFF_BATCH_LIST, batch, HELENE.staff)
    code, said = checked(treasury, batch, "--json", "-")
    assert json.loads(said)["verified"] == 2
    assert code == 0


def test_a_captured_billing_that_pays_another_account_is_found_out_before_the_bank(treasury: Treasury) -> None:
    treasury.due(601, 4_000)
    treasury.due(602, 2_500)
    treasury.turn()
    batch = treasury.approve()
    # Its role may seal an account again, as it must when its key is replaced; the copy it can neither read nor write.
    treasury.billing.execute(
        "update bank.account set sealed = %s where establishment = 601 and state = 3",
        (seal_iban(treasury.public, 601, THIRD_IBAN),),
    )
    for query in ("select copy from bank.account", "update bank.account set copy = null"):
        with pytest.raises(InsufficientPrivilege):
            treasury.billing.execute(query.encode())
    assert treasury.turn().filed == 1
    assert treasury.credits(batch)[THIRD_IBAN] == "40.00", "the thief's account is in the file"
    code, said = checked(treasury, batch)
    assert (code, said.count("✗"), "Cabinet 601" in said, "un autre compte" in said) == (1, 2, True, True), said


def test_an_account_of_before_has_no_copy_and_is_named(treasury: Treasury) -> None:
    treasury.due(601, 4_000)
    treasury.due(602, 2_500)
    treasury.admin.execute("update bank.account set copy = null where establishment = 602")
    code, said = checked(treasury, treasury.filed())
    assert (code, "demandés : 1." in said, "? TP-" in said, "Cabinet 602" in said) == (3, True, True, True), said


def test_a_list_is_taken_of_a_batch_whose_file_is_written_and_of_no_other(treasury: Treasury) -> None:
    treasury.due(601, 4_000)
    treasury.turn()
    batch = treasury.approve()
    for number in (batch, batch + 1):
        with pytest.raises((BatchMovedError, BatchMissingError)):
            treasury.desk.listed(treasury.office, HELENE, number)
    treasury.turn()
    for who in (HELENE, BRUNO):
        treasury.say(batch, Word.REJECTED, who, said="Le compte à débiter est clos.")
    with pytest.raises(BatchMovedError):
        treasury.desk.listed(treasury.office, HELENE, batch)


def test_wrong_files_and_keys_are_refused_in_both_languages(treasury: Treasury) -> None:
    treasury.due(601, 4_000)
    batch = treasury.filed()
    checked(treasury, batch)
    file, listed, key = (str(treasury.folder / name) for name in (file_name(batch), list_name(batch), "banque.key"))
    other = treasury.folder / "other.key"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    for arguments, said in (
        ([file, "--list", listed, "--key", str(other)], "vos clés ne l’ouvrent pas"),
        ([file, "--list", file, "--key", key], "Pas une liste de contrôle"),
        ([file, "--list", listed, "--key", listed], "clé privée age"),
        ([str(treasury.folder / "none"), "--list", listed, "--key", key], "none : "),
    ):
        refused = CliRunner().invoke(app, ["check", *arguments])
        assert (refused.exit_code, said in refused.output, " / " in refused.output) == (2, True, True), refused.output
