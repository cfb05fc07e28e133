"""By which number of her place a professional's provider vouches for it."""

from tests.integration.signin_world import MORVAN, Desk, Play
from tierce.storage.cluster import SUPERUSER
from tierce.storage.database import Database


def test_a_practice_that_has_only_the_directory_s_own_number_is_signed_in_at(play: Play, database: Database) -> None:
    """Published samples of the provider tell of private practices with neither FINESS nor SIRET number."""
    with database.connect(SUPERUSER) as admin:
        admin.execute("delete from directory.enrolment")
        admin.execute("update directory.activity set listed = listed")
        admin.execute(
            "update directory.establishment set finess = null, structure = case finess"
            " when '990000001' then 'R95141' else '990000001' end where finess in ('990000001', '990000002')"
        )

    async def refused(desk: Desk) -> None:
        answer = await desk.complete(await desk.come_back(await desk.start(), MORVAN))
        assert answer.json()["code"] == "sign_in_not_enrolled"

    play(refused)
    with database.connect(SUPERUSER) as admin:
        applied = admin.execute(
            "update directory.enrolment n set status = 2 from directory.establishment e"
            " where e.id = n.establishment and n.status = 1 returning e.name"
        ).fetchall()
    assert applied == [("Cabinet médical des Tilleuls",)], "no number serves for one of another kind"

    async def chosen(desk: Desk) -> None:
        opened = await desk.open_session(MORVAN)
        assert [one["establishment_name"] for one in opened["activities"]] == ["Cabinet médical des Tilleuls"]

    play(chosen)
