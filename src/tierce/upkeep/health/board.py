"""The operator's dashboard: which figures stand side by side, in both languages, and as Grafana takes them in.

Every expression reads figures of /metrics and of `tierce health metrics` alone; none of their labels names anybody. A
test holds each figure to what is served, each expression to a parser of PromQL that is not ours, and the whole to
Grafana's own published schema.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tierce.kernel.language import Language, Phrase

_WIDTH: Final = 24
"""Columns of Grafana's grid."""
_SOURCE: Final[Mapping[str, str]] = {"type": "prometheus", "uid": "${source}"}
_TITLE: Final = Phrase("Tierce : l’installation", "Tierce: the installation")
_SOURCE_LABEL: Final = Phrase("Source", "Source")
_UNNAMED: Final = Phrase("__auto", "__auto")
"""Grafana's own word for a curve that needs no name."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One expression in PromQL, and the name of what it draws: a label in braces, or a text."""

    expression: str
    legend: Phrase


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure, or several on one drawing.

    `bad_from` is where the runbook of alerts begins to act, in the panel's unit: drawn as a line, or in red.
    """

    title: Phrase
    says: Phrase
    curves: Sequence[Curve]
    unit: str = "short"
    bad_from: float | None = None
    now: bool = False
    """One number as it is now, in place of a curve."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that answer one question, side by side."""

    asks: Phrase
    panels: Sequence[Panel]


def _by(label: str) -> Phrase:
    return Phrase(f"{{{{{label}}}}}", f"{{{{{label}}}}}")


def _one(expression: str, legend: Phrase | None = None) -> tuple[Curve]:
    return (Curve(expression, legend or _UNNAMED),)


_ASK_SECONDS: Final = 'sum by (le) (rate(tierce_request_seconds_bucket{lane="ask"}[5m]))'

ROWS: Final[Sequence[Row]] = (
    Row(
        Phrase("Est-ce que tout sert ?", "Does everything serve?"),
        (
            Panel(
                Phrase("Processus sans réponse", "Processes that do not answer"),
                Phrase(
                    "Sites, signataire et `peers`. Alerte ProcessDown.",
                    "Sites, signer and `peers`. Alert ProcessDown.",
                ),
                _one('count(up{job="tierce"} == 0) or vector(0)'),
                bad_from=1,
                now=True,
            ),
            Panel(
                Phrase("Contrôles qui échouent", "Checks that fail"),
                Phrase(
                    "Alerte NotReady : le détail est dans `tierce doctor`.", "Alert NotReady: ask `tierce doctor`."
                ),
                _one("count(tierce_ready == 0) or vector(0)"),
                bad_from=1,
                now=True,
            ),
            Panel(
                Phrase("Une demande sur cent dépasse", "One ask in a hundred takes over"),
                Phrase(
                    "Au guichet, accès compris. Alerte GateSlow à 250 ms.",
                    "At the door, the gate included. Alert GateSlow at 250 ms.",
                ),
                _one(f"histogram_quantile(0.99, {_ASK_SECONDS})"),
                unit="s",
                bad_from=0.25,
                now=True,
            ),
            Panel(
                Phrase("Ligne de journal la plus ancienne", "Oldest line of the journal"),
                Phrase(
                    "Pas encore sous un point de contrôle. Alerte JournalNotSequenced à 10 s.",
                    "Not under a checkpoint yet. Alert JournalNotSequenced at 10 s.",
                ),
                _one("tierce_journal_lag_seconds"),
                unit="s",
                bad_from=10,
                now=True,
            ),
            Panel(
                Phrase("Facture la plus ancienne", "Oldest invoice that waits"),
                Phrase(
                    "Ou accord préalable. Alerte InvoicesWait à 15 min.",
                    "Or agreement. Alert InvoicesWait at 15 min.",
                ),
                _one("tierce_invoice_oldest_seconds"),
                unit="s",
                bad_from=900,
                now=True,
            ),
            Panel(
                Phrase("Retenues en vigueur", "Holds in force"),
                Phrase("Toutes ; par barreau de l’échelle, plus bas.", "All; by rung of the ladder, below."),
                _one("sum(tierce_holds) or vector(0)"),
                now=True,
            ),
        ),
    ),
    Row(
        Phrase("Que répond l’accès ?", "What does the gate answer?"),
        (
            Panel(
                Phrase("Demandes par seconde", "Asks a second"),
                Phrase(
                    "Ce qui se ressemble de l’extérieur est compté ensemble.",
                    "What looks the same from outside is counted together.",
                ),
                (Curve("sum by (outcome) (rate(tierce_gate_asks_total[5m]))", _by("outcome")),),
                unit="reqps",
            ),
            Panel(
                Phrase("Durée d’une demande", "Time of an ask"),
                Phrase("La moitié, et toutes sauf une sur cent.", "One half, and all but one in a hundred."),
                (
                    Curve(f"histogram_quantile(0.5, {_ASK_SECONDS})", Phrase("la moitié", "one half")),
                    Curve(f"histogram_quantile(0.99, {_ASK_SECONDS})", Phrase("99 sur 100", "99 in 100")),
                ),
                unit="s",
                bad_from=0.25,
            ),
            Panel(
                Phrase("Temps d’un lot, par étape", "Time of a batch, by step"),
                Phrase("Ouvrir, décider, écrire.", "Open, decide, write."),
                (
                    Curve(
                        "sum by (part) (rate(tierce_gate_seconds_total[5m]))"
                        " / on () group_left () sum(rate(tierce_gate_batches_total[5m]))",
                        _by("part"),
                    ),
                ),
                unit="s",
            ),
            Panel(
                Phrase("File et reprises", "Queue and retries"),
                Phrase(
                    "Demandes en attente ; lots défaits par un verrou et repris. Alerte GateQueueLong à 500.",
                    "Asks that wait; batches undone by a lock and tried again. Alert GateQueueLong at 500.",
                ),
                (
                    Curve("sum(tierce_gate_waiting)", Phrase("en attente", "waiting")),
                    Curve("sum(rate(tierce_gate_retries_total[5m]))", Phrase("reprises par s", "retries a second")),
                ),
                bad_from=500,
            ),
        ),
    ),
    Row(
        Phrase("Que répondent les sites ?", "What do the sites answer?"),
        (
            Panel(
                Phrase("Réponses par seconde", "Answers a second"),
                Phrase("Par classe d’état HTTP.", "By class of HTTP status."),
                (Curve("sum by (status) (rate(tierce_requests_total[5m]))", _by("status")),),
                unit="reqps",
            ),
            Panel(
                Phrase("Erreurs de notre fait", "Errors of ours"),
                Phrase(
                    "Toutes, et par port du site. Alerte RequestsFail à 0,1 par seconde en tout.",
                    "All, and by port of the site. Alert RequestsFail at 0.1 a second in all.",
                ),
                (
                    Curve('sum(rate(tierce_requests_total{status="5xx"}[5m]))', Phrase("tous", "all")),
                    Curve('sum by (instance) (rate(tierce_requests_total{status="5xx"}[5m]))', _by("instance")),
                ),
                unit="reqps",
                bad_from=0.1,
            ),
            Panel(
                Phrase("Requêtes en cours", "Requests under way"),
                Phrase("Par port du site.", "By port of the site."),
                (Curve("sum by (instance) (tierce_requests_under_way)", _by("instance")),),
            ),
        ),
    ),
    Row(
        Phrase("Le journal suit-il ?", "Does the journal keep up?"),
        (
            Panel(
                Phrase("Lignes mises en ordre par seconde", "Lines sequenced a second"),
                Phrase("Par le worker.", "By the worker."),
                _one("rate(tierce_worker_sequenced_total[5m])", Phrase("lignes", "lines")),
                unit="ops",
            ),
            Panel(
                Phrase("Lignes en attente", "Lines that wait"),
                Phrase("Vues du worker et de la base.", "As the worker and the database see them."),
                (
                    Curve("tierce_journal_waiting", Phrase("worker", "worker")),
                    Curve("tierce_journal_waiting_lines", Phrase("base", "database")),
                ),
            ),
            Panel(
                Phrase("Âge du point de contrôle", "Age of the checkpoint"),
                Phrase("Sans demande, il vieillit sans dommage.", "Without asks it grows old, and no harm is done."),
                _one("tierce_journal_checkpoint_age_seconds", Phrase("âge", "age")),
                unit="s",
            ),
            Panel(
                Phrase("Tour du worker", "Turn of the worker"),
                Phrase("Tous sauf un sur cent.", "All but one in a hundred."),
                _one(
                    "histogram_quantile(0.99, rate(tierce_worker_turn_seconds_bucket[5m]))",
                    Phrase("99 sur 100", "99 in 100"),
                ),
                unit="s",
            ),
        ),
    ),
    Row(
        Phrase("Qui est retenu, qu’est-ce qui attend ?", "Who is held, what waits?"),
        (
            Panel(
                Phrase("Retenues en vigueur", "Holds in force"),
                Phrase("Alerte HoldsRising : cinq de plus en une heure.", "Alert HoldsRising: five more in an hour."),
                (Curve("tierce_holds", _by("rung")),),
            ),
            Panel(
                Phrase("Appareils retenus par la veille", "Devices held by the watch"),
                Phrase("Par heure.", "An hour."),
                _one("increase(tierce_worker_holds_total[1h])", Phrase("appareils", "devices")),
            ),
            Panel(
                Phrase("Dépôts à traiter", "Deposits to resolve"),
                Phrase(
                    "Taille de la file sur disque. Alerte SpoolGrows.",
                    "Size on disk of what waits. Alert SpoolGrows.",
                ),
                _one("tierce_spool_bytes", Phrase("octets", "bytes")),
                unit="bytes",
            ),
            Panel(
                Phrase("Dépôts traités par minute", "Deposits resolved a minute"),
                Phrase("Par le worker.", "By the worker."),
                _one("60 * rate(tierce_worker_deposits_total[5m])", Phrase("dépôts", "deposits")),
            ),
        ),
    ),
    Row(
        Phrase("Chacun est-il prévenu ?", "Is everybody told?"),
        (
            Panel(
                Phrase("Messages mis de côté", "Messages set aside"),
                Phrase("Par voie. Alerte MessagesAside.", "By road. Alert MessagesAside."),
                (Curve("sum by (road) (tierce_messages_aside)", _by("road")),),
                bad_from=0,
            ),
            Panel(
                Phrase("Dernier tour des envois", "Last turn of the sending"),
                Phrase("Un par minute. Alerte NoticesSilent.", "One a minute. Alert NoticesSilent."),
                _one('tierce_heartbeat_age_seconds{process="notices"}'),
                unit="s",
                bad_from=180,
            ),
        ),
    ),
    Row(
        Phrase("Le travail de fond se fait-il ?", "Is the work behind done?"),
        (
            Panel(
                Phrase("Dernier signe de vie", "Last sign of life"),
                Phrase("Des processus sans page.", "Of the processes that serve no page."),
                (Curve("tierce_heartbeat_age_seconds", _by("process")),),
                unit="s",
            ),
            Panel(
                Phrase("Travaux de nuit : depuis leur dernière fin", "Jobs of the night: since they last ended"),
                Phrase(
                    "Sauvegarde, scellement, conservation. Alertes à 30 h. Jamais terminé : rien n’est dessiné.",
                    "Backup, sealing, retention. Alerts at 30 h. One that never ended is not drawn.",
                ),
                (
                    Curve(
                        "time() - (tierce_job_ended_timestamp_seconds > 0)",
                        _by("kind"),
                    ),
                ),
                unit="s",
                bad_from=108_000,
            ),
            Panel(
                Phrase("Fichiers en cours d’import", "Files being taken in"),
                Phrase("Par sorte. Alerte ImportStuck à six heures.", "By kind. Alert ImportStuck at six hours."),
                (Curve("tierce_imports_running", _by("kind")),),
            ),
            Panel(
                Phrase("Place libre", "Room left"),
                Phrase("Disques de la file et du journal publié.", "Disks of the spool and of the published log."),
                (Curve("tierce_disk_free_ratio", _by("part")),),
                unit="percentunit",
            ),
        ),
    ),
)


def dashboard(language: Language) -> dict[str, Any]:
    """The whole, as Grafana takes it in (its JSON model, schema 36); the source of figures is asked there."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        height = 4 if row.panels[0].now else 8
        panels.append(_heading(row.asks[language], len(panels) + 1, top))
        top += 1
        wide = _WIDTH // len(row.panels)
        for place, panel in enumerate(row.panels):
            at = {"x": place * wide, "y": top, "w": wide, "h": height}
            panels.append(_drawn(panel, language, len(panels) + 1, at))
        top += height
    source = {"name": "source", "label": _SOURCE_LABEL[language], "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"tierce-{language}",
        "title": _TITLE[language],
        "tags": ["tierce"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": 36,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def _heading(text: str, number: int, top: int) -> dict[str, Any]:
    at = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": text, "collapsed": False, "gridPos": at, "panels": []}


def _drawn(panel: Panel, language: Language, number: int, at: Mapping[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    options: dict[str, Any]
    if panel.now:
        options = {"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
    else:
        line = {"fillOpacity": 10, "showPoints": "never", "spanNulls": False}
        marked = {"thresholdsStyle": {"mode": "line" if panel.bad_from is not None else "off"}}
        defaults["custom"] = {**line, **marked}
        options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    return {
        "id": number,
        "type": "stat" if panel.now else "timeseries",
        "title": panel.title[language],
        "description": panel.says[language],
        "datasource": dict(_SOURCE),
        "gridPos": dict(at),
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": "ABCDEFGH"[place],
                "datasource": dict(_SOURCE),
                "expr": curve.expression,
                "legendFormat": curve.legend[language],
            }
            for place, curve in enumerate(panel.curves)
        ],
    }
