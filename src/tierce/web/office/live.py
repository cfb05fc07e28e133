"""What is happening now, one line with its proof, one account's story, and who stands on the ladder."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from psycopg import Connection

from tierce.incidents.lines import store
from tierce.incidents.lines.model import Counts, Hold, Line, Reported, Stretch
from tierce.incidents.store import device_uses
from tierce.journal.errors import NotSequencedError, ProofRefusedError
from tierce.journal.merkle import leaf_hash
from tierce.journal.service import Proof, prove
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.ids import EntrySeq, ProfessionalId
from tierce.policy.acts import Act
from tierce.policy.ladder import RUNG_LABELS, Rung
from tierce.web.office.site import OfficeSite
from tierce.web.visit import AnyRequest

LIVE_LINES = 25
STORY_STRETCHES = 120
REPORTS = 100


@dataclass(frozen=True, slots=True)
class ProofView:
    """A proof as the page says it."""

    index: int
    size: int
    path_length: int
    root: str
    leaf: str
    holds: bool


@dataclass(frozen=True, slots=True)
class StoryItem:
    """One point of an account's story: a stretch of lines, a hold that begins, or a person's answer."""

    stretch: Stretch | None = None
    hold: Hold | None = None
    reported: Reported | None = None


def live_handlers(site: OfficeSite) -> list[HTTPRouteHandler]:
    """Make the routes that read the journal without any person's identity."""

    @get("/", opt={"act": Act.STAFF_LIVE})
    async def live(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        return site.page(visit, "live.html", await _live_values(site))

    @get("/live/lines", opt={"act": Act.STAFF_LIVE})
    async def live_lines(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        return site.page(visit, "_lines.html", await _live_values(site))

    @get("/lines/{seq:int}", opt={"act": Act.STAFF_LIVE})
    async def line(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        found, proof = await site.rows.read(_line_and_proof(site.log_key, EntrySeq(seq)))
        if found is None:
            raise NotFoundException
        return site.page(visit, "line.html", {"line": found, "proof": proof})

    @get("/lines/{seq:int}/proof.json", opt={"act": Act.STAFF_LIVE})
    async def proof_file(request: AnyRequest, seq: FromPath[int]) -> Response[str]:
        await site.visit(request)
        number = EntrySeq(seq)
        found = await site.rows.read(lambda connection: store.line(connection, number))
        if found is None:
            raise NotFoundException
        proof = await site.rows.read(lambda connection: prove(connection, number))
        return Response(
            proof.to_json(),
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="preuve-{seq}.json"'},
        )

    @get("/accounts/{professional:int}", opt={"act": Act.STAFF_LIVE})
    async def account(request: AnyRequest, professional: FromPath[int]) -> Response[str]:
        visit = await site.visit(request)
        number = ProfessionalId(professional)
        values = await site.rows.read(lambda connection: _account_values(connection, number))
        if values is None:
            raise NotFoundException
        return site.page(visit, "account.html", {**values, "now": site.clock.now()})

    @get("/ladder", opt={"act": Act.STAFF_LIVE})
    async def ladder(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        now = site.clock.now()
        holds = await site.rows.read(lambda connection: store.live_holds(connection, now))
        rungs = [(rung, [hold for hold in holds if hold.rung is rung]) for rung in sorted(Rung, reverse=True) if rung]
        return site.page(visit, "ladder.html", {"rungs": rungs, "holds": holds, "rung_labels": RUNG_LABELS})

    @get("/reports", opt={"act": Act.STAFF_LIVE})
    async def reports(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        found = await site.rows.read(lambda connection: store.reports(connection, REPORTS))
        return site.page(visit, "reports.html", {"reports": found})

    return [live, live_lines, line, proof_file, account, ladder, reports]


async def _live_values(site: OfficeSite) -> dict[str, object]:
    now = site.clock.now()

    def read(connection: Connection) -> tuple[list[Line], list[Hold], Counts]:
        return (
            store.latest(connection, LIVE_LINES),
            store.live_holds(connection, now),
            store.counts(connection),
        )

    lines, holds, counts = await site.rows.read(read)
    return {"lines": lines, "holds": holds, "counts": counts, "now": now}


def _line_and_proof(log_key: str, seq: EntrySeq) -> Callable[[Connection], tuple[Line | None, ProofView | None]]:
    def read(connection: Connection) -> tuple[Line | None, ProofView | None]:
        found = store.line(connection, seq)
        if found is None:
            return None, None
        try:
            return found, _view(prove(connection, seq), log_key)
        except NotSequencedError:
            return found, None

    return read


def _view(proof: Proof, log_key: str) -> ProofView:
    """Check the very file that would be downloaded, by code that shares nothing with what wrote it."""
    try:
        check_proof(proof.to_json(), log_key)
        holds = True
    except ProofRefusedError:
        holds = False
    root = proof.checkpoint.split("\n")[2]
    leaf = leaf_hash(bytes.fromhex(proof.entry)).hex()
    return ProofView(proof.index, proof.size, len(proof.path), root, leaf, holds)


def _account_values(connection: Connection, number: ProfessionalId) -> dict[str, object] | None:
    account = store.account(connection, number)
    if account is None:
        return None
    stretches = store.stretches(connection, number, STORY_STRETCHES)
    holds = store.holds_of(connection, number)
    return {
        "account": account,
        "story": tell(stretches, holds, store.reports(connection, REPORTS, number)),
        "holds": holds,
        "devices": device_uses(connection, number),
        "shown": sum(one.lines for one in stretches if one.outcome.name == "RELEASED"),
        "cut": len(stretches) == STORY_STRETCHES,
        "rung_labels": RUNG_LABELS,
    }


def tell(stretches: list[Stretch], holds: list[Hold], reports: list[Reported]) -> list[StoryItem]:
    """Put an account's lines, its holds and the answers "it was not me" in one order of time."""
    points = [(one.first_at, StoryItem(stretch=one)) for one in stretches]
    points += [(one.since, StoryItem(hold=one)) for one in holds]
    points += [(one.at, StoryItem(reported=one)) for one in reports]
    return [item for _, item in sorted(points, key=lambda point: point[0])]
