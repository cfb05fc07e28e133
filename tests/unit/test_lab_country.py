"""The synthetic country: repeatable, consistent, and nobody's."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet
from stdnum.fr import nir as nir_oracle
from stdnum.luhn import is_valid as luhn_is_valid

from tierce.directory.loads.columns import FINESS_PLACES
from tierce.directory.loads.rules import read_activity, read_establishment, read_national
from tierce.kernel.care import Domain, Profession
from tierce.kernel.nir import BirthDate, Nir, Rank
from tierce.lab.country.block import TEST_OID
from tierce.lab.country.insurers import INSURERS_MAX, PRODUCTS, make_insurers
from tierce.lab.country.population import Format, Plan, read_identities, write_country
from tierce.lab.country.public import ACTIVITIES_FILE, PLACES_FILE
from tierce.registry.columns import RIGHTS

PLAN = Plan(persons=6_000, insurers=84, seed=3, on=date(2026, 11, 23), professionals=120)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("country")
    write_country(PLAN, out / "made", lambda _made: None)
    return out / "made"


@pytest.fixture(scope="module")
def lines(country: Path) -> list[dict[str, str]]:
    return list(_lines(country))


def _lines(country: Path) -> Iterator[dict[str, str]]:
    for path in sorted((country / "rights").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            assert reader.fieldnames == [column.name for column in RIGHTS]
            yield from reader


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_same_bytes(country: Path, tmp_path: Path) -> None:
    write_country(PLAN, tmp_path / "again", lambda _made: None)
    assert _bytes(tmp_path / "again") == _bytes(country)


def test_any_number_of_processes_and_any_hash_seed_write_the_same_bytes(tmp_path: Path) -> None:
    """Enough people for several blocks; each run is a fresh interpreter with a hash seed of its own."""
    digests = set()
    for processes, hash_seed in ((1, "0"), (2, "4242")):
        out = tmp_path / f"{processes}"
        command = [sys.executable, "-m", "tierce.cli", "lab", "population", "--persons", "12000", "--seed", "9",
                   "--insurers", "5", "--on", "2026-11-23", "--public-directory", "--processes", str(processes),
                   "--out", str(out)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        digests.add(hashlib.sha256(repr(sorted(_bytes(out).items())).encode()).hexdigest())
    assert len(digests) == 1
    rows = list(_lines(tmp_path / "2"))
    assert len({row["own_nir"] for row in rows}) == 12_000, "blocks share no number"
    assert len({(row["amc"], row["member_number"]) for row in rows}) == len(rows)


def test_parquet_holds_the_very_lines_of_the_csv(tmp_path: Path) -> None:
    plan = Plan(persons=800, insurers=3, seed=5, on=PLAN.on)
    write_country(plan, tmp_path / "csv", lambda _made: None)
    write_country(plan, tmp_path / "parquet", lambda _made: None, form=Format.PARQUET)
    for path in sorted((tmp_path / "csv" / "rights").iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        table = parquet.read_table(tmp_path / "parquet" / "rights" / f"{path.stem}.parquet")
        assert table.to_pylist() == rows
        assert {str(column.type) for column in table.schema} == {"string"}


def test_the_directory_in_the_public_layouts_is_read_by_the_import_s_own_rules(tmp_path: Path) -> None:
    plan = Plan(persons=100, insurers=1, seed=8, on=PLAN.on, professionals=150)
    write_country(plan, tmp_path / "made", lambda _made: None, public=True)
    folder = tmp_path / "made" / "annuaire"
    with (folder / ACTIVITIES_FILE).open(encoding="utf-8", newline="") as file:
        read = [read_national(row) for row in csv.DictReader(file, delimiter="|")]
    with (tmp_path / "made" / "directory.csv").open(encoding="utf-8", newline="") as file:
        own = [read_activity(row) for row in csv.DictReader(file, delimiter="|")]
    wanted = [one for one in own if one.profession is not Profession.TRANSPORT]
    assert [(one.national_id, one.profession) for one in read] == [
        (one.national_id, one.profession) for one in wanted
    ]
    with (folder / PLACES_FILE).open(encoding="utf-8", newline="") as file:
        places = [read_establishment(dict(zip(FINESS_PLACES, line.rstrip().split(";"), strict=True)))
                  for line in list(file)[1:]]  # fmt: skip
    assert {one.finess for one in places} == {one.place.finess for one in wanted if one.place}
    assert all(one.siret and one.siret.startswith("99") for one in places)


def test_another_seed_another_country_but_the_same_story(country: Path, tmp_path: Path) -> None:
    other = Plan(persons=6_000, insurers=84, seed=4, on=PLAN.on, professionals=120)
    truth = write_country(other, tmp_path / "other", lambda _made: None)
    before = json.loads((country / "truth.json").read_text())
    story = json.loads(json.dumps(truth["story"]))
    for role, told in before["story"].items():
        assert story[role].get("members") == told.get("members"), role
    assert set(read_identities(country / "rights")) != set(read_identities(tmp_path / "other" / "rights"))


def test_a_folder_that_holds_a_country_is_not_written_over(country: Path) -> None:
    before = _bytes(country)
    with pytest.raises(FileExistsError):
        write_country(PLAN, country, lambda _made: None)
    assert _bytes(country) == before


@pytest.mark.parametrize(("persons", "insurers"), [(5, 84), (100, 0), (100, INSURERS_MAX + 1)])
def test_a_plan_that_cannot_be_made_is_refused(persons: int, insurers: int) -> None:
    with pytest.raises(ValueError, match="persons must be"):
        Plan(persons=persons, insurers=insurers, seed=1, on=PLAN.on)


def test_nobody_can_be_a_living_person(lines: list[dict[str, str]]) -> None:
    for line in lines:
        for column in ("right_holder_nir", "own_nir", "card_nir", "vitale_nir"):
            if line[column]:
                assert nir_oracle.is_valid(line[column])
                assert Nir.parse(line[column]).is_synthetic()
        assert line["ins_oid"] == TEST_OID


def test_own_numbers_agree_with_sex_birth_and_place(lines: list[dict[str, str]]) -> None:
    for line in lines:
        assert line["own_nir"][0] in ("17" if line["sex"] == "M" else "28")
        assert line["birth_place"][1] not in "AB" or line["birth_date"] >= "1976"
        assert line["own_nir"][1:3] == line["birth_date"][2:4]
        assert line["own_nir"][5:10] == line["birth_place"]
        if line["birth_date"][4:6] != "00":
            assert line["own_nir"][3:5] == line["birth_date"][4:6]


def test_identifiers_lead_to_one_person(lines: list[dict[str, str]]) -> None:
    people: dict[tuple[str, str, str], str] = {}
    for line in lines:
        triples = [(line["right_holder_nir"], line["birth_date"], line["birth_rank"])]
        triples += [
            (line[f"{kind}_nir"], line[f"{kind}_birth_date"], line[f"{kind}_birth_rank"])
            for kind in ("card", "vitale")
            if line[f"{kind}_nir"]
        ]
        for triple in triples:
            assert people.setdefault(triple, line["own_nir"]) == line["own_nir"]
            BirthDate.parse(triple[1])
            Rank.parse(triple[2])
    assert len({line["own_nir"] for line in lines}) == PLAN.persons


def test_every_case_the_register_must_know_is_there(lines: list[dict[str, str]]) -> None:
    insurers = Counter(line["own_nir"] for line in {(one["own_nir"], one["amc"]): one for one in lines}.values())
    assert any(count > 1 for count in insurers.values())
    assert {line["status"] for line in lines} == {"active", "ended", "future"}
    assert any(line["birth_rank"] == "2" for line in lines)
    assert any(BirthDate.parse(line["birth_date"]).as_date() is None for line in lines)
    assert any(line["card_nir"] for line in lines)
    assert any(line["birth_place"][1] in "AB" for line in lines)
    assert any(line["own_nir"][0] in "78" for line in lines)
    assert any(line["representative_member_number"] for line in lines)
    assert any(line["vitale_nir"] for line in lines)
    assert any(line["used_name"] for line in lines)
    assert all(line["left_on"] for line in lines if line["former_member"] == "yes")
    homonyms = Counter(
        (line["family_name"], line["given_names"], line["birth_date"])
        for line in {one["own_nir"]: one for one in lines}.values()
    )
    assert sum(count > 1 for count in homonyms.values()) >= 3


def test_minors_have_a_representative_in_their_own_family(lines: list[dict[str, str]]) -> None:
    members = {(line["amc"], line["member_number"]): line for line in lines}
    minors = [line for line in lines if line["birth_date"] > "20081123"]
    assert minors
    for line in minors:
        parent = members[line["amc"], line["representative_member_number"]]
        assert parent["contract_number"] == line["contract_number"]
        assert parent["birth_date"] < "20081123"


def test_the_story_is_told_with_what_must_be_typed(country: Path, lines: list[dict[str, str]]) -> None:
    story = json.loads((country / "truth.json").read_text())["story"]
    paul = story["paul_lenoir"]
    assert paul["insurer"] == "Mutuelle du Grand Chêne"
    assert "MEDG" in paul["domains"]
    keyed = {(line["right_holder_nir"], line["birth_date"], int(line["birth_rank"])) for line in lines}
    for told in story.values():
        for member in told.get("members", []):
            assert (member["nir"], member["birth_date"], member["rank"]) in keyed
    one, other = story["marie_dubreuil"]["members"][0], story["marie_dubreuil_homonym"]["members"][0]
    traits = ("family_name", "given_names", "birth_date", "sex", "birth_place")
    assert [one[trait] for trait in traits] == [other[trait] for trait in traits]
    assert one["nir"] != other["nir"]


def test_the_directory_holds_each_profession_and_no_true_number(country: Path) -> None:
    with (country / "directory.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    assert {row["Profession Tierce"] for row in rows} == {profession.name for profession in Profession}
    for row in rows:
        assert row["Identifiant PP"].startswith("999")
        assert luhn_is_valid(row["Identifiant PP"])
        assert row["Numéro FINESS site"].startswith("99")
        assert luhn_is_valid(row["Numéro FINESS site"])
        assert row["Identification nationale PP"] == "8" + row["Identifiant PP"]
    claire = [row["Raison sociale site"] for row in rows if row["Nom d'exercice"] == "MORVAN"]
    assert claire[:2] == ["Cabinet médical des Tilleuls", "Centre hospitalier de Valbrume"]
    assert max(Counter(row["Identifiant PP"] for row in rows).values()) == 2


def test_a_responsible_contract_pays_the_100_percent_sante_basket() -> None:
    basket = {Domain.OPTI, Domain.DENT, Domain.AUDI}
    for product in PRODUCTS:
        if product.responsible:
            assert basket <= set(product.domains), product.code
            assert all(product.formula(domain).fr.startswith("100 % Santé") for domain in basket), product.code
        for domain in product.domains:
            said = product.formula(domain).fr
            assert "tarif de base" not in said or "part obligatoire comprise" in said


def test_insurers_have_names_and_numbers_of_their_own() -> None:
    insurers = make_insurers(INSURERS_MAX)
    assert len({one.name for one in insurers}) == len({one.amc for one in insurers}) == 84
    assert all(one.amc.startswith("99") and one.contact_email.endswith(".example") for one in insurers)
