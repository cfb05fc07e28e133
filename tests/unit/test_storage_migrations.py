"""The steps of the schema are one chain, in the order of their numbers."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from tierce.storage.version import head_version


def test_each_step_has_a_later_number_than_the_one_before_it() -> None:
    """Versions are compared by their numbers: a step put in between is never done, and refuses older backups."""
    config = Config()
    config.set_main_option("script_location", "tierce.storage:migrations")
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] == head_version()
