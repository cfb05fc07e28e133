"""The routes of an application, given to it at once."""

from typing import Any, Self

from litestar import Router


class Routes(Router):
    """After each route that it is given by itself, an application goes over all of its routes again.

    The framework copies a router that it is given, with all that is in it, so that several applications may have one:
    a fifth of what an application takes to start. This one is made for one application alone.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self
