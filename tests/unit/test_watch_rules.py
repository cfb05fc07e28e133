"""When the watch holds a device."""

from tierce.kernel.care import Profession
from tierce.kernel.ids import DeviceId, ProfessionalId
from tierce.policy.acts import Outcome
from tierce.policy.ladder import HOLD_RUNG
from tierce.policy.seats import HOLD_REFUSED_LEAST, hold_refused
from tierce.watch.model import Refused
from tierce.watch.rules import Watch

DAY = 20_000


def refused(
    count: int,
    *,
    day: int = DAY,
    device: int = 1,
    outcome: Outcome = Outcome.OUT_OF_SEATS,
    profession: Profession | None = Profession.DENTIST,
) -> list[Refused]:
    """That many refusals of one device."""
    return [Refused(day, DeviceId(device), ProfessionalId(9), profession, outcome)] * count


def test_a_device_is_named_once_when_it_reaches_the_threshold() -> None:
    watch = Watch()
    assert watch.look(refused(HOLD_REFUSED_LEAST - 1)) == []
    [hold] = watch.look(refused(5))
    assert (hold.device, hold.rung) == (1, HOLD_RUNG)
    assert str(HOLD_REFUSED_LEAST) in hold.reason
    assert watch.look(refused(50)) == []


def test_devices_are_counted_apart() -> None:
    lines = refused(HOLD_REFUSED_LEAST - 1, device=1) + refused(HOLD_REFUSED_LEAST - 1, device=2)
    assert Watch().look(lines) == []


def test_a_new_day_starts_the_count_again() -> None:
    watch = Watch()
    watch.look(refused(HOLD_REFUSED_LEAST - 1))
    assert watch.look(refused(HOLD_REFUSED_LEAST - 1, day=DAY + 1)) == []
    assert watch.look(refused(1)) == [], "a line of an earlier day is not counted in this one"


def test_other_refusals_do_not_count() -> None:
    assert Watch().look(refused(3 * HOLD_REFUSED_LEAST, outcome=Outcome.HELD)) == []


def test_a_busy_desk_is_refused_more_before_it_is_held() -> None:
    assert hold_refused(Profession.GP) < hold_refused(Profession.PHARMACY) < hold_refused(Profession.HOSPITAL)
    lines = refused(hold_refused(Profession.HOSPITAL) - 1, profession=Profession.HOSPITAL)
    assert Watch().look(lines) == []


def test_a_line_of_no_known_profession_is_not_counted() -> None:
    assert Watch().look(refused(100, profession=None)) == []
