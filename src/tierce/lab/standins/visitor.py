"""Plays the person in front of a stand-in's sign-in page, for attackers, measurements and tests."""

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from tierce.lab.standins.provider import ProviderError

_TRANSACTION = re.compile(r'name="transaction" value="([\w-]+)"')


async def sign_in(http: httpx.AsyncClient, authorize_url: str, subject: str) -> str:
    """Open the sign-in page, pick an identity, and return the address that the browser is sent back to."""
    transaction = await open_page(http, authorize_url)
    form = {"transaction": transaction, "subject": subject}
    return _sent_back(await http.post(urljoin(authorize_url, "choose"), data=form, follow_redirects=False))


async def open_page(http: httpx.AsyncClient, authorize_url: str) -> str:
    """Open the sign-in page; returns the name of its transaction."""
    response = await http.get(authorize_url, follow_redirects=False)
    found = _TRANSACTION.search(response.text)
    if response.status_code != 200 or found is None:
        raise ProviderError("invalid_request", f"no sign-in page (HTTP {response.status_code})")
    return found.group(1)


async def relayed_sign_in(http: httpx.AsyncClient, authorize_url: str, subject: str) -> str:
    """The attack of January 2024: the thief opens the page, the victim accepts the push on her phone."""
    transaction = await open_page(http, authorize_url)
    await http.post(urljoin(authorize_url, "push"), data={"transaction": transaction, "subject": subject})
    await http.post(urljoin(authorize_url, "approve"), data={"subject": subject})
    going_on = urljoin(authorize_url, "continue")
    return _sent_back(await http.get(going_on, params={"transaction": transaction}, follow_redirects=False))


def _sent_back(response: httpx.Response) -> str:
    if response.status_code != 303:
        raise ProviderError("access_denied", f"not sent back (HTTP {response.status_code})")
    return response.headers["location"]


def answer_of(address: str) -> dict[str, str]:
    """The parameters of the way back, as the site's callback reads them."""
    return dict(parse_qsl(urlsplit(address).query))
