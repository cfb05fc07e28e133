"""View models of every page of the portal in each of its states; everybody in them is invented."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tests.unit.portal_agreements import agreement_cases
from tests.unit.portal_assistants import NADIA, NONE, assistant_cases
from tests.unit.portal_invoices import invoice_cases
from tests.unit.portal_transfers import transfer_cases
from tierce.kernel.language import Language
from tierce.policy.acts import Outcome
from tierce.rights.reasons import REASONS
from tierce.web.answers import (
    AccountAnswer,
    AccountLine,
    CodeAnswer,
    DeviceLine,
    HoldLine,
    Said,
    SessionLine,
    SubstituteLine,
    Words,
)
from tierce.web.look import Frame, Hotline
from tierce.web.portal.api import (
    Activity,
    DepositStateBody,
    Promise,
    ReceiptBody,
    RightsBody,
    RouteBody,
    Seats,
    Session,
)
from tierce.web.portal.depositing import DepositForm
from tierce.web.portal.own import TOPICS
from tierce.web.portal.question import BIRTH_WRONG, AskForm
from tierce.web.portal.site import LINKS

AT = datetime(2026, 3, 3, 9, 12, 45, 120_000, tzinfo=UTC)
OFFICE = Activity(7, "GP", "médecin généraliste", "general practitioner", "Cabinet médical des Tilleuls", "Valbrume")
HOSPITAL = Activity(8, "HOSPITAL", "établissement de santé", "hospital", "Centre hospitalier de Valbrume", "Valbrume")
SESSION = Session("77", signs=True, created_at=AT, expires_at=AT + timedelta(hours=8), activity=OFFICE)
SEATS = Seats(17, 3, 6, 2, 148, 75, [12, 4, 0])
EMPTY = Seats(17, 0, 6, 0, 150, 75, [])
DESK = Seats(681, 60, 227, 14, 1_450, 600, [day % 30 for day in range(60, 0, -1)])
FORM = AskForm("1 79 04 41 950 014 23", "23/04/1979", "1", "MEDG", "2026-03-03", "P. L. 14 h")
ENGAGEMENT = "7K3M-9QXD-V2T8P-C"
SHOWN = RightsBody(
    shown=True, domain="MEDG", covered_from=date(2026, 1, 1), covered_until=date(2026, 12, 31),
    insurer="Mutuelle du Grand Chêne", engagement=ENGAGEMENT,
    engagement_until=date(2026, 6, 3), responsible=True, other_payer=True, route=RouteBody("99100900", "C1", "003"),
)  # fmt: skip
HOTLINE = Hotline("Rive Claire Tiers Payant", "01 99 00 14 20")
SIGNING = {"ath": "4Zq1", "now": "1772529165", "signs": "yes"}

Case = tuple[str, str, Frame, dict[str, Any]]


def _frame(path: str, language: Language) -> Frame:
    return Frame(
        language=language, path=path, links=LINKS, place="Cabinet médical des Tilleuls, Valbrume",
        who="Dr Claire Morvan", sign_out="/sign-out", csrf="c2FtcGxl",
    )  # fmt: skip


def _ask(language: Language) -> Iterator[Case]:
    base: dict[str, Any] = {
        "session": SESSION, "signing": SIGNING, "form": AskForm(domain="MEDG", care_date="2026-03-03"),
        "errors": {}, "error_list": [], "seats": SEATS, "act_url": "https://api.tierce.example/v1/rights",
        "domains": [("MEDG", "consultation généraliste")], "demo": True, "place_code": "1234 5674",
        "parts": [],
    }  # fmt: skip
    frame = _frame("/ask", language)
    wrong = [("birth", BIRTH_WRONG.text(language)), ("rank", "Le rang est un chiffre de 1 à 9.")]
    yield "ask", "ask.html", frame, base
    yield "ask-closed-beside", "ask.html", frame, {**base, "parts": [("le domaine « optique »", AT)]}
    yield "ask-filled", "ask.html", frame, {**base, "form": FORM}
    card = AskForm("", "23/04/1979", "1", "MEDG", "2026-03-03", "", "card", "99100001", "A-0000417", "2")
    yield "ask-card", "ask.html", frame, {**base, "form": card}
    yield "ask-wrong", "ask.html", frame, {**base, "form": FORM, "errors": dict(wrong), "error_list": wrong}
    keyless = Session("77", signs=False, created_at=AT, expires_at=AT, activity=OFFICE)
    yield "ask-keyless", "ask.html", frame, {**base, "session": keyless, "demo": False, "seats": DESK}


def _answers(language: Language) -> Iterator[Case]:
    frame = _frame("/ask", language)
    base: dict[str, Any] = {
        "session": SESSION, "signing": SIGNING, "seats": replace_ages(SEATS), "at": AT,
        "domain": "consultation généraliste",
        "guarantee": "100 % du tarif de la sécurité sociale, ticket modérateur compris",
    }  # fmt: skip
    reason = REASONS[Outcome.NOT_CONTRACTED]
    told = {"sentence": reason.sentence[language], "remedy": reason.remedy[language]}
    base |= {"reason": None, "place_code": "1234 5674"}
    ways = RightsBody(shown=False, ways=["card", "app", "person", "call"])
    base |= {
        "again": (),
        "act_url": "https://api.tierce.example/v1/rights",
        "revisit_url": "",
        "care": date(2026, 3, 3),
        "agreed": True,
    }
    yield "answer", "answer.html", frame, {**base, "answer": SHOWN}
    two = msgspec.structs.replace(SHOWN, other_payer=True, priority=2)
    yield "answer-two", "answer.html", frame, {**base, "answer": two, "again": (("nir", "x"), ("payer", "2"))}
    yield "answer-two-later", "answer.html", frame, {**base, "answer": two}
    again = RightsBody(shown=False, replayed=True, outcome="shown", engagement=ENGAGEMENT)
    yield "already", "already.html", frame, {**base, "answer": again}
    yield "already-not", "already.html", frame, {**base, "answer": RightsBody(shown=False, replayed=True)}
    base["revisited"] = False
    yield "not-shown", "not_shown.html", frame, {**base, "answer": ways}
    yield "not-shown-again", "not_shown.html", frame, {**base, "answer": ways, "revisited": True}
    yield "not-shown-reason", "not_shown.html", frame, {**base, "answer": RightsBody(shown=False), "reason": told}


def replace_ages(seats: Seats) -> Seats:
    """The same places with every one taken: the row at its fullest."""
    return Seats(seats.limit, seats.limit, 6, 6, 12, 40, list(range(16, -1, -1)), new_device=True)


def _lists(language: Language) -> Iterator[Case]:
    base = {"session": SESSION, "signing": SIGNING}
    rows = [
        {
            "at": AT - timedelta(days=day), "domain": "consultation généraliste",
            "engagement": "" if day == 2 else ENGAGEMENT,
            "until": None if day == 2 else date(2026, 6, 3), "label": "P. L. 14 h" if day % 2 else "",
            "act_url": "https://api.tierce.example/v1/history/x/revisit", "invoiced": day == 0,
        }
        for day in range(5)
    ]  # fmt: skip
    frame = _frame("/history", language)
    wanted = {"first": "", "last": "", "domain": "", "outcome": ""}
    listed: dict[str, Any] = {
        **base, "rows": rows, "older": f"cursor={ENGAGEMENT}", "first": True, "filtered": False, "wanted": wanted,
        "domains": [("HOSP", "hospitalisation"), ("EXTE", "soins externes")], "errors": {}, "error_list": [],
    }  # fmt: skip
    none: dict[str, Any] = {**listed, "rows": [], "older": ""}
    yield "history", "history.html", frame, listed
    yield (
        "history-filtered",
        "history.html",
        frame,
        {**listed, "filtered": True, "wanted": {**wanted, "domain": "HOSP"}},
    )
    yield "history-empty", "history.html", frame, none
    yield "history-none-such", "history.html", frame, {**none, "filtered": True}
    yield "history-end", "history.html", frame, {**none, "first": False}
    wrong = [("first", "Ce jour n’est pas une date. Donnez-le sous la forme AAAA-MM-JJ.")]
    yield "history-wrong", "history.html", frame, {**none, "errors": dict(wrong), "error_list": wrong}
    yield from _devices(language)
    yield (
        "places",
        "places.html",
        _frame("/places", language),
        {**base, "seats": SEATS, "next_free": date(2026, 3, 21)},
    )
    yield "places-free", "places.html", _frame("/places", language), {**base, "seats": EMPTY, "next_free": None}


def _devices(language: Language) -> Iterator[Case]:
    base = {"session": SESSION, "signing": SIGNING, "ended": None, "errors": {}, "error_list": []}
    later = AT + timedelta(hours=8)
    sessions = [
        SessionLine(
            id="1", device="99102930", device_name="Accueil", establishment_name="Cabinet médical des Tilleuls",
            created_at=AT, used_at=AT, expires_at=later, current=True, assistant_name=None,
        ),
        SessionLine(
            id="2", device="99109931", device_name=None, establishment_name="Centre hospitalier de Valbrume",
            created_at=AT - timedelta(hours=3), used_at=AT, expires_at=AT, current=False, assistant_name=None,
        ),
        SessionLine(
            id="3", device=None, device_name=None, establishment_name=None,
            created_at=AT - timedelta(hours=4), used_at=AT, expires_at=AT, current=False, assistant_name=None,
        ),
    ]  # fmt: skip
    first = DeviceLine(
        id="99102930", name="Accueil", signs=True, first_at=AT - timedelta(days=90), used_at=AT, sessions=1,
        new=False, new_until=None, continues=False, current=True,
    )  # fmt: skip
    later_on = msgspec.structs.replace(first, name=None, first_at=AT - timedelta(days=2), current=False)
    devices = [
        first,
        msgspec.structs.replace(later_on, id="99109931", new=True, new_until=date(2026, 3, 15)),
        msgspec.structs.replace(later_on, id="99109932", signs=False, sessions=0, new=True),
        msgspec.structs.replace(later_on, id="99109933", continues=True),
    ]
    urls = {"code_url": "/code", "confirm_url": "/confirm", "separate_urls": {"99109933": "/separate"}}
    many = {
        **base,
        **urls,
        "rows": sessions,
        "devices": devices,
        "here": devices[0],
        "code": None,
        "confirmed": False,
        "other_key_at": None,
    }
    frame = _frame("/sessions", language)
    yield "sessions", "sessions.html", frame, many
    yield "sessions-one", "sessions.html", frame, {**many, "rows": sessions[:1], "devices": devices[:1], "ended": 2}
    wrong = [("name-99109931", "Le nom de l’appareil est vide ou trop long. Donnez de un à quarante caractères.")]
    code = CodeAnswer("01290832", AT)
    yield "sessions-new", "sessions.html", frame, {**many, "here": devices[1]}
    yield "sessions-code", "sessions.html", frame, {**many, "here": devices[1], "code": code}
    yield "sessions-confirmed", "sessions.html", frame, {**many, "confirmed": True, "other_key_at": AT}
    yield "sessions-wrong", "sessions.html", frame, {**many, "errors": dict(wrong), "error_list": wrong}
    mine: dict[str, Any] = {
        **NONE,
        "session": SESSION,
        "signing": SIGNING,
        "sessions": 2,
        "keys": 1,
        "substitutes": [],
        "substitute_urls": {7: "/end"},
    }
    yield from assistant_cases(_frame("/delegates", language), mine)
    yield "delegates", "delegates.html", _frame("/delegates", language), mine
    one = SubstituteLine(7, "Anne Caradec", "Cabinet médical des Tilleuls", date(2026, 3, 9), date(2026, 3, 20))
    yield "delegates-some", "delegates.html", _frame("/delegates", language), {**mine, "substitutes": [one]}
    yield "delegates-ended", "delegates.html", _frame("/delegates", language), {**mine, "ended": "substitute"}
    yield from _held(language)
    yield from _account(language)
    asked = {"session": SESSION, "signing": SIGNING, "topics": TOPICS}
    yield "help", "help.html", _frame("/help", language), asked


def _held(language: Language) -> Iterator[Case]:
    held = HoldLine(
        id="31", on="device", rung=3, since=AT, until=AT + timedelta(days=1), automatic=True, lifted=False,
        appealed_at=None, answer_due=None, answered_at=None, answer=None,
    )  # fmt: skip
    sent = msgspec.structs.replace(held, appealed_at=AT, answer_due=AT + timedelta(days=1))
    told = msgspec.structs.replace(sent, answered_at=AT, answer="Le foyer a confirmé votre visite.", lifted=True)
    hold: dict[str, Any] = {
        "session": SESSION, "signing": SIGNING, "live": [], "past": [], "said": "", "fault": "",
        "appeal_url": "https://api.tierce.example/v1/holds/appeal",
    }  # fmt: skip
    for name, more in (
        ("held", {"live": [held]}),
        ("held-by-a-person", {"live": [msgspec.structs.replace(held, on="account", rung=4, automatic=False)]}),
        ("held-sent", {"live": [msgspec.structs.replace(sent, rung=2, on="establishment")], "past": [told]}),
        (
            "held-wrong",
            {"live": [held], "said": "non", "fault": "Votre message est trop court : écrivez dix caractères."},
        ),
        ("held-assistant", {"live": [held], "session": msgspec.structs.replace(SESSION, assistant_name="Nadia B.")}),
        ("held-not", {}),
    ):
        yield name, "held.html", _frame("/held", language), {**hold, **more}


def _account(language: Language) -> Iterator[Case]:
    line = AccountLine(
        masked="FR •••• 0172", holder="SELARL des Tilleuls", state="in_force", label=Words("en vigueur", "in force"),
        why=None, said=None, asked_at=AT, due_at=AT, since=AT, ended_at=None, own=False,
    )  # fmt: skip
    asked = msgspec.structs.replace(
        line, masked="FR •••• 0273", state="waiting", due_at=AT + timedelta(days=5), since=None
    )
    refused = msgspec.structs.replace(
        asked, label=Words("refusé", "refused"), ended_at=AT, said="La gérante ne le connaît pas.",
        why=Words("refusé par l’opérateur", "refused by the operator"),
    )  # fmt: skip
    own = msgspec.structs.replace(asked, own=True)
    base: dict[str, Any] = {
        "session": SESSION, "signing": SIGNING, "done": "", "errors": {}, "error_list": [], "holder": "",
        "ask_url": "https://api.tierce.example/v1/account", "stop_url": "https://api.tierce.example/v1/account/stop",
        "working_days": 3, "minutes": 15,
    }  # fmt: skip
    wrong = [("iban", "Ses deux chiffres de contrôle ne conviennent pas.")]
    for name, more in (
        ("account-none", {"accounts": AccountAnswer(None, None, [], "signed_in_long_ago")}),
        ("account-first", {"accounts": AccountAnswer(None, None, [], None)}),
        ("account", {"accounts": AccountAnswer(line, None, [refused], None)}),
        ("account-asked", {"accounts": AccountAnswer(line, asked, [], None), "done": "asked"}),
        ("account-own", {"accounts": AccountAnswer(line, own, [], None)}),
        (
            "account-wrong",
            {
                "accounts": AccountAnswer(line, None, [], None),
                "errors": dict(wrong),
                "error_list": wrong,
                "holder": "Dr Morvan",
            },
        ),
    ):
        yield name, "account.html", _frame("/account", language), {**base, **more}
    told = msgspec.structs.replace(SESSION, account_asked="FR •••• 0273")
    topics = {"session": told, "signing": SIGNING, "topics": TOPICS}
    yield "account-banner", "help.html", _frame("/help", language), topics


def _outside(language: Language) -> Iterator[Case]:
    frame = Frame(language=language, path="/")
    quiet: dict[str, Any] = {
        "trouble": "",
        "reason": "",
        "remedy": "",
        "code": "",
        "demo": True,
        "late": False,
        "typed": "",
    }
    yield "sign-in", "sign_in.html", frame, quiet
    begins = {
        "said": "{}",
        "url": "https://api.tierce.example/v1/sign-in/start",
        "now": 1,
        "keyless_way": "/sign-in/x",
    }
    yield "begin", "begin.html", replace(frame, path="/sign-in"), begins
    for trouble in ("other_browser", "nothing_offered"):
        yield f"sign-in-{trouble}", "sign_in.html", frame, {**quiet, "trouble": trouble}
    ended = {"reason": "Votre session est terminée.", "remedy": "Recommencez.", "code": "session_expired"}
    yield "sign-in-ended", "sign_in.html", frame, {**quiet, **ended}
    late = {**quiet, **ended, "late": True}
    yield "sign-in-late", "sign_in.html", frame, late
    yield (
        "sign-in-late-appeal",
        "sign_in.html",
        frame,
        {**late, "typed": "Mes patients du jour."},
    )
    unbound = Session("77", signs=False, created_at=AT, expires_at=AT)
    activity = {
        "session": unbound, "signing": SIGNING, "activities": [OFFICE, HOSPITAL],
        "act_url": "https://api.tierce.example/v1/session/activity",
        "new_devices": [AT], "new_assistants": [NADIA], "other_key_at": AT,
    }  # fmt: skip
    yield "activity", "activity.html", replace(_frame("/activity", language), links=(), place=None), activity
    held = {
        "reason": "Votre accès est suspendu.", "remedy": "Appelez l’opérateur.", "code": "held", "again": False,
    }  # fmt: skip
    yield "held", "refused.html", frame, held
    yield "proof-refused", "refused.html", frame, {**held, "code": "proof_refused", "again": True}
    lapsed = {"whole": None, "asked": "page", "back": "/", "sign_in": "/sign-in", "keyless_too": True, "late": None}
    bare = replace(frame, links=(), place=None, who=None, sign_out=None, csrf=None)
    yield "renewing", "renewing.html", bare, lapsed
    yield (
        "renewing-form",
        "renewing.html",
        bare,
        {**lapsed, "asked": "form", "whole": [("name", "Accueil")], "late": ()},
    )
    turn = {"at": "9 h 42", "wait": timedelta(minutes=7), "soon": False, "given": True, "here": "/sign-in"}
    yield "waiting", "waiting.html", frame, {**turn, "status_path": "/status/"}
    yield "waiting-soon", "waiting.html", frame, {**turn, "soon": True, "status_path": ""}
    yield "waiting-later", "waiting.html", frame, {**turn, "given": False, "status_path": "/status/"}
    yield "unreachable", "unreachable.html", frame, {"status_path": "/status/"}
    for key in ("form", "missing", "request", "fault"):
        yield f"trouble-{key}", "trouble.html", frame, {"key": key}


def _deposits(language: Language) -> Iterator[Case]:
    signing = {"session": SESSION, "signing": {**SIGNING, "signs": "held"}}
    form = DepositForm(
        nir=FORM.nir, birth=FORM.birth, amc="99100001", member="A1204", valid_until="2026-12-31", domain="OPTI",
        care_date="2026-03-03", amount="59,90", request="sample-sample",
    )  # fmt: skip
    frame = replace(_frame("/deposit", language), links=(), place=None, who=None)
    base: dict[str, Any] = {
        **signing, "form": form, "errors": {}, "error_list": [], "domains": [("OPTI", "optique")],
        "act_url": "https://api.tierce.example/v1/deposits", "parts": [], "since": AT,
    }  # fmt: skip
    yield "deposit", "deposit.html", frame, base
    wrong = [("amount", "Ce montant ne convient pas.")]
    part = [("le domaine « optique »", AT + timedelta(hours=4))]
    yield "deposit-wrong", "deposit.html", frame, {
        **base, "errors": dict(wrong), "error_list": wrong, "parts": part, "since": None,
    }  # fmt: skip
    yield "deposit-open", "deposit_open.html", frame, signing
    for guaranteed in (True, False):
        promise = Promise(guaranteed, "none", Said("L’organisme garantit ce montant.", "The insurer guarantees."))
        receipt = ReceiptBody(
            "D-7K3M-9QXD-V2T8P-C", AT, "OPTI", date(2026, 3, 3), "59.90", promise, "Mutuelle du Grand Chêne", "P. L."
        )
        values = {
            **signing, "receipt": receipt, "amount": Decimal("59.90"), "domain": "optique", "why": promise.detail.fr,
            "other": "en", "other_lines": ["Receipt D-7K3M-9QXD-V2T8P-C.", "Payment guaranteed."],
        }  # fmt: skip
        yield f"receipt-{guaranteed}", "deposit_receipt.html", frame, values
    empty = {**signing, "number": "", "state": None, "error": ""}
    yield "receipt-state-empty", "deposit_state.html", frame, empty
    state = DepositStateBody(
        "D-7K3M-9QXD-V2T8P-C", "guaranteed", Said("paiement garanti", "payment guaranteed"),
        Said("L’organisme garantit ce montant.", "The insurer guarantees."), AT, "OPTI", "59.90", AT,
    )  # fmt: skip
    told = {"kind": "good", "label": "paiement garanti", "why": state.detail.fr, "domain": "optique"}
    yield "receipt-state", "deposit_state.html", frame, {
        **empty, "number": state.receipt, "state": state, **told, "amount": Decimal("59.90"),
    }  # fmt: skip


def cases(language: Language) -> list[Case]:
    """Every page in every state: its name, its template, its frame and its values."""
    frame = _frame("/invoices", language)
    signed_in = {"session": SESSION, "signing": SIGNING}
    invoices = [(name, page, frame, values) for name, page, values in invoice_cases(signed_in, frame, language)]
    told = [*_outside(language), *_ask(language), *_answers(language), *_lists(language), *_deposits(language)]
    transfers = [(name, page, frame, values) for name, page, values in transfer_cases(signed_in, language)]
    frame = _frame("/agreements", language)
    agreements = [(name, page, frame, values) for name, page, values in agreement_cases(signed_in, frame, language)]
    return [*told, *invoices, *transfers, *agreements]
