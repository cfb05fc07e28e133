"""A whole installation for tests: every process, with its stand-ins and an invented country, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from tests.folders import private_folder
from tierce.kernel.language import Language
from tierce.lab.demo.stage import Stage, open_stage
from tierce.lab.demo.steps import Steps
from tierce.policy.returning import SIGN_INS_A_SECOND


@contextmanager
def installation(
    persons: int,
    insurers: int,
    only: tuple[str, ...] = (),
    loaded: Callable[[Stage], None] = lambda _stage: None,
    sign_ins: int = SIGN_INS_A_SECOND,
) -> Iterator[Stage]:
    """Start it in a folder of its own; it is stopped and removed at the end."""
    steps = Steps(Console(stderr=True), Language.EN)
    with (
        private_folder() as folder,
        open_stage(
            folder / "home", steps, persons=persons, insurers=insurers, only=only, sign_ins=sign_ins, loaded=loaded
        ) as running,
    ):
        yield running
