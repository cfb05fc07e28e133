"""Lines of a rights feed: what is read, what is refused, and the plaintext of sealed records."""

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

from tests.feed_table import as_markdown
from tierce.billing.bank.feed import COLUMNS as ACCOUNTS
from tierce.billing.pricing.loads.columns import BENEFITS, TARIFFS
from tierce.directory.loads.columns import DIRECTORY, FINESS, NATIONAL, SKILLS
from tierce.directory.loads.rules import read_activity
from tierce.feeds.reader import LINE_BYTES_MAX, read_rows
from tierce.kernel.card import Routing
from tierce.kernel.care import Domain, Profession
from tierce.kernel.errors import FieldError
from tierce.kernel.feed import Column, FeedRow, Rejection, names
from tierce.kernel.ids import InsurerId
from tierce.kernel.luhn import luhn_holds
from tierce.lab.country.identifiers import make_finess, make_nir, make_rpps
from tierce.notices.rules import is_minor
from tierce.presence.columns import REPORTS
from tierce.registry.columns import INSURERS, RIGHTS
from tierce.registry.contracts.columns import CONTRACTS
from tierce.registry.errors import FeedRefusedError
from tierce.registry.model import People, Product, RightsLine, Sender, Status
from tierce.registry.records import SIZE_CLASSES, CivilRecord, decode_civil, encode_record
from tierce.registry.rules import TOLD, read_rights

HOLDER, CHILD = make_nir("F", 1984, 5, "90955", 12), make_nir("M", 2015, 9, "90955", 13)
SENDER = Sender(
    InsurerId(1), "99100001", {"CONFORT": Product(1, "CONFORT", Domain.MEDG.bit | Domain.OPTI.bit)}, People.INVENTED,
    Routing({"99100001": [("00733931", "003")], "99100002": [("00733931", "004")]}),
)  # fmt: skip
LINE = dict.fromkeys(names(RIGHTS), "") | {
    "record_kind": "current",
    "effective_on": "2026-11-23",
    "amc": "99100001",
    "member_number": "A-1",
    "holder_member_number": "A-1",
    "contract_number": "C-1",
    "product_code": "CONFORT",
    "relationship": "holder",
    "right_holder_nir": HOLDER,
    "own_nir": HOLDER,
    "ins_oid": "1.2.250.1.213.1.4.10",
    "birth_date": "19840512",
    "birth_rank": "1",
    "sex": "F",
    "family_name": "D’AUBIGNÉ-LŒUIL",
    "given_names": "ZOÉ ANNE",
    "birth_place": "90955",
    "domains": "MEDG OPTI",
    "covered_from": "2026-01-01",
    "covered_until": "2026-12-31",
    "priority": "1",
    "status": "active",
    "former_member": "no",
}
BORN = {
    "member_number": "A-2",
    "relationship": "child",
    "own_nir": CHILD,
    "birth_date": "20150903",
    "sex": "M",
    "given_names": "LÉO",
}


def read(**changes: str) -> RightsLine:
    return read_rights({**LINE, **changes}, 2, SENDER)


def test_a_line_is_read() -> None:
    line = read()
    assert line.domains == Domain.MEDG.bit | Domain.OPTI.bit
    assert line.until_day - line.from_day == 364
    assert (line.status, line.is_former, line.left_day) == (Status.ACTIVE, False, None)
    assert len(line.identities()) == 1


def test_a_minor_child_without_representative_has_the_holder() -> None:
    assert read(**BORN).representative_member_number == "A-1"
    assert read(**BORN, representative_member_number="A-3").representative_member_number == "A-3"
    assert not read(**BORN | {"birth_date": "20081123"}).representative_member_number
    assert read(**BORN | {"birth_date": "20081124"}).representative_member_number == "A-1"


@pytest.mark.parametrize(
    "birth_date", ["20080000", "20081100", "20081300", "20080132", "20081123", "20081124", "20080299"]
)
def test_who_is_a_minor_is_the_same_in_the_register_and_in_letters(birth_date: str) -> None:
    """Else a lunar child would be a minor whom nobody represents, and no letter could leave."""
    told = read(**BORN | {"birth_date": birth_date})
    assert (told.representative_member_number == "A-1") is is_minor(birth_date, date(2026, 11, 23))


def test_card_and_vitale_take_what_they_leave_out_from_the_line() -> None:
    line = read(card_birth_date="19840521", vitale_nir=HOLDER)
    assert line.card is not None
    assert line.card.nir == line.identity.nir
    assert line.card.birth_date.reveal() == "19840521"
    assert line.vitale is None, "an identity that differs in nothing is none"
    assert len(line.identities()) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "ended"}, "status"),
        ({"status": "future"}, "status"),
        ({"status": "active", "covered_from": "2026-11-24"}, "status"),
        ({"covered_until": "2025-12-31"}, "covered_until"),
        ({"effective_on": "20261123"}, "effective_on"),
        ({"domains": "MEDG DENT"}, "domains"),
        ({"relationship": "spouse"}, "holder_member_number"),
        ({"ins_oid": "1.2.250.1.213.1.4.9"}, "ins_oid"),
        ({"right_holder_nir": make_nir("F", 1984, 5, "05949", 12)}, "right_holder_nir"),
        ({"card_nir": make_nir("F", 1984, 5, "05949", 12)}, "right_holder_nir"),
        ({"family_name": "А"}, "family_name"),
        ({"family_name": "A" * 81}, "family_name"),
        ({"given_names": "ZOE\u202eANNE"}, "given_names"),
        ({"record_kind": "correction", "corrects_nir": HOLDER}, "corrects_birth_date"),
        ({"former_member": "yes"}, "left_on"),
        (BORN | {"birth_date": "20270102"}, "birth_date"),
        ({"birth_date": "20840512"}, "birth_date"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(FieldError) as caught:
        read(**changes)
    assert caught.value.field == field


def test_a_child_born_later_in_the_year_of_the_effective_day_is_read() -> None:
    for born in ("20261231", "20261300"):
        assert read(**BORN | {"birth_date": born}).identity.birth_date.reveal() == born


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"right_holder_nir": f"{HOLDER[0]},{HOLDER[1:4]}E+14"}, "right_holder_nir", "Export this column as text"),
        ({"own_nir": "2.84E14"}, "own_nir", "Export this column as text"),
        ({"amc": ""}, "amc", "Write your AMC number"),
        ({"amc": "99100002"}, "amc", "Send one file per insurer"),
        ({"birth_place": "1001"}, "birth_place", "keep leading zeros"),
        ({"member_number": " A-1"}, "member_number", "no space around"),
    ],
)
def test_what_a_spreadsheet_does_to_a_cell_is_told_with_its_remedy(
    changes: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(FieldError) as caught:
        read(**changes)
    assert caught.value.field == field
    assert said in caught.value.remedy.en


def test_an_insurers_number_that_lost_its_zeros_is_told_so() -> None:
    sender = dataclasses.replace(SENDER, amc="00733931")
    with pytest.raises(FieldError) as caught:
        read_rights({**LINE, "amc": "733931"}, 2, sender)
    assert "leading zeros" in caught.value.reason.en


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"card_amc": "00733931", "csr": "004"}, "csr"),
        ({"card_amc": "00733931"}, "card_amc"),
        ({"card_amc": "99100002"}, "card_amc"),
        ({"card_amc": "733931"}, "card_amc"),
        ({"csr": "é"}, "csr"),
        ({"convention": "X" * 11}, "convention"),
    ],
)
def test_a_card_that_would_lead_elsewhere_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(FieldError) as caught:
        read(**changes)
    assert caught.value.field == field


def test_what_a_card_prints_is_kept_as_text_and_makes_another_line_only_where_it_is_told() -> None:
    told = read(card_amc="0000733931", convention="EX", csr="3")
    assert (told.card_amc, told.convention, told.csr) == ("0000733931", "EX", "3")
    assert read(csr="3").told != read().told != told.told
    assert read().told.count(b"\x1f") == len(TOLD) - 1, "a line without them says what it said before they existed"


def test_production_refuses_invented_people() -> None:
    real = dataclasses.replace(SENDER, people=People.REAL)
    with pytest.raises(FieldError) as caught:
        read_rights(LINE, 2, real)
    assert caught.value.field == "ins_oid"
    with pytest.raises(FieldError) as caught:
        read_rights({**LINE, "ins_oid": "1.2.250.1.213.1.4.8"}, 2, real)
    assert caught.value.field == "right_holder_nir"


def test_a_line_shows_nothing_of_itself() -> None:
    line = read()
    assert repr(line) == "RightsLine(line 2)"
    assert repr(FeedRow(2, LINE)) == "FeedRow(line 2)"
    assert "1984" not in repr(line.identities())


def record(family_name: str) -> CivilRecord:
    return CivilRecord(
        1, family_name, "", "ZOÉ", "F", "19840512", "90955", HOLDER, 1, None, "1.2", (HOLDER, "1984", 1)
    )


def test_records_are_padded_to_a_class_and_read_back() -> None:
    short, long = encode_record(record("LI")), encode_record(record("L" * 200))
    assert [len(short), len(long)] == [SIZE_CLASSES[0], SIZE_CLASSES[1]]
    assert len(encode_record(record("LENOIR"))) == len(short)
    assert decode_civil(long) == record("L" * 200)
    assert "LENOIR" not in repr(record("LENOIR"))
    with pytest.raises(ValueError, match="largest class"):
        encode_record(record("L" * 2_000))


COLUMNS = RIGHTS[:3]
HEADER = b"record_kind,effective_on,amc\n"


def lines_of(path: Path, content: bytes, columns: tuple[Column, ...] = COLUMNS) -> list[FeedRow | Rejection]:
    path.write_bytes(content)
    return list(read_rows(path, columns))


def test_columns_are_read_by_name_in_any_order(tmp_path: Path) -> None:
    (row,) = lines_of(tmp_path / "f.csv", b"\xef\xbb\xbfamc|record_kind|effective_on|more\r\n1|2|3|4\r\n")
    assert isinstance(row, FeedRow)
    assert row.cells == {"amc": "1", "record_kind": "2", "effective_on": "3"}


@pytest.mark.parametrize("delimiter", [b";", b",", b"|"])
def test_what_a_spreadsheet_or_a_database_exports_is_read(tmp_path: Path, delimiter: bytes) -> None:
    quoted = b'"amc","record_kind","effective_on"\r\n"1","2","3"\r\n4,5,6\r\n,,\r\n\r\n'
    found = lines_of(tmp_path / "f.csv", b"\xef\xbb\xbf" + quoted.replace(b",", delimiter))
    rows = [one for one in found if isinstance(one, FeedRow)]
    assert [(row.line, list(row.cells.values())) for row in rows] == [(2, ["2", "3", "1"]), (3, ["5", "6", "4"])]
    assert len(rows) == len(found), "what says nothing, at the end of a table, is no line"


def test_quotes_and_long_lines_spoil_one_line(tmp_path: Path) -> None:
    long = b"a" * (3 * LINE_BYTES_MAX)
    rows = lines_of(tmp_path / "f.csv", HEADER + b'"a,b",c,d\n"e,f,g\n' + long + b"\nh,i,j\nk,l,\xff\nm,n,o")
    found = [(row.line, row.cells["record_kind"]) if isinstance(row, FeedRow) else row.field for row in rows]
    assert found == [(2, "a,b"), "(line)", "(line)", (5, "h"), "(line)", (7, "m")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"amc\n", "missing columns, to be added : record_kind, effective_on"),
        (HEADER[:-1] + b",nir\n", "of 4 columns, unknown columns, to be removed or renamed, are no. : 4 ;"),
        (HEADER.replace(b",", b"\t"), "separate by commas, not by tabs"),
        (b"sep=,\n" + HEADER, "remove the line “sep=”"),
        (HEADER.upper(), "write names in small letters, no space around"),
        (HEADER.replace(b",", b", "), "write names in small letters, no space around"),
        (b"1,2,3\n", "the first line has no column's name"),
        (HEADER.replace(b"\n", b"\r") + b"1,2,3\r", "lines end with a carriage return alone"),
        (HEADER.replace(b"\n", b'",\n'), "missing columns, to be added : amc"),
        (b"PK\x03\x04\x14\n", "a workbook: decompress it, or save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\n", "a workbook"),
        (HEADER[:-1] + b",amc\n", "given twice, keep one of each : amc"),
        (b"\xff\n", "not UTF-8"),
        (b"", "empty file: send it again"),
    ],
)
def test_a_header_that_is_not_the_feed_refuses_the_file(tmp_path: Path, header: bytes, said: str) -> None:
    with pytest.raises(FeedRefusedError, match=said):
        lines_of(tmp_path / "f.csv", header)


def test_a_first_line_of_data_in_place_of_the_header_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(FeedRefusedError) as caught:
        lines_of(tmp_path / "f.csv", f"{HOLDER},LENOIR\n".encode())
    assert HOLDER not in str(caught.value)
    assert "LENOIR" not in str(caught.value)


def test_the_directory_reads_public_numbers() -> None:
    rpps, finess = make_rpps(7), make_finess(7)
    row = dict.fromkeys(names(DIRECTORY), "") | {
        "Type d'identifiant PP": "8",
        "Identifiant PP": rpps,
        "Identification nationale PP": f"8{rpps}",
        "Nom d'exercice": "MORVAN",
        "Prénom d'exercice": "CLAIRE",
        "Numéro FINESS site": finess,
        "Raison sociale site": "SELARL Morvan",
        "Enseigne commerciale site": "Cabinet des Tilleuls",
        "Libellé commune (coord. structure)": "Valbrume",
        "Profession Tierce": "GP",
    }
    line = read_activity(row)
    assert line.place is not None
    assert (line.place.name, line.profession) == ("Cabinet des Tilleuls", Profession.GP)
    assert luhn_holds(rpps)
    for field, value in [
        ("Identifiant PP", rpps[:-1] + str((int(rpps[-1]) + 1) % 10)),
        ("Identification nationale PP", rpps),
        ("Numéro FINESS site", "990000011"),
        ("Profession Tierce", "WIZARD"),
        ("Libellé commune (coord. structure)", ""),
    ]:
        with pytest.raises(FieldError) as caught:
            read_activity({**row, field: value})
        assert caught.value.field == field


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("feed-rights", RIGHTS),
        ("feed-insurers", INSURERS),
        ("feed-contracts", CONTRACTS),
        ("feed-tariffs", TARIFFS),
        ("feed-benefits", BENEFITS),
        ("accounts", ACCOUNTS),
        ("presence", REPORTS),
        ("feed-directory", DIRECTORY),
        ("feed-directory", NATIONAL),
        ("feed-directory", SKILLS),
        ("feed-directory", FINESS),
    ],
)
def test_the_published_page_is_the_table_that_is_read(page: str, columns: tuple[Column, ...]) -> None:
    published = (Path(__file__).parents[2] / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    assert as_markdown(columns) in published
    assert not re.search(r"\b[12]\d{14}\b", published), "a page shows no NIR"
