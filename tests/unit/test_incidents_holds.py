"""Why somebody is held, in the reader's language."""

from datetime import UTC, datetime

import pytest

from tierce.incidents.lines.model import WATCH, Hold
from tierce.kernel.language import Language
from tierce.policy.ladder import Level, Rung

AT = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "reason", "french", "english"),
    [
        (WATCH, "Sur 9 demandes.\nOf 9 asks.", "Sur 9 demandes.", "Of 9 asks."),
        (WATCH, "Écrite par une version antérieure.", *["Écrite par une version antérieure."] * 2),
        ("Hélène Vasseur", "Appel du cabinet.\nRappelé.", *["Appel du cabinet.\nRappelé."] * 2),
    ],
)
def test_the_watch_s_reason_is_read_in_one_language_and_staff_s_as_it_was_written(
    by: str, reason: str, french: str, english: str
) -> None:
    hold = Hold(1, Level.DEVICE, 2, Rung.PRESENCE_ONLY, AT, AT, by, reason, None, None, None, None, None)
    assert (hold.why(Language.FR), hold.why(Language.EN)) == (french, english)
