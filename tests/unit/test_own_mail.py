"""What a professional is e-mailed of whoever gets in under her name: the words, in both languages."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from tierce.kernel.language import Language
from tierce.notices.deliveries.mail import plain
from tierce.notices.model import Operator
from tierce.notices.own.model import Entered, Mail, Told
from tierce.notices.own.rules import own_message
from tierce.policy.own_mail import OWN_MAILS_A_DAY

OPERATOR = Operator("Rive Claire", "1 quai, 99000 Valbrume", "01 99 00 14 20", "M. Le Guen", "dpo@rive.example")
AT = datetime(2026, 11, 27, 17, 5, tzinfo=UTC)


def words(what: Told, language: Language, *, times: int = 1, software: str | None = None, device: int = 0) -> str:
    about = Entered(times, AT, AT + timedelta(hours=3) if times > 1 else AT, software, device or None)
    mail = Mail(b"0123456789", what, "claire@tilleuls.example", language, 0, False, "CABINET DES TILLEULS", about)
    assert "claire" not in repr(mail)
    return " ".join(plain(own_message(OPERATOR, mail, AT.date()), language).replace("\u00a0", " ").split())


@pytest.mark.parametrize("what", [Told.CODE, Told.PASSKEY, Told.DEVICE, Told.SUBSTITUTE, Told.ADDRESS])
def test_a_message_says_when_where_whom_to_call_and_has_no_link(what: Told) -> None:
    for language, at in (
        (Language.FR, "Le 27 novembre 2026 à 18 h 05"),
        (Language.EN, "On 27 November 2026 at 18:05"),
    ):
        text = words(what, language)
        assert f"{at}, {'pour' if language is Language.FR else 'for'} Cabinet des Tilleuls," in text
        assert OPERATOR.phone in text
        assert "http" not in text
        assert "www" not in text


def test_a_device_is_said_by_its_kind_and_codes_that_came_together_by_their_number() -> None:
    assert "La connexion venait d’un navigateur, sur le portail." in words(Told.DEVICE, Language.FR, device=7)
    assert "The sign-in came from the software Logivale." in words(
        Told.DEVICE, Language.EN, device=7, software="Logivale"
    )
    assert "navigateur" not in words(Told.DEVICE, Language.FR)
    several = words(Told.CODE, Language.FR, times=12)
    assert "Le 27 novembre 2026 entre 18 h 05 et 21 h 05, pour Cabinet des Tilleuls, 12 codes d’assistant" in several


def test_the_database_holds_the_bound_that_the_policy_says() -> None:
    text = files("tierce.storage").joinpath("sql/own_mail.sql").read_text("utf-8")
    assert f"order by m.at desc offset {OWN_MAILS_A_DAY - 1} limit 1" in text
    assert "third + interval '1 day'" in text
