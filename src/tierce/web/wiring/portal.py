"""The portal: no database, no key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tierce.settings import Settings
from tierce.web.portal.app import create_app as create_portal
from tierce.web.portal.settings import PortalSettings
from tierce.web.process import App, Process


@asynccontextmanager
async def portal(settings: Settings) -> AsyncIterator[App]:
    """The portal: no database, no key."""
    yield create_portal(PortalSettings.of(settings))


app = Process("portal", portal)
