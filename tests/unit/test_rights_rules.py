"""Questions in, answers out: each field refused by name, never by value; every answer of one length."""

import json
import os
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.people import SYNTHETIC_NIR
from tierce.gate.rules import LOOKED_UP
from tierce.kernel.card import Route, Routing
from tierce.kernel.care import Domain
from tierce.kernel.language import Language, Phrase
from tierce.policy.acts import Outcome
from tierce.policy.rights import CARE_WINDOWS
from tierce.rights.errors import QuestionError
from tierce.rights.model import NotShown, Shown
from tierce.rights.reasons import REASONS
from tierce.rights.rules import ANSWER_BYTES, answer_bytes, parse_question, routed

TODAY = date(2027, 3, 3)
GOOD = {"nir": SYNTHETIC_NIR, "birth_date": "19800112", "rank": 1, "domain": "OPTI", "care_date": "2027-03-03"}


def body(**changes: object) -> bytes:
    """A question with some fields changed."""
    return json.dumps({**GOOD, **changes}).encode()


def test_a_good_question_is_read() -> None:
    question = parse_question(body(label=" dossier 12 "), TODAY)
    assert question.domain is Domain.OPTI
    assert question.label == "dossier 12"
    assert SYNTHETIC_NIR not in repr(question)


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ('{"birth_date": "19800112", "label": "é"}'.encode("latin-1"), "body", "UTF-8"),
        (b'{"x":' + 100_000 * b"[" + 100_000 * b"]" + b"}", "body", "object"),
        (b"\xef\xbb\xbf{}", "body", "object"),
        (b"[]", "body", "object"),
        (b"", "body", "object"),
        (b'{"nir": "1"}', "birth_date", "missing"),
        (body(presence={"means": "card", "proof": "x", "grade": "A"}), "presence.grade", "not known"),
        (body(grade="A"), "grade", "not known"),
        (body(**{SYNTHETIC_NIR: "A"}), "body", "not known"),
        (body()[:-1] + b', "rank": 2}', "rank", "twice"),
        (
            body(presence={"means": "card"}).replace(b'"means"', b'"means": "reading", "means"'),
            "presence.means",
            "twice",
        ),
        (body()[:-1] + f', "{SYNTHETIC_NIR}": 1, "{SYNTHETIC_NIR}": 2}}'.encode(), "body", "twice"),
    ],
)
def test_a_body_that_is_none_is_said_to_be_none_whatever_its_bytes(sent: bytes, field: str, said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_question(sent, TODAY)
    assert caught.value.field == field
    assert said in caught.value.reason.en


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nir": SYNTHETIC_NIR[:-2] + "00"}, "nir"),
        ({"birth_date": "janvier 1980"}, "birth_date"),
        ({"rank": 0}, "rank"),
        ({"domain": "SPORT"}, "domain"),
        ({"care_date": "03/03/2027"}, "care_date"),
        ({"care_date": "2020-01-01"}, "care_date"),
        ({"care_date": (TODAY + timedelta(days=200)).isoformat()}, "care_date"),
        ({"label": "x" * 41}, "label"),
        ({"label": SYNTHETIC_NIR}, "label"),
        ({"unexpected": 1}, "unexpected"),
        ({"nir": 7}, "nir"),
        ({"rank": "1"}, "rank"),
        ({"payer": "2"}, "payer"),
        ({"presence": "card"}, "presence"),
        ({"presence": {"means": 1}}, "presence.means"),
        ({"domain": None}, "domain"),
    ],
)
def test_each_misfit_names_its_field_and_a_remedy_but_no_value(changes: dict[str, object], field: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_question(body(**changes), TODAY)
    assert caught.value.field == field
    assert caught.value.remedy.fr
    assert caught.value.remedy.en
    told = f"{caught.value}{caught.value.reason}{caught.value.remedy}"
    assert SYNTHETIC_NIR not in told
    assert "SPORT" not in told


CARD = {"amc": "99100001", "member_number": "A-0000417", "birth_date": "19800112", "domain": "OPTI"}


def card(**changes: object) -> bytes:
    """A question by card with some fields changed; None leaves a field out."""
    fields = {**CARD, "care_date": "2027-03-03", **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def test_a_card_is_read_as_it_is_printed_or_typed() -> None:
    read = [
        parse_question(card(member_number=text), TODAY).who.canonical()
        for text in ("A-0000417", "a-0000417", " A-000 0417 ")
    ]
    assert len(set(read)) == 1
    other = parse_question(card(birth_date="19800113"), TODAY).who.canonical()
    assert other not in read, "the birth date is part of what finds somebody"
    assert "0000417" not in repr(parse_question(card(), TODAY))


def test_a_shared_number_finds_the_insurer_by_its_csr_and_asks_for_it_whoever_is_asked_about() -> None:
    routing = Routing({"99100001": [("99100900", "003")], "99100002": [("99100900", "004")]})
    own = parse_question(card(), TODAY).who.canonical()
    for changes in ({}, {"amc": "99100900", "csr": "003"}, {"amc": "0099100900", "csr": "3"}):
        assert routed(parse_question(card(**changes), TODAY).who, routing).canonical() == own
    other = routed(parse_question(card(amc="99100900", csr="004"), TODAY).who, routing)
    assert (other.amc, other.canonical() == own) == ("99100002", False)
    for csr in (None, "005"):
        with pytest.raises(QuestionError) as caught:
            routed(parse_question(card(amc="99100900", csr=csr), TODAY).who, routing)
        assert caught.value.field == "csr"
    unknown = parse_question(card(amc="99100009"), TODAY).who
    assert routed(unknown, routing) == unknown, "an AMC number of nobody's is asked about, and finds nobody"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nir": SYNTHETIC_NIR}, "nir"),
        ({"rank": 1}, "rank"),
        ({"amc": None}, "amc"),
        ({"member_number": None}, "member_number"),
        ({"amc": None, "member_number": None}, "nir"),
        ({"amc": "1234"}, "amc"),
        ({"csr": "é"}, "csr"),
        ({"amc": None, "member_number": None, "csr": "003"}, "amc"),
        ({"member_number": "A_1"}, "member_number"),
        ({"member_number": "A" * 21}, "member_number"),
        ({"member_number": "\u017f-417"}, "member_number"),
        ({"member_number": "\u00df417"}, "member_number"),
        ({"birth_date": "1980"}, "birth_date"),
        ({"payer": 3}, "payer"),
        ({"payer": 0}, "payer"),
    ],
)
def test_a_person_is_named_in_one_way_and_whole(changes: dict[str, object], field: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_question(card(**changes), TODAY)
    assert caught.value.field == field
    assert caught.value.remedy.fr != caught.value.remedy.en
    assert SYNTHETIC_NIR not in f"{caught.value}{caught.value.reason}{caught.value.remedy}"


@pytest.mark.parametrize("domain", list(Domain))
def test_the_day_of_care_lies_within_its_domain_s_window(domain: Domain) -> None:
    window = CARE_WINDOWS[domain]
    for days in (-window.past, 0, window.ahead):
        parse_question(card(domain=domain.name, care_date=(TODAY + timedelta(days=days)).isoformat()), TODAY)
    for days in (-window.past - 1, window.ahead + 1):
        with pytest.raises(QuestionError) as caught:
            parse_question(card(domain=domain.name, care_date=(TODAY + timedelta(days=days)).isoformat()), TODAY)
        assert caught.value.field == "care_date"
        assert str(window.ahead) in caught.value.remedy.fr
        assert domain.name in caught.value.remedy.en


def test_two_years_back_is_asked_about_over_a_leap_day_too() -> None:
    today = date(2026, 2, 28)
    parse_question(card(care_date="2024-02-28"), today)
    with pytest.raises(QuestionError):
        parse_question(card(care_date="2024-02-27"), today)


def shown(fr: str = "é" * 60, insurer: str = "Mutuelle du Grand Chêne") -> Shown:
    """An answer with some words in it."""
    return Shown(
        Domain.OPTI, TODAY, TODAY, Phrase(fr, "e" * 60), responsible=True, insurer=insurer, priority=1,
        other_payer=True,
        engagement="AAAA-BBBB-CCCCC-D", engagement_until=TODAY, route=Route("9" * 10, "C" * 10, "S" * 10),
    )  # fmt: skip


def test_every_answer_has_the_same_length_and_reads_as_json() -> None:
    longest = shown("€" * 200, "€" * 120)
    answers: list[Shown | NotShown] = [shown(), longest, NotShown()]
    for answer in (*answers, *(NotShown(reason) for reason in REASONS.values())):
        told = answer_bytes(answer)
        assert len(told) == ANSWER_BYTES
        assert json.loads(told)["shown"] is isinstance(answer, Shown)


def test_an_answer_that_does_not_fit_is_an_error_not_a_longer_answer() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        answer_bytes(shown("é" * 1_900))


def test_every_miss_of_the_gate_has_a_reason_in_both_languages_and_a_remedy() -> None:
    assert set(REASONS) == {*LOOKED_UP, Outcome.NOT_ANSWERED}
    assert len({reason.code for reason in REASONS.values()}) == len(REASONS)
    for outcome, reason in REASONS.items():
        assert reason.code == outcome.name.lower()
        for phrase in (reason.sentence, reason.remedy):
            assert phrase.fr != phrase.en
            assert phrase.fr.endswith(".")
            assert phrase.en.endswith(".")


def table() -> str:
    lines = ["| code | raison et remède | reason and remedy | journal |", "|---|---|---|---|"]
    for outcome, reason in REASONS.items():
        french, english = (f"{reason.sentence[each]} {reason.remedy[each]}" for each in (Language.FR, Language.EN))
        lines.append(f"| `{reason.code}` | {french} | {english} | {outcome.value} |")
    return "\n".join(lines) + "\n"


def test_the_page_tells_every_reason_as_the_code_does() -> None:
    """TIERCE_SNAPSHOTS=write makes the table again."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "rights.md"
    marked = re.compile(r"(?<=<!-- reasons: generated -->\n\n).*?(?=<!-- reasons: end -->)", re.DOTALL)
    made = marked.sub(lambda _: table() + "\n", page.read_text("utf-8"))
    if os.environ.get("TIERCE_SNAPSHOTS") == "write":
        page.write_text(made, "utf-8")
    assert page.read_text("utf-8") == made
