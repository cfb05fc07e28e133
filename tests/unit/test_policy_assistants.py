"""What an assistant may do: a table that only takes away, its bounds in the database, said in the decision page."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.house.wording import ROOT
from tierce.gate.matrix_assistants import WORDS
from tierce.identity.assistants.errors import AssistantNameError, AssistantReason
from tierce.identity.assistants.model import Stopped
from tierce.identity.assistants.rules import CODE_CHARS, new_code, read_code, read_name
from tierce.identity.assistants.service import _STOPPED
from tierce.kernel.loopback import by_name
from tierce.policy.acts import Act
from tierce.policy.allowed import SHOWN
from tierce.policy.assistants import (
    ASSISTANT_ACTS,
    ASSISTANTS_MAX,
    CHALLENGE_LIFE,
    CODE_LIFE,
    LAST_DAY_MAX,
    LAST_DAY_USUAL,
    PASSKEYS_MAX,
    SIGNED_IN_WITHIN,
    may_assistant,
)
from tierce.policy.ladder import SUSPENDED_ACTS, may_suspended
from tierce.policy.staff import STAFF_ACTS
from tierce.web.assistant_words import ASSISTANT

SQL = (ROOT / "src/tierce/storage/sql/assistants.sql").read_text("utf-8")
WITHOUT_A_SESSION = {Act.NONE, Act.SESSION_OPEN, Act.ASSISTANT_ENROL, Act.ASSISTANT_SIGN_IN}
"""Acts of the table that no session carries out."""


@given(some.sampled_from(Act))
def test_nothing_is_open_to_her_that_the_table_does_not_name(act: Act) -> None:
    assert may_assistant(act) is (act in ASSISTANT_ACTS)
    if any(act in held for held in STAFF_ACTS.values()) or act.name.startswith(("STAFF_", "PERSON_", "INSURER_")):
        assert not may_assistant(act), "nor what belongs to others"


def test_whatever_shows_somebody_or_is_taken_while_closed_is_hers_to_ask() -> None:
    """The gate and the counter of deposits are before the guard of routes: the gate reads the table by itself."""
    assert set(SHOWN) | {Act.DEPOSIT_MAKE} <= ASSISTANT_ACTS


def test_a_suspended_account_is_shown_nobody_and_names_nobody() -> None:
    """The gate is before the guard of routes too, and refuses on the rung by itself."""
    adds = {Act.ASSISTANT_NAME, Act.DEVICE_CONTINUE, Act.SUBSTITUTE_DECLARE, Act.ENROLMENT_MOVE, Act.ACCOUNT_ASK}
    assert not SUSPENDED_ACTS & (set(SHOWN) | adds | {Act.DEPOSIT_MAKE})
    assert {act for act in WORDS if may_suspended(act)} == SUSPENDED_ACTS - WITHOUT_A_SESSION


def test_the_decision_page_names_every_act_of_the_table() -> None:
    assert {act for act in WORDS if may_assistant(act)} == ASSISTANT_ACTS - WITHOUT_A_SESSION
    kept = {Act.ASSISTANT_NAME, Act.DEVICE_CONTINUE, Act.ACCOUNT_ASK, Act.ACCOUNT_STOP, Act.APPEAL_MAKE}
    assert kept | {Act.TRANSFER_READ, Act.SUBSTITUTE_DECLARE, Act.ENROLMENT_MOVE} <= WORDS.keys() - ASSISTANT_ACTS


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"last_day > today \+ (\d+)", LAST_DAY_MAX),
        (r"interval '1 day'\)\) >= (\d+)", ASSISTANTS_MAX),
        (r"p\.assistant = found_one\) >= (\d+)", PASSKEYS_MAX),
        (r"p\.assistant = of_number\) >= (\d+)", PASSKEYS_MAX),
        (
            r"c\.made > now\(\) - interval '(\d+) minutes' and not access\.any_held\(c\.login, c\.device\);",
            CODE_LIFE // timedelta(minutes=1),
        ),
        (r"s\.created < now\(\) - interval '(\d+) minutes' then 8", SIGNED_IN_WITHIN // timedelta(minutes=1)),
        (r"g\.made > now\(\) - interval '(\d+) minutes'", CHALLENGE_LIFE // timedelta(minutes=1)),
        (
            r"c\.made > now\(\) - interval '(\d+) minutes'\n +and not access\.any_held.+\n +ret",
            (CODE_LIFE + CHALLENGE_LIFE) // timedelta(minutes=1),
        ),
    ],
)
def test_the_database_holds_the_same_bounds(pattern: str, value: int) -> None:
    assert [int(one) for one in re.findall(pattern, SQL)] == [value]
    assert LAST_DAY_USUAL < LAST_DAY_MAX


@given(some.text(max_size=20))
def test_what_is_no_code_is_read_as_none_and_a_code_however_it_is_typed(typed: str) -> None:
    assert len(read_code(typed)) in {0, CODE_CHARS}
    code = new_code()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    plain = code.replace("-", "")
    for way in (code, code.lower(), f" {plain} ", plain.replace("1", "l").replace("0", "o")):
        assert read_code(way) == plain


@pytest.mark.parametrize("typed", ["Nadia", "Anne-Sophie", "D’Aubigné", "de La Tour", "J. P.", "Łucja", "  Zoé  "])
def test_names_of_people_pass(typed: str) -> None:
    assert read_name("given_name", typed) == typed.strip()


@pytest.mark.parametrize("typed", ["", " ", "N4dia", "<b>", "a" * 61, "1 84 05 75 115 001", "-Anne", "Zoé\x00"])
def test_what_is_no_name_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(AssistantNameError) as refused:
        read_name("family_name", typed)
    assert refused.value.field == "family_name"
    assert not typed.strip() or typed not in str(refused.value)


def test_every_refusal_has_its_words() -> None:
    assert set(ASSISTANT) == set(AssistantReason)
    assert set(_STOPPED) == set(Stopped) - {Stopped.DONE}


def test_this_machine_s_number_is_said_as_a_name() -> None:
    assert by_name("http://127.0.0.1:8443/") == "http://localhost:8443/"
    assert by_name("https://portail.example/127.0.0.1") == "https://portail.example/127.0.0.1"
