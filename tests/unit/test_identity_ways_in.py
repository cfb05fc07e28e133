"""Every way to a session is known, each needs a completed code flow or a passkey, and every route names its act."""

import inspect
import re
from pathlib import Path

import tierce
from tierce.identity import local, service, store
from tierce.identity.assistants import service as assistants
from tierce.identity.errors import SessionReason, SignInReason
from tierce.identity.oidc import Claims
from tierce.identity.sites import store as site_store
from tierce.identity.sites.errors import TicketReason
from tierce.policy.acts import Act
from tierce.web.api.colleagues import COLLEAGUE_ROUTES
from tierce.web.api.signin import ROUTES
from tierce.web.signin_site import SiteSignIn, sign_in_handlers
from tierce.web.signin_words import SESSION, SIGN_IN, TICKET

SOURCES = Path(tierce.__file__).parent
OPENERS = {"put_session", "put_staff_session", "put_person_session", "open_insurer_session"}


def product_sources() -> dict[str, str]:
    """The source text of everything that an operator installs."""
    files = [path for path in SOURCES.rglob("*") if path.suffix in {".py", ".sql", ".html", ".js"}]
    found = {str(path.relative_to(SOURCES)): path.read_text() for path in files}
    return {name: text for name, text in found.items() if not name.startswith("lab/")}


def test_only_known_statements_insert_a_session() -> None:
    inserts = {
        (name, table)
        for name, text in product_sources().items()
        for table in re.findall(r"insert\s+into\s+access\.(\w*session)\b", text, re.IGNORECASE)
    }
    assert inserts == {
        ("identity/store.py", "session"),
        ("identity/sites/store.py", "staff_session"),
        ("identity/sites/store.py", "person_session"),
        ("storage/sql/insurers.sql", "insurer_session"),
        ("storage/sql/assistants.sql", "session"),
    }


def test_each_is_called_from_one_place_that_takes_what_a_provider_vouched_for() -> None:
    callers = {
        (name, function)
        for name, text in product_sources().items()
        for function in re.findall(r"store\.((?:put_\w*|open_insurer_)session)\(", text)
    }
    assert callers == {
        ("identity/service.py", "put_session"),
        ("identity/local.py", "put_staff_session"),
        ("identity/local.py", "put_person_session"),
        ("identity/local.py", "open_insurer_session"),
    }
    found = [*inspect.getmembers(store, inspect.isfunction), *inspect.getmembers(site_store, inspect.isfunction)]
    assert {name for name, _ in found} >= OPENERS
    for owner in (service.Sessions, local.StaffSessions, local.PersonSessions, local.InsurerSessions):
        parameters = list(inspect.signature(owner.open_session).parameters.values())
        assert parameters[1].annotation is Claims
    for site in (local.StaffSessions, local.PersonSessions, local.InsurerSessions):
        bound = inspect.signature(site.open_session).parameters["thumbprint"]
        assert (bound.annotation, bound.default) == (bytes, inspect.Parameter.empty), "bound from the start"


def test_an_assistant_s_is_opened_by_a_passkey_that_was_verified_and_nothing_else() -> None:
    callers = [name for name, text in product_sources().items() if "open_assistant_session(" in text]
    assert sorted(callers) == ["identity/assistants/store.py", "storage/sql/assistants.sql"]
    opened = inspect.getsource(assistants.AssistantDoor.sign_in).split("store.open_session(")
    assert len(opened) == 2
    assert "counter=passkeys.verify_signed(" in opened[1]


def test_claims_are_made_only_by_a_completed_code_flow() -> None:
    makers = [name for name, text in product_sources().items() if re.search(r"(?<![\w.])Claims\(", text)]
    assert makers == ["identity/oidc.py"]


def test_nothing_takes_a_password() -> None:
    """Neither code nor a page's own form: the sentences that say so are in the tables of words."""
    doors = {name: text for name, text in product_sources().items() if name.startswith(("identity/", "web/"))}
    assert {Path(name).suffix for name in doors} >= {".py", ".html", ".js"}
    for name, text in doors.items():
        assert not re.search(r"password|mot de passe", text.lower().replace("no password", "")), name


def test_every_route_names_its_act() -> None:
    site = SiteSignIn.__new__(SiteSignIn)
    for field in SiteSignIn.__dataclass_fields__:
        object.__setattr__(site, field, Act.STAFF_SESSION_OPEN if field == "entered" else Act.STAFF_SESSION_END)
    for route in [*ROUTES, *COLLEAGUE_ROUTES, *sign_in_handlers(site)]:
        act = route.opt.get("act")
        assert isinstance(act, Act), route
        assert act is not Act.NONE, route


def test_every_refusal_has_its_words_in_both_languages() -> None:
    assert set(SIGN_IN) == set(SignInReason)
    assert set(SESSION) == set(SessionReason)
    assert set(TICKET) == set(TicketReason)
    for reason, remedy in [*SIGN_IN.values(), *SESSION.values(), *TICKET.values()]:
        for phrase in (reason, remedy):
            assert phrase.fr.endswith(".")
            assert phrase.en.endswith(".")
            assert phrase.fr != phrase.en
