"""What the messages of a wish say, and what an address and a code look like."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.integration.rooms import OPERATOR
from tierce.kernel.errors import FieldError
from tierce.kernel.language import Language
from tierce.notices.deliveries.mail import compose, plain
from tierce.notices.readability import LEAST, reading_ease
from tierce.notices.rules import VAGUE
from tierce.persons.rules import DOMAINS
from tierce.persons.wishes.model import Ended, Wish
from tierce.persons.wishes.rules import (
    CODE_TRIES,
    code_digest,
    code_message,
    code_wait,
    look_message,
    read_address,
    read_code,
    standing,
)

DAY = date(2026, 11, 26)
AT = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize("language", list(Language))
def test_i1_the_messages_are_plain_and_have_no_link(language: Language) -> None:
    for document in (code_message(OPERATOR, "12345678", DAY), look_message(OPERATOR, "7Q2M4T9K", DAY)):
        texts = [text for block in document.blocks for text in block.texts()]
        said = "\n".join(text[language] for text in texts)
        assert reading_ease(said, language) >= LEAST, said
        whole = plain(document, language)
        assert "http" not in whole
        assert "www." not in whole
        assert not [word for word in VAGUE if word in whole.casefold()]


def test_a_first_look_up_is_told_without_who_where_or_which_care() -> None:
    document = look_message(OPERATOR, "7Q2M4T9K", DAY)
    for language in Language:
        said = plain(document, language).casefold()
        assert not [words for words in DOMAINS.values() if words[language].casefold() in said]
        for word in ("pharmac", "optic", "médecin", "doctor", "dent", "hospital", "hôpital"):
            assert word not in said, word
    sent = compose(
        document, Language.FR, sender=("Rive Claire", "information@riveclaire.example"), to=("", "a@b.example"),
        token=bytes(10), at=AT,
    )  # fmt: skip
    assert b"To: a@b.example\r\n" in sent


def test_the_code_is_in_its_own_message_alone() -> None:
    assert "1234\u00a05678" in plain(code_message(OPERATOR, "12345678", DAY), Language.FR)
    assert read_code("1234\u00a05678 ") == "12345678"
    assert read_code("1234-5678") == "12345678"
    assert [read_code(text) for text in ("", "123", "1234567a", "１２３４５６７８", "123456789")] == [""] * 5
    assert code_digest(1, "12345678") != code_digest(2, "12345678")


@pytest.mark.parametrize(
    "typed", ["", "anne", "anne@foyer", "a b@c.fr", "a@b..fr", "a@b.fr\r\nBcc: x@y.fr", "é@b.fr"]
)
def test_what_is_no_address_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(FieldError) as refused:
        read_address(typed)
    assert not typed or typed not in str(refused.value)


def test_an_address_is_taken_without_its_spaces() -> None:
    assert read_address(" anne.serre+mutuelle@foyer.example ") == "anne.serre+mutuelle@foyer.example"


def test_what_is_live_waits_or_ended_last_is_told_apart() -> None:
    def wish(number: int, proved: bool, why: Ended | None) -> Wish:
        return Wish(number, AT, None, None, 0, AT if proved else None, AT if why else None, why, 0, None)

    live, waiting = wish(1, True, None), wish(2, False, None)
    assert standing([waiting, live], offered=True).live is live
    assert standing([waiting, live], offered=True).waiting is waiting
    assert standing([waiting, live], offered=True).last is None
    refused = wish(3, True, Ended.REFUSED)
    assert standing([wish(4, False, Ended.REPLACED), refused], offered=False).last is refused


def test_a_code_is_tried_five_times_within_a_quarter_of_an_hour() -> None:
    waits = [code_wait(tries) for tries in range(1, CODE_TRIES + 1)]
    assert waits == [*(timedelta(minutes=one) for one in (1, 2, 4, 8)), None]


@pytest.mark.parametrize(
    ("begun", "sent", "attempts", "said"),
    [(None, None, 0, "soon"), (None, None, 2, "late"), (AT, None, 1, "doubtful"), (AT, AT, 1, "sent")],
)
def test_she_reads_whether_her_code_left(
    begun: datetime | None, sent: datetime | None, attempts: int, said: str
) -> None:
    waiting = Wish(1, AT, begun, sent, attempts, None, None, None, 0, None)
    assert standing([waiting], offered=True).code == said


def test_beside_a_live_wish_a_newer_address_whose_code_came_to_nothing_is_said() -> None:
    live = Wish(1, AT, AT, AT, 1, AT, None, None, 0, None)
    unsent = Wish(2, AT + timedelta(days=1), None, None, 5, None, AT, Ended.UNSENT, 0, None)
    older = Wish(3, AT - timedelta(days=1), None, None, 5, None, AT, Ended.UNSENT, 0, None)
    assert standing([unsent, live], offered=True).last is unsent
    assert standing([live, older], offered=True).last is None
