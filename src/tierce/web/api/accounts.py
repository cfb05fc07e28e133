"""The bank account of one's establishment: read masked, another one asked for, an ask stopped; nobody covered."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from tierce.billing.bank.errors import AccountMovedError, AccountStoppedError
from tierce.billing.bank.model import REASON_LABELS, STATE_LABELS, Account, Own, Stopped
from tierce.billing.bank.service import OwnAccounts
from tierce.kernel.language import Phrase
from tierce.policy.accounts import ASKS_IN_30_DAYS, KNOWN_DEVICE_DAYS, SIGNED_IN_MINUTES
from tierce.policy.acts import Act
from tierce.web.answers import AccountAnswer, AccountLine, Words
from tierce.web.api.problems import Problem, headers_of
from tierce.web.api.signin import NO_TICKET, AnyRequest, handle_of, received, wiring_of

ACCOUNTS_KEY = "accounts"
"""Under which the process puts its `OwnAccounts` in the application's state."""


class AccountBody(msgspec.Struct, forbid_unknown_fields=True):
    """The account, and its holder as the bank's statement prints it."""

    iban: Annotated[str, msgspec.Meta(max_length=60)]
    holder: Annotated[str, msgspec.Meta(max_length=100)]

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "AccountBody(•••)"


class StopAnswer(msgspec.Struct):
    """What became of the ask: `withdrawn` by whoever made it, `refused` by anybody else's objection."""

    state: str


def _line(one: Account | None) -> AccountLine | None:
    if one is None:
        return None
    label, why = STATE_LABELS[one.state], REASON_LABELS.get(one.why)
    return AccountLine(
        masked=one.masked,
        holder=one.holder,
        state=one.state.name.lower(),
        label=Words(label.fr, label.en),
        why=None if why is None else Words(why.fr, why.en),
        said=one.said,
        asked_at=one.asked,
        due_at=one.due,
        since=one.since,
        ended_at=one.ended,
        own=one.own,
    )


def _answer(own: Own) -> AccountAnswer:
    return AccountAnswer(
        in_force=_line(own.in_force),
        under_way=_line(own.under_way),
        over=[line for line in map(_line, own.over) if line is not None],
        stopped=None if own.stopped is None else own.stopped.name.lower(),
    )


def _accounts(request: AnyRequest) -> OwnAccounts:
    found: OwnAccounts = request.app.state[ACCOUNTS_KEY]
    return found


@get("/v1/account", opt={"act": Act.ACCOUNT_READ})
async def read_account(request: AnyRequest) -> AccountAnswer:
    """Read where one's establishment is paid, masked, and what is asked for."""
    return _answer(await _accounts(request).read(handle_of(request)))


@post("/v1/account", status_code=201, opt={"act": Act.ACCOUNT_ASK, **NO_TICKET})
async def ask_account(request: AnyRequest, data: JSONBody[AccountBody]) -> AccountAnswer:
    """Ask that one's establishment be paid to another account; it comes into force days later, after a call."""
    wiring = wiring_of(request)
    own = await _accounts(request).ask(
        handle_of(request), await received(request, wiring.url), data.iban, data.holder
    )
    return _answer(own)


@post("/v1/account/stop", status_code=200, opt={"act": Act.ACCOUNT_STOP, **NO_TICKET})
async def stop_account(request: AnyRequest) -> StopAnswer:
    """Take one's own ask back, or object to somebody else's; signed, with an empty object as its body."""
    wiring = wiring_of(request)
    reached = await _accounts(request).stop(handle_of(request), await received(request, wiring.url))
    return StopAnswer(reached.name.lower())


def _stopped(_request: AnyRequest, error: AccountStoppedError) -> Response[bytes]:
    return _told(STOPPED[error.reason])


def _moved(_request: AnyRequest, _error: AccountMovedError) -> Response[bytes]:
    return _told(MOVED)


def _told(problem: Problem) -> Response[bytes]:
    return Response(
        problem.body(), status_code=problem.status, media_type="application/problem+json", headers=headers_of(problem)
    )


STOPPED = {
    Stopped.NOT_MANAGER: Problem(
        403,
        "account_not_manager",
        Phrase("Vous ne gérez pas le compte de cet établissement.",
               "You do not manage this establishment's account."),
        Phrase("Demandez à qui en est responsable, ou appelez l’opérateur.",
               "Ask whoever manages it, or call the operator."),
    ),
    Stopped.SIGNED_IN_LONG_AGO: Problem(
        403,
        "account_signed_in_long_ago",
        Phrase(f"Votre connexion date de plus de {SIGNED_IN_MINUTES} minutes.",
         f"You signed in more than {SIGNED_IN_MINUTES} minutes ago."),
        Phrase("Déconnectez-vous, connectez-vous de nouveau, puis demandez.", "Sign out, sign in again, then ask."),
    ),
    Stopped.NEW_DEVICE: Problem(
        403,
        "account_new_device",
        Phrase("Cet appareil est trop nouveau pour changer un compte.",
               "This device is too new to change an account."),
        Phrase(f"Demandez depuis un appareil connu depuis {KNOWN_DEVICE_DAYS} jours, ou appelez l’opérateur.",
         f"Ask from a device known for {KNOWN_DEVICE_DAYS} days, or call the operator."),
    ),
    Stopped.HELD: Problem(
        403,
        "account_held",
        Phrase("Votre compte, votre poste ou votre établissement est retenu.",
         "Your login, device or establishment is held."),
        Phrase("Faites lever la retenue, ou appelez l’opérateur.", "Have the hold lifted, or call the operator."),
    ),
    Stopped.UNDER_WAY: Problem(
        409,
        "account_under_way",
        Phrase("Un autre compte est déjà demandé.", "Another account is asked for already."),
        Phrase("Attendez, ou retirez d’abord cette demande.", "Wait, or take that ask back first."),
    ),
    Stopped.TOO_OFTEN: Problem(
        429,
        "account_too_often",
        Phrase(f"{ASKS_IN_30_DAYS} comptes ont été demandés en trente jours.",
         f"{ASKS_IN_30_DAYS} accounts were asked for in thirty days."),
        Phrase("Appelez l’opérateur.", "Call the operator."),
    ),
}  # fmt: skip
"""Why a session may not ask, as it is told."""
MOVED = Problem(
    409,
    "account_moved",
    Phrase("Aucune demande de compte n’est en cours.", "No account is being asked for."),
    Phrase("Relisez la page : elle est à jour.", "Read the page again: it is up to date."),
)
ACCOUNT_ROUTES: list[HTTPRouteHandler] = [read_account, ask_account, stop_account]
ACCOUNT_HANDLERS: dict[int | type[Exception], Any] = {AccountStoppedError: _stopped, AccountMovedError: _moved}
