"""The FHIR door on the real gate: what is hidden is one answer, a refusal an OperationOutcome, twice is once."""

import asyncio
import json
from collections import Counter as Count
from pathlib import Path
from typing import Any

import httpx

from tests.fhir_examples import Json, by_card, by_nir, examples, faults_of
from tests.integration.asking import Told, ask
from tests.integration.desk import HANDLE, LATER, PAUL, STRANGER, UNCOVERED, URL, Counter, counter, named
from tests.integration.walk_world import API_URL, make_walk_world, open_sites
from tests.integration.world import World
from tierce.kernel.card import MemberNumber, normalise_card
from tierce.kernel.clock import SystemClock, date_of, paris_day
from tierce.kernel.ids import EstablishmentId
from tierce.kernel.nir import BirthDate
from tierce.policy.acts import Outcome
from tierce.presence.plugins import Verified
from tierce.rights.reasons import REASONS
from tierce.rights.rules import parse_question
from tierce.storage.database import Database
from tierce.storage.keys import Keyring
from tierce.web.fhir.eligibility import ANSWER_BYTES, Eligibility
from tierce.web.fhir.names import ELIGIBILITY_PATH, METADATA_PATH, PRESENCE
from tierce.web.fhir.reading import BYTES_MAX

TODAY = date_of(paris_day(SystemClock().now())).isoformat()


def about(nir: str, purpose: tuple[str, ...] = ("validation", "benefits"), domain: str = "MEDG") -> Json:
    """The page's question about somebody, today."""
    asked = by_nir()
    asked |= {"servicedDate": TODAY, "purpose": list(purpose)}
    asked["contained"][0]["identifier"][0]["value"] = nir
    asked["item"][0]["category"]["coding"][0]["code"] = domain
    return asked


def seen(told: httpx.Response) -> tuple[int, str, bytes]:
    """All that a listener sees of an answer."""
    return told.status_code, str(told.headers.raw), told.content


def outcomes(world: World) -> list[int]:
    """How each line of the journal ended."""
    found = world.scalar("select array_agg(get_byte(body, 4)::integer order by seq) from journal.entry")
    assert isinstance(found, list)
    return found


def test_covered_is_shown_and_everything_hidden_is_one_answer_to_the_byte(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            told = [await desk.post(ELIGIBILITY_PATH, about(nir)) for nir in (PAUL, STRANGER, UNCOVERED, LATER)]
            told.append(await desk.post(ELIGIBILITY_PATH, about(STRANGER)))
            world.run(
                "insert into access.ladder (id, level, subject, rung, since, until, by, reason)"
                " values (1, 9, 0, 3, now(), now() + interval '1 hour', 'test', 'test')"
            )
            return [*told, await desk.post(ELIGIBILITY_PATH, about(PAUL))]

    shown, *hidden = asyncio.run(run())
    assert len({seen(one) for one in hidden}) == 1
    assert {seen(one)[:2] for one in [shown, *hidden]} == {seen(shown)[:2]}
    assert {len(one.content) for one in [shown, *hidden]} == {ANSWER_BYTES}
    assert shown.headers["content-type"] == "application/fhir+json"
    answer = shown.json()
    assert faults_of(answer) == []
    assert (answer["outcome"], answer["insurance"][0]["inforce"]) == ("complete", True)
    assert answer["insurer"]["display"] == "Mutuelle du Test"
    assert PAUL not in shown.text
    assert hidden[0].json() == {**examples()[2], "created": TODAY}
    # One line of the journal for each: shown, unknown, not eligible, no seat, a miss once more, held.
    assert outcomes(world)[:5] == [1, 2, 13, 4, 2]
    assert len(outcomes(world)) == 6


def test_the_same_seat_and_the_same_person_by_either_door(world: World, keyring: Keyring) -> None:
    """Whoever was shown by `/v1` is known here: no second seat, and one line each; either purpose is one ask."""

    async def run() -> tuple[httpx.Response, list[httpx.Response]]:
        async with counter(world, keyring) as desk:
            first = await desk.ask(PAUL)
            asked = [about(PAUL, ("validation",)), about(PAUL, ("benefits",)), about(PAUL)]
            return first, [await desk.post(ELIGIBILITY_PATH, one) for one in asked]

    first, told = asyncio.run(run())
    assert first.json()["shown"]
    assert {one.json()["outcome"] for one in told} == {"complete"}
    assert ["item" in one.json()["insurance"][0] for one in told] == [False, True, True]
    assert world.scalar("select count(*) from access.pair") == 1
    lines = world.scalar("select array_agg(journal.u16(body, 62) order by seq) from journal.entry")
    assert lines == [4, 4, 4, 4], "seats left after each"
    assert len({one.json()["preAuthRef"] for one in told} | {first.json()["engagement"]}) == 4


def test_by_card_and_the_other_payer_s_flag(world: World, keyring: Keyring) -> None:
    named(world, keyring, normalise_card("99000001", MemberNumber.parse("M-1"), BirthDate.parse("19800112")), 1)

    async def run() -> httpx.Response:
        async with counter(world, keyring) as desk:
            return await desk.post(ELIGIBILITY_PATH, by_card() | {"servicedDate": TODAY})

    answer = asyncio.run(run()).json()
    assert answer["outcome"] == "complete"
    assert answer["insurer"]["identifier"]["value"] == "99000001"
    assert "M-1" not in json.dumps(answer)


async def keyed(desk: Counter, body: Json, key: str, path: str = ELIGIBILITY_PATH) -> httpx.Response:
    """Ask under an Idempotency-Key."""
    raw = json.dumps(body).encode()
    proof = desk.key.proof("POST", URL + path, handle=HANDLE, at=SystemClock().now().timestamp(), body=raw)
    headers = {"Authorization": f"DPoP {HANDLE}", "DPoP": proof.decode(), "Idempotency-Key": key}
    return await desk.http.post(path, content=raw, headers=headers)


def test_the_same_bytes_twice_are_one_ask_and_tell_where_the_answer_is(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            told = [await keyed(desk, about(nir), nir) for nir in (PAUL, PAUL, STRANGER, STRANGER)]
            return [*told, await keyed(desk, about(LATER), PAUL)]

    shown, again, missed, missed_again, other = asyncio.run(run())
    assert faults_of(again.json()) == faults_of(missed_again.json()) == []
    assert again.json()["preAuthRef"] == shown.json()["preAuthRef"]
    assert again.json()["error"][0]["code"]["coding"][0]["code"] == "replayed"
    assert missed.json()["error"][0]["code"]["coding"][0]["code"] == "not-shown"
    assert "preAuthRef" not in missed_again.json()
    assert len({len(one.content) for one in (shown, again, missed, missed_again)}) == 1
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert outcomes(world) == [1, 2], "two lines for four requests"


class Wallet:
    """A verifier as an operator would install it: whatever it is shown is the person asked for, under one number."""

    def __init__(self, body: Json) -> None:
        asked = Eligibility(SystemClock(), real=False).read(json.dumps(body).encode())
        self.who = parse_question(asked.question, date_of(paris_day(SystemClock().now()))).who.canonical()

    async def verify(self, proof: str, _place: EstablishmentId) -> Verified | None:
        return Verified(self.who, proof) if proof == "shown" else None


def test_once_presence_is_proved_the_reason_is_told_in_as_many_bytes(world: World, keyring: Keyring) -> None:
    body = about(UNCOVERED)

    def proved(proof: str) -> Json:
        parts = [{"url": "means", "valueString": "wallet"}, {"url": "proof", "valueString": proof}]
        return {**body, "extension": [{"url": PRESENCE, "extension": parts}]}

    async def run() -> list[httpx.Response]:
        async with counter(world, keyring, verifiers={"wallet": Wallet(body)}) as desk:
            return [await desk.post(ELIGIBILITY_PATH, one) for one in (body, proved("shown"), proved("made up"))]

    hidden, told, refused = asyncio.run(run())
    assert len(hidden.content) == len(told.content) == ANSWER_BYTES
    assert hidden.json()["error"][0]["code"]["coding"][0]["code"] == "not-shown"
    assert told.json()["error"][0]["code"]["coding"][0]["code"] == "not_eligible"
    assert told.json()["error"][0]["code"]["text"] == REASONS[Outcome.NOT_ELIGIBLE].sentence.fr
    assert ("extension" in hidden.json(), "extension" in told.json()) == (True, False), "nothing else would change it"
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_refused")


def test_a_domain_of_another_profession_is_refused_whoever_is_asked_for(world: World, keyring: Keyring) -> None:
    async def run() -> list[httpx.Response]:
        async with counter(world, keyring) as desk:
            return [await desk.post(ELIGIBILITY_PATH, about(nir, domain="OPTI")) for nir in (PAUL, STRANGER)]

    told = asyncio.run(run())
    assert len({seen(one) for one in told}) == 1
    assert told[0].status_code == 403


def refusals(database: Database, tmp_path: Path) -> dict[str, Told]:
    """What the whole API, counter in front, says to what is wrong."""

    async def run() -> dict[str, Told]:
        world = make_walk_world(database, tmp_path)
        async with open_sites(world) as sites:
            login, api, found = world.open_session(since_days=0), sites.apps["api"], {}

            async def send(name: str, body: bytes, path: str = ELIGIBILITY_PATH, **headers: str) -> None:
                at = SystemClock().now().timestamp()
                proof = login.key.proof("POST", API_URL + path, handle=login.handle, at=at, body=body).decode()
                given = {"authorization": f"DPoP {login.handle}", "dpop": proof} | headers
                found[name] = await ask(api, "POST", path, given, body)

            sent = json.dumps(about(PAUL, domain="AUDI")).encode()
            await send("asked", sent)
            await send("encoded", sent, ELIGIBILITY_PATH.replace("$", "%24"))
            await send("huge", b" " * (BYTES_MAX + 1))
            await send("no JSON", b"{")
            await send("deep", b'{"x":' + 1200 * b"[" + 1200 * b"]" + b"}")
            await send("other", b'{"resourceType": "Claim"}')
            await send("unknown", json.dumps(about(PAUL) | {"diagnosis": []}).encode())
            await send("date", json.dumps(about(PAUL, domain="AUDI") | {"servicedDate": "2026-02-30"}).encode())
            await send("number", json.dumps(about(PAUL[:-1] + "0", domain="AUDI")).encode())
            await send("key", sent, **{"idempotency-key": "a b"})
            await send("proof of another body", sent, dpop="x.y.z")
            await send("profession", json.dumps(about(PAUL)).encode())
            found["nobody"] = await ask(api, "POST", ELIGIBILITY_PATH, {}, sent)
            found["method"] = await ask(api, "GET", ELIGIBILITY_PATH, {}, b"")
            found["address"] = await ask(api, "GET", "/fhir/Patient", {}, b"")
            found["metadata"] = await ask(api, "GET", METADATA_PATH, {}, b"")
            found["v1"] = await ask(api, "POST", "/v1/rights", {}, b"{}")
            return found

    return asyncio.run(run())


KIND = "CoverageEligibilityRequest"
REFUSED: dict[str, tuple[int, str, str, str | None]] = {
    "huge": (413, "too_large", "too-long", None),
    "no JSON": (422, "field", "structure", "body"),
    "deep": (422, "field", "structure", "body"),
    "other": (422, "field", "structure", "resourceType"),
    "unknown": (422, "field", "structure", f"{KIND}.diagnosis"),
    "date": (422, "field", "value", f"{KIND}.servicedDate"),
    "number": (422, "field", "value", f"{KIND}.contained[0].identifier[0].value"),
    "key": (422, "field", "value", "http.Idempotency-Key"),
    "proof of another body": (401, "proof_header", "login", None),
    "profession": (403, "not_allowed", "forbidden", None),
    "nobody": (401, "session_unknown", "login", None),
    "method": (405, "method", "not-supported", None),
    "address": (404, "not_found", "not-found", None),
}


def test_every_refusal_is_an_operation_outcome_with_the_code_of_v1(database: Database, tmp_path: Path) -> None:
    answers, found = refusals(database, tmp_path), dict[str, Any]()
    for name in REFUSED:
        told = answers[name]
        headers = dict(told.headers)
        assert headers["content-type"] == "application/fhir+json", name
        assert int(headers["content-length"]) == len(told.content)
        assert headers["cache-control"] == "no-store"
        assert Count(one for one, _ in told.headers)["content-length"] == 1
        assert faults_of(told.json()) == [], name
        (issue,) = told.json()["issue"]
        place = issue.get("expression", [None])[0]
        found[name] = (told.status, issue["details"]["coding"][0]["code"], issue["code"], place)
        assert PAUL[:13] not in told.text
    assert found == REFUSED
    assert "www-authenticate" in dict(answers["nobody"].headers)
    for name in ("asked", "encoded"):  # one address, however it is written
        assert (answers[name].status, len(answers[name].content)) == (200, ANSWER_BYTES), answers[name].text
    assert dict(answers["v1"].headers)["content-type"] == "application/problem+json"
    statement = answers["metadata"]
    assert (statement.status, statement.json()["resourceType"]) == (200, "CapabilityStatement")
    assert dict(statement.headers)["content-type"].startswith("application/fhir+json")
