"""Her requests of access, correction and erasure, and the copy of what is held of her."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from psycopg import Connection

from tierce.kernel.categories import each
from tierce.kernel.language import Language
from tierce.persons.billed.model import Agreed, Billed
from tierce.persons.billed.rules import agreed_sentence, sentence
from tierce.persons.billed.service import CareBilled
from tierce.persons.model import OwnData
from tierce.persons.requests.model import KIND_WORDS, OUTCOME_WORDS, SUBJECTS, RightsRequest
from tierce.persons.requests.rules import receipt
from tierce.persons.requests.service import Requests
from tierce.persons.store import insurer_names
from tierce.persons.wishes.service import Wishes
from tierce.policy.acts import Act
from tierce.web.persons.said import SAID
from tierce.web.persons.site import PersonsSite, Visit
from tierce.web.visit import AnyRequest

_WORDS: Final = {"kinds": KIND_WORDS, "subjects": SUBJECTS, "outcomes": OUTCOME_WORDS, "receipt": receipt}


@dataclass(frozen=True, slots=True)
class Copy:
    """All that is held of her: register and journal, care billed or agreed in her name, whether she is e-mailed."""

    data: OwnData
    billed: tuple[Billed, ...]
    agreed: tuple[Agreed, ...]
    told_since: datetime | None
    """Since when an e-mail address of hers is held, sealed: it cannot be shown."""


def request_handlers(
    site: PersonsSite, requests: Requests, billed: CareBilled, wishes: Wishes
) -> list[HTTPRouteHandler]:
    """Make the routes of requests and of the copy."""

    async def listed(visit: Visit, made: RightsRequest | None) -> Response[str]:
        found = await site.rows.read(lambda connection: requests.listed(connection, visit.caller, visit.handle))
        names = await site.rows.read(
            lambda connection: insurer_names(connection, {one for made in found for one in made.insurers})
        )
        return site.page(visit, "requests.html", {**_WORDS, "requests": found, "names": names, "made": made})

    @get("/requests", opt={"act": Act.PERSON_HISTORY})
    async def own(request: AnyRequest) -> Response[str]:
        return await listed(await site.visit(request), None)

    @post("/requests", status_code=200, opt={"act": Act.PERSON_REQUEST})
    async def make(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        sent = await site.sign_in.check_form(request)
        insurers = await site.rows.read(lambda connection: site.persons.insurers(connection, visit.handle))
        made = await site.rows.read(
            lambda connection: requests.make(
                connection, visit.caller, visit.handle, sent.get("subject", ""), insurers
            )
        )
        return await listed(visit, made)

    async def copy(visit: Visit) -> Copy:
        def read(connection: Connection) -> Copy:
            data = site.persons.export(connection, visit.caller, visit.handle)
            invoices, agreed = billed.everything(connection, visit.caller, visit.handle)
            standing = wishes.standing(connection, visit.handle)
            held = standing.live or standing.waiting
            return Copy(data, tuple(invoices), tuple(agreed), None if held is None else held.made)

        return await site.rows.read(read)

    @post("/my-data", status_code=200, opt={"act": Act.PERSON_EXPORT})
    async def readable(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        found = await copy(visit)
        values = {
            "data": found.data,
            "billed": [sentence(one) for one in found.billed],
            "agreed": [agreed_sentence(one) for one in found.agreed],
            "copy": found,
        }
        return site.page(visit, "my_data.html", {**_WORDS, **values})

    @post("/my-data.json", status_code=200, opt={"act": Act.PERSON_EXPORT})
    async def file(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        content = as_json(await copy(visit), visit.frame.language)
        return Response(
            content,
            media_type="application/json",
            headers={"content-disposition": 'attachment; filename="mes-donnees.json"'},
        )

    return [own, make, readable, file]


def as_json(copy: Copy, language: Language) -> str:
    """Her copy in a structured form: sentences in her language, times in UTC."""
    data = copy.data
    return json.dumps(
        {
            "records": [
                {
                    "insurer": one.insurer_name,
                    "family_name": one.family_name,
                    "used_name": one.used_name,
                    "given_names": one.given_names,
                    "birth_date": one.birth_date,
                    "rank": one.rank,
                    "social_security_number": f"held, sealed; ends with {one.number_end}"
                    if one.number_end
                    else "held",
                }
                for one in data.records
            ],
            "lines": [
                {
                    "number": int(one.seq),
                    "at": one.at.isoformat(),
                    "sentence": one.sentence[language],
                    "insurer": one.insurer_name,
                    "shown": [SAID[category][language] for category in each(one.categories)],
                    "reported": one.reported_at.isoformat() if one.reported_at else None,
                }
                for one in data.lines
            ],
            "older_lines_left_out": data.cut,
            "care_billed": [_invoice(one, language) for one in copy.billed],
            "agreements": [_agreement(one, language) for one in copy.agreed],
            "email_address": f"held, sealed, since {copy.told_since.isoformat()}" if copy.told_since else None,
            "requests": [
                {
                    "receipt": receipt(one.id),
                    "kind": one.kind.value,
                    "subject": SUBJECTS[one.subject][1][language],
                    "made": one.made.isoformat(),
                    "due": one.due.isoformat(),
                    "answer": OUTCOME_WORDS[one.answer][1][language] if one.answer else None,
                    "insurers_answered": [OUTCOME_WORDS[reply.outcome][1][language] for reply in one.replies],
                }
                for one in data.requests
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _invoice(one: Billed, language: Language) -> dict[str, object]:
    told = one.told
    return {
        "care_day": one.care_day.isoformat(),
        "received": one.at.isoformat(),
        "sentence": sentence(one)[language],
        "domain": told.domain.name if told else None,
        "price_cents": told.price if told else None,
        "compulsory_cents": told.amo if told else None,
        "asked_cents": told.claimed if told else None,
        "due_cents": told.due if told else None,
        "paid_cents": told.paid if told else None,
        "reported": one.reported_at.isoformat() if one.reported_at else None,
    }


def _agreement(one: Agreed, language: Language) -> dict[str, object]:
    return {
        "at": one.at.isoformat(),
        "sentence": agreed_sentence(one)[language],
        "kind": one.kind.name.lower(),
        "state": one.state.name.lower(),
        "domain": one.domain.name,
        "asked_cents": one.asked,
        "due_cents": one.due,
        "line": int(one.ask),
        "reported": one.reported_at.isoformat() if one.reported_at else None,
        "documents": [
            {
                "kind": document.kind.code,
                "dated": document.dated.isoformat(),
                "prescriber": document.prescriber,
                "sha256": document.digest.hex(),
                "declared_by": document.by,
                "declared": document.at.isoformat(),
            }
            for document in one.documents
        ],
    }
