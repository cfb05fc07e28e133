"""A file for the bank checked against its list and the copies of accounts: whoever wrote it is not believed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierce.billing.bank.copying import open_copy, seal_copy
from tierce.billing.bank.errors import AccountSealError
from tierce.billing.settlement.checking import Checked, Wrong, check_file, open_file, read_identities, told
from tierce.billing.settlement.errors import FileUnreadableError, ListUnreadableError
from tierce.billing.settlement.listing import ListedTransfer, TransferList, read_list, write_list
from tierce.billing.settlement.model import Credit, Payer
from tierce.billing.settlement.pain import reference, write_file

KEY, OLD, OTHER = (pyrage.x25519.Identity.generate() for _ in range(3))
IBAN, OTHER_IBAN, THIEF = "FR8999999000010000000000172", "FR7899999000010000000000273", "FR6799999000010000000000374"
PAYER = Payer("Rive Claire Tiers Payant", "FR5699999000010000000000475", Path("payments"), "age1")
AT = datetime(2026, 11, 26, 10, 0, 30, 250, tzinfo=UTC)
BATCH = 2**63 - 5


def listed(
    number: int, iban: str, amount: int, *, copied: bool = True, by: pyrage.x25519.Identity = KEY
) -> ListedTransfer:
    place, account = 600 + number, 900 + number
    copy = seal_copy(str(by.to_public()), place, account, iban) if copied else None
    return ListedTransfer(
        f"{number:016x}", f"{place:016x}", f"{account:016x}", f"Cabinet {number}", f"FR •••• {iban[-4:]}", amount,
        "SELARL des Tilleuls & Cie", copy,
    )  # fmt: skip


RIGHT = TransferList(
    f"{BATCH:016x}", "Mutuelle des Merles", AT, [listed(26, IBAN, 4_000), listed(2, OTHER_IBAN, 2_500)]
)
PAID = [
    Credit(26, 4_000, "SELARL des Tilleuls & Cie", IBAN),
    Credit(2, 2_500, "SELARL des Tilleuls & Cie", OTHER_IBAN),
]


def checked(paid: list[Credit], of: TransferList = RIGHT) -> Checked:
    return check_file(write_file(BATCH, AT, PAYER, paid), of, [KEY, OLD])


def test_a_file_that_pays_what_was_asked_for_is_good_however_the_list_was_kept() -> None:
    found = checked(PAID, read_list(write_list(RIGHT)))
    assert (found.good, found.verified, found.uncopied, found.total) == (True, 2, [], 6_500)
    assert (found.payer, found.debited) == (PAYER.name, PAYER.iban)
    said = "\n".join(told(found, RIGHT))
    assert [text in said for text in ("demandés : 2.", "65.00 €", "autre chose")] == [True, True, False]
    assert [iban in said for iban in (IBAN, OTHER_IBAN)] == [False, False], "only the operator's own is printed"


@pytest.mark.parametrize(
    ("paid", "wrong"),
    [
        ([Credit(26, 4_000, PAID[0].holder, THIEF), PAID[1]], Wrong.ACCOUNT),
        ([Credit(26, 4_000, PAID[0].holder, OTHER_IBAN), PAID[1]], Wrong.ACCOUNT),
        ([Credit(26, 4_001, PAID[0].holder, IBAN), PAID[1]], Wrong.AMOUNT),
        ([Credit(26, 4_000, "SELARL des Saules", IBAN), PAID[1]], Wrong.NAME),
        ([PAID[0]], Wrong.MISSING),
        ([*PAID, Credit(3, 99, "Quelqu’un", THIEF)], Wrong.ADDED),
        ([*PAID, PAID[0]], Wrong.ADDED),
    ],
)
def test_what_a_captured_billing_could_write_is_named(paid: list[Credit], wrong: Wrong) -> None:
    found = checked(paid)
    assert not found.good
    assert [one.what for one in found.faults] == [wrong]
    said = "\n".join(told(found, RIGHT))
    assert "Ne portez pas" in said
    assert "autre chose" not in said, "what is wrong was named"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"</CdtTrfTxInf><Cdt", b"</CdtTrfTxInf> <Cdt", 1),
        lambda text: text.replace(b"</PmtInf>", b"<CdtTrfTxInf><Evil/></CdtTrfTxInf></PmtInf>"),
        lambda text: text.replace(b"?>", b"?><!-- -->", 1),
        lambda text: text.replace(b"SLEV", b"DEBT"),
        lambda text: text + b" ",
    ],
)
def test_anything_else_in_the_file_makes_it_another(spoil: Callable[[bytes], bytes]) -> None:
    right = write_file(BATCH, AT, PAYER, PAID)
    spoilt = spoil(right)
    assert spoilt != right
    found = check_file(spoilt, RIGHT, [KEY])
    assert not found.good
    assert "autre chose" in "\n".join(told(found, RIGHT))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 1_500), byte=st.integers(0, 255))
def test_no_byte_of_a_file_can_change_unseen(at: int, byte: int) -> None:
    right = write_file(BATCH, AT, PAYER, PAID)
    at %= len(right)
    spoilt = right[:at] + bytes([byte]) + right[at + 1 :]
    try:
        found = check_file(spoilt, RIGHT, [KEY])
    except FileUnreadableError:
        return
    # The payer is read from the file and printed: whoever checks knows her own account.
    assert found.good == (spoilt == right) or (found.payer, found.debited) != (PAYER.name, PAYER.iban)


def test_a_copy_of_another_account_or_key_is_told_and_an_old_key_opens_its_own() -> None:
    moved = TransferList(RIGHT.batch, RIGHT.insurer, AT, [listed(26, IBAN, 4_000), listed(2, OTHER_IBAN, 2_500)])
    swapped = [moved.transfers[0], _with_copy(moved.transfers[1], moved.transfers[0].copy)]
    foreign = [listed(26, IBAN, 4_000, by=OTHER), moved.transfers[1]]
    old = [listed(26, IBAN, 4_000, by=OLD), moved.transfers[1]]
    for rows, wrong in ((swapped, [Wrong.COPY]), (foreign, [Wrong.COPY]), (old, [])):
        found = checked(PAID, TransferList(RIGHT.batch, RIGHT.insurer, AT, rows))
        assert [one.what for one in found.faults] == wrong
        assert found.verified == 2 - len(wrong)


def test_nothing_of_a_list_commands_the_terminal() -> None:
    named = TransferList(RIGHT.batch, "Merles\x1b[2J", AT, [listed(26, IBAN, 4_000), listed(2, OTHER_IBAN, 2_501)])
    assert all(line.isprintable() for line in told(checked(PAID, named), named))


def _with_copy(one: ListedTransfer, copy: bytes | None) -> ListedTransfer:
    return ListedTransfer(
        one.transfer, one.establishment, one.account, one.place, one.masked, one.amount, one.holder, copy
    )


def test_an_account_without_a_copy_is_named_and_everything_else_is_checked() -> None:
    some = TransferList(
        RIGHT.batch, RIGHT.insurer, AT, [RIGHT.transfers[0], listed(2, OTHER_IBAN, 2_500, copied=False)]
    )
    found = checked(PAID, some)
    assert (found.good, found.verified, [one.place for one in found.uncopied]) == (True, 1, ["Cabinet 2"])
    assert f"? {reference(2)} Cabinet 2, FR •••• 0273" in "\n".join(told(found, some))
    assert not checked([Credit(26, 4_000, PAID[0].holder, THIEF), PAID[1]], some).good


def test_a_copy_says_whose_it_is_and_no_country_by_its_length() -> None:
    copy = seal_copy(str(KEY.to_public()), 1, 2, IBAN)
    assert open_copy([OTHER, KEY], 1, 2, copy) == IBAN
    for place, account, one in ((2, 2, copy), (1, 1, copy), (1, 2, copy[:-1]), (1, 2, b""), (1, 2, b"no age")):
        with pytest.raises(AccountSealError):
            open_copy([KEY], place, account, one)
    with pytest.raises(AccountSealError):
        open_copy([OTHER], 1, 2, copy)
    bodies = {
        len(seal_copy(str(KEY.to_public()), 1, 2, iban).partition(b"\n---")[2]) for iban in (IBAN, "NO9386011117947")
    }
    assert len(bodies) == 1


def test_what_is_no_list_no_file_or_no_key_is_refused_as_such() -> None:
    good = write_list(RIGHT)
    first = b"000000000000001a"
    spoilt = [
        good.replace(first, b"000000000000000z"),
        good.replace(first, b"1"),
        good.replace(b"list-v1", b"list-v2"),
    ]
    for bad in (b"", b"{}", b"[1]", good[:-2], *spoilt):
        with pytest.raises(ListUnreadableError):
            read_list(bad)
    empty = write_list(TransferList(RIGHT.batch, "Merles", AT, []))
    naive = write_list(TransferList(RIGHT.batch, "Merles", AT.replace(tzinfo=None), RIGHT.transfers))
    for bad in (empty, naive):
        with pytest.raises(ListUnreadableError):
            read_list(bad)
    with pytest.raises(FileUnreadableError):
        check_file(b"<Document/>", RIGHT, [KEY])
    sealed = pyrage.encrypt(b"<Document/>", [KEY.to_public()])
    assert open_file(sealed, [KEY]) == b"<Document/>" == open_file(b"<Document/>", [])
    with pytest.raises(FileUnreadableError):
        open_file(sealed, [OTHER])
    assert len(read_identities(f"# made by somebody\n# public key: {KEY.to_public()}\n{KEY}\n\n")) == 1
    assert read_identities("AGE-SECRET-KEY-1NONE") == [] == read_identities("")
