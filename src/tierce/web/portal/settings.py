"""What the portal needs to know; there is no place in it for a database credential."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tierce.policy.returning import SIGN_INS_A_SECOND
from tierce.settings import Mode, Settings
from tierce.web.look import Hotline


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """Addresses, whom a professional calls, and the invented people of a demonstration.

    `url` is where browsers find the portal, `api_url` where the portal finds the API, `api_public_url` the address
    that proofs are made for, `status_path` where its host serves the static status page, `sign_ins` how many may
    begin to sign in each second.
    """

    url: str
    api_url: str
    api_public_url: str
    operator: Hotline
    demo_people: Path | None = None
    status_path: str | None = None
    sign_ins: int = SIGN_INS_A_SECOND

    @classmethod
    def of(cls, settings: Settings) -> "PortalSettings":
        """Take the portal's part of the settings of the platform."""
        demo = settings.mode is Mode.DEMO and settings.demo_people is not None
        return cls(
            url=settings.portal.url,
            api_url=f"http://127.0.0.1:{settings.api.port}",
            api_public_url=settings.api.url,
            operator=Hotline(settings.operator.name, settings.operator.phone),
            status_path=settings.deposits.status_path,
            sign_ins=settings.portal.sign_ins,
            demo_people=Path(settings.demo_people) if demo and settings.demo_people else None,
        )

    @property
    def https(self) -> bool:
        """Whether browsers reach the portal over https: cookies are then Secure and bound to the host."""
        return urlsplit(self.url).scheme == "https"
