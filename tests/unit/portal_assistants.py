"""View models of the pages of assistants; everybody in them is invented."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tierce.web.answers import AssistantCodeAnswer, AssistantLine, PasskeyFinishAnswer
from tierce.web.look import Frame
from tierce.web.portal.assistants import Named

AT = datetime(2026, 3, 3, 9, 12, 45, 120_000, tzinfo=UTC)
CABINET = "Cabinet médical des Tilleuls"
NADIA = AssistantLine(
    number="12", family_name="Belkacem", given_name="Nadia", establishment_name=CABINET,
    last_day=date(2026, 9, 2), named_at=AT, let_in_at=AT, used_at=AT, passkeys=1, here=True,
)  # fmt: skip
INES = AssistantLine(
    number="13", family_name="Roche-Talvas", given_name="Inès", establishment_name="Centre hospitalier de Valbrume",
    last_day=date(2026, 4, 2), named_at=AT, let_in_at=AT, used_at=None, passkeys=0, here=False,
)  # fmt: skip
URLS = {"12": ("/code", "/end"), "13": ("/code", "/end")}
NONE: dict[str, Any] = {
    "assistants": [], "urls": {}, "typed": Named(last_day="2026-09-02"), "first": "2026-03-03",
    "latest": "2027-03-03",
    "name_url": "https://api.tierce.example/v1/assistants", "ended": "", "errors": {}, "error_list": [],
}  # fmt: skip
"""What the page of who may act says of assistants when there is none."""


def assistant_cases(frame: Frame, mine: dict[str, Any]) -> Iterator[tuple[str, str, Frame, dict[str, Any]]]:
    """The pages in each of their states; `mine` is what the page of who may act says beside."""
    some = {**mine, **NONE, "assistants": [NADIA, INES], "urls": URLS}
    yield "delegates-assistants", "delegates.html", frame, {**some, "ended": "assistant"}
    wrong = [("given_name", "Ce nom ne peut pas être gardé tel quel. Donnez de une à soixante lettres.")]
    told = {**some, "typed": Named("Belkacem", "N4dia", "2026-09-02"), "errors": dict(wrong), "error_list": wrong}
    yield "delegates-wrong", "delegates.html", frame, told
    code = AssistantCodeAnswer("12", "7K3M-9QXD-V2T8", AT + timedelta(minutes=10))
    shown = {**mine, "code": code, "address": "https://portail.tierce.example/assistant/passkey"}
    yield "assistant-code", "assistant_code.html", frame, {**shown, "name": "Nadia Belkacem"}
    yield "assistant-code-again", "assistant_code.html", frame, {**shown, "name": ""}
    nobody = replace(frame, links=(), who=None, place=None, sign_out=None, csrf=None)
    yield (
        "assistant-sign-in",
        "assistant_sign_in.html",
        replace(nobody, path="/assistant"),
        {"start_url": "/", "now": 1},
    )
    at_code = replace(nobody, path="/assistant/passkey")
    yield "assistant-passkey", "assistant_passkey.html", at_code, {"kept": None}
    yield "assistant-passkey-kept", "assistant_passkey.html", at_code, {"kept": PasskeyFinishAnswer("Nadia", CABINET)}
