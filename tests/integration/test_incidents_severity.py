"""Severity and the CNIL drafts on PostgreSQL: three cohorts, two controllers, nothing said without its proof."""

from datetime import timedelta

import pytest

from tests.integration.asks import AT, ask, sequence, write_asks
from tests.integration.conftest import Connect
from tests.integration.rooms import CAPES, HELENE, OAK, Room, open_room
from tests.integration.test_incidents_register import REASONS, fill_register, opened
from tests.unit.test_incidents_severity import INSURED, PROFESSIONALS, STOLEN, TRANSPORT
from tierce.incidents.clocks.rules import OPERATOR
from tierce.incidents.errors import FormError
from tierce.incidents.form.model import Knowledge, Value
from tierce.incidents.form.prefill import known
from tierce.incidents.form.rules import problems
from tierce.incidents.form.service import versions_in
from tierce.incidents.model import Incident
from tierce.incidents.register.errors import ReasonRefusedError
from tierce.incidents.register.model import RowKind
from tierce.incidents.severity.model import Bridge
from tierce.incidents.severity.service import Severity, cohorts_in
from tierce.kernel.ids import InsurerId
from tierce.policy.clocks import Duty, Moment, Risk
from tierce.storage.keys import Keyring

pytestmark = pytest.mark.integration


@pytest.fixture
def room(connect: Connect, keyring: Keyring) -> Room:
    return open_room(connect, keyring)


def scored(room: Room) -> tuple[Incident, Severity]:
    """The three cohorts of 2024."""
    incident, severity = opened(room), Severity(room.clocks.register)
    for cohort in (INSURED, PROFESSIONALS, TRANSPORT):
        severity.score(room.office, HELENE, incident.id, cohort, STOLEN)
    return incident, severity


def test_a_score_stands_until_it_is_replaced_and_asks_for_a_new_conclusion(room: Room) -> None:
    incident, severity = scored(room)
    severity.conclude(room.office, HELENE, incident.id, Bridge("assures", Risk.HIGH, REASONS, ""))
    rows = severity.register.rows(room.office, incident.id)
    first, *others = cohorts_in(rows)
    assert (first.cohort, first.bridge and first.bridge.risk) == (INSURED, Risk.HIGH)
    assert [one.bridge for one in others] == [None, None]
    severity.score(room.office, HELENE, incident.id, INSURED, STOLEN)
    again = severity.register.rows(room.office, incident.id)
    assert len(again) == len(rows) + 1
    assert cohorts_in(again)[0].bridge is None


def test_a_conclusion_decides_which_clocks_run(room: Room) -> None:
    incident, severity = scored(room)
    duties = {one.rule.duty for one in room.clocks.read(room.office, incident.id)}
    assert {Duty.AUTHORITY, Duty.PERSONS} <= duties
    for left, name in (2, "assures"), (1, "professionnels"), (0, "transports"):
        severity.conclude(room.office, HELENE, incident.id, Bridge(name, Risk.RISK, REASONS, REASONS))
        runs = Duty.PERSONS in {one.rule.duty for one in room.clocks.read(room.office, incident.id)}
        assert runs == (left > 0), "a cohort that waits for its own conclusion keeps the clock of all"
    severity.conclude(room.office, HELENE, incident.id, Bridge("professionnels", Risk.HIGH, REASONS, ""))
    assert Duty.PERSONS in {one.rule.duty for one in room.clocks.read(room.office, incident.id)}


def test_a_conclusion_is_of_the_list_it_was_drawn_from_and_ends_no_duty_once_there_is_another(room: Room) -> None:
    incident, severity = scored(room)
    office, number = room.office, incident.id
    criteria = room.incidents.scope(office, number).criteria

    def conclude() -> None:
        for name in ("assures", "professionnels", "transports"):
            severity.conclude(office, HELENE, number, Bridge(name, Risk.RISK, REASONS, REASONS))

    def found() -> tuple[bool, set[bool], set[bool], set[bool]]:
        cohorts = cohorts_in(severity.register.rows(office, number))
        runs = Duty.PERSONS in {one.rule.duty for one in room.clocks.read(office, number)}
        stands, earlier = {one.bridge is not None for one in cohorts}, {one.earlier is not None for one in cohorts}
        return runs, stands, earlier, {one.before for one in cohorts}

    fill_register(room.clocks, room, number)
    conclude()
    room.clocks.end(office, HELENE, number, duty=Duty.AUTHORITY, reasons=REASONS)
    assert found() == (False, {True}, {False}, {False})
    write_asks(room.admin, room.keyring, [ask(3)])
    sequence(room.worker, room.keyring)
    room.clock.advance(timedelta(minutes=1))
    room.incidents.compute_scope(office, HELENE, number, criteria)
    assert found() == (True, {False}, {True}, {True})
    with pytest.raises(FormError, match="earlier list"):
        room.clocks.end(office, HELENE, number, duty=Duty.AUTHORITY, reasons=REASONS)
    with pytest.raises(FormError, match="earlier list"):
        room.clocks.close(office, HELENE, number, REASONS)
    conclude()
    assert found() == (False, {True}, {False}, {True})
    room.clocks.end(office, HELENE, number, duty=Duty.AUTHORITY, reasons=REASONS)


def test_a_generic_conclusion_or_one_on_nothing_is_refused(room: Room) -> None:
    incident, severity = scored(room)
    for text in ("", "Risque élevé."):
        with pytest.raises(FormError):
            severity.conclude(room.office, HELENE, incident.id, Bridge("assures", Risk.HIGH, text, ""))
    with pytest.raises(ReasonRefusedError):
        severity.conclude(room.office, HELENE, incident.id, Bridge("assures", Risk.NONE, REASONS, "Non."))
    with pytest.raises(FormError, match="Score this cohort first"):
        severity.conclude(room.office, HELENE, incident.id, Bridge("inconnue", Risk.HIGH, REASONS, ""))


def test_the_operator_s_own_form_is_that_of_the_professionals(room: Room) -> None:
    incident, _ = scored(room)
    room.clocks.register.say(room.office, HELENE, incident.id, RowKind.FACTS, "Un appareil volé a lu deux personnes.")
    draft = room.forms.draft(room.office, incident.id, OPERATOR)
    values = draft.values
    assert values["organisation"].content == "Rive Claire Tiers Payant"
    assert values["people_count"].content == (40_000, 45_000, PROFESSIONALS.people.method)
    assert "financieres" in values["data"].content  # type: ignore[operator]  # a tuple of codes here
    assert values["gravity"].content == "maximal"
    assert values["description"].content == "Un appareil volé a lu deux personnes."
    assert values["siren"] == Value(Knowledge.UNKNOWN)
    assert problems(draft, room.clock.now()) == []


def test_each_insurer_s_draft_counts_its_own_people_and_names_no_other(room: Room) -> None:
    incident, _ = scored(room)
    counts = {}
    for insurer, other in ((OAK, "Deux Caps"), (CAPES, "Grand Chêne")):
        draft = room.forms.draft(room.office, incident.id, insurer)
        counts[insurer] = draft.values["people_count"].content
        assert draft.values["aware"] == Value(Knowledge.UNKNOWN)
        assert not any(other in str(value.content) for value in draft.values.values())
        assert [one.field for one in problems(draft, room.clock.now())] == ["contact_email", "aware"]
    expected = {OAK: (2, 2), CAPES: (1, 1)}
    assert {insurer: found[:2] for insurer, found in counts.items()} == expected  # type: ignore[index]  # each is a range
    room.clocks.write_time(
        room.office, HELENE, incident.id, moment=Moment.NOTICE_RECEIVED, at=incident.aware_at or AT,
        why="Accusé de réception.", insurer=OAK,
    )  # fmt: skip
    assert room.forms.draft(room.office, incident.id, OAK).values["aware"].knowledge is Knowledge.KNOWN
    with pytest.raises(FormError, match="None of its people"):
        room.forms.draft(room.office, incident.id, InsurerId(99))


def test_whose_hand_used_an_access_of_staff_is_for_a_person_to_say(room: Room) -> None:
    incident, _ = scored(room)
    assert room.forms.draft(room.office, incident.id, OAK).values["cause"].content == "externe-malveillant"
    room.admin.execute("update incident.scope set criteria = criteria || '{\"staff\": [900]}'")
    room.admin.commit()
    assert room.forms.draft(room.office, incident.id, OAK).values["cause"] == Value(Knowledge.UNKNOWN)


def test_versions_say_what_changed_and_what_was_written_stays(room: Room) -> None:
    incident, _ = scored(room)
    office, forms = room.office, room.forms
    forms.save(office, HELENE, incident.id, OPERATOR, {"siren": known("999000001")})
    room.clock.advance(timedelta(hours=1))
    assert forms.save(office, HELENE, incident.id, OPERATOR, {"siren": known("999000001")}) is None
    forms.save(office, HELENE, incident.id, OPERATOR, {"ongoing": known(content=False)})
    with pytest.raises(FormError):
        forms.save(office, HELENE, incident.id, OPERATOR, {"origin": known("ailleurs")})
    first, second = versions_in(forms.register.rows(office, incident.id), OPERATOR)
    assert first.draft.values["organisation"].content == "Rive Claire Tiers Payant"
    assert [change.field for change in second.changes] == ["ongoing"]
    assert second.draft.values["siren"].content == "999000001"
