"""`tierce directory`: who is a client, who stands in for whom, and what was true on an earlier day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from psycopg import Connection
from rich.console import Console

from tierce.directory.addresses import take_contacts
from tierce.directory.model import STATUS_LABELS, Actor, Enrolment, Professional, Standing, Status, Substitution
from tierce.directory.service import Clients
from tierce.feeds.rejects import rejects_beside
from tierce.journal.service import Appender
from tierce.kernel.care import PROFESSION_LABELS, Profession
from tierce.kernel.clock import SystemClock, date_of, day_of, paris_day
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import MAX_ID, SessionId, StaffId
from tierce.kernel.language import Language
from tierce.settings import load
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.keys import Keyring
from tierce.storage.said import said
from tierce.upkeep.progress import bar

ROLE: Final = "tierce_office"
INSTANCE: Final = "office"

_EPILOG = """
Exemples / examples:

  tierce directory waiting --settings tierce.toml

  tierce directory show 899900000011 --settings tierce.toml

  tierce directory show 899900000011 --on 2026-03-02 --settings tierce.toml

  tierce directory enrol 899900000011 990000010 --contract C-2026-118 --by "Hélène Vasseur" --reason "convention signée" --settings tierce.toml

  tierce directory enrol-listed --by "Hélène Vasseur" --reason "premier jour" --settings tierce.toml

  tierce directory suspend 899900000011 990000010 --by "Hélène Vasseur" --reason "convention à revoir" --settings tierce.toml

  tierce directory end 899900000011 990000010 --by "Hélène Vasseur" --reason "cabinet fermé" --settings tierce.toml

  tierce directory substitute 899900000029 899900000011 990000010 --from 2026-12-01 --until 2026-12-12 --by "Hélène Vasseur" --reason "congés" --settings tierce.toml

  tierce directory end-substitute 12 --by "Hélène Vasseur" --settings tierce.toml

  tierce directory contact 899900000011 --email cabinet@exemple.example --postal "4 rue X" --postal "99000 Y" --by "Hélène Vasseur" --settings tierce.toml

  tierce directory contacts clients.csv --by "Hélène Vasseur" --settings tierce.toml

  tierce directory history 899900000011 --settings tierce.toml --json -

Sortie / exit: 0 fait / done, 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line

app = typer.Typer(add_completion=False, no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="Identifiant national, 8 + RPPS. / National identifier, 8 + RPPS.")]
PlaceNumber = Annotated[str, typer.Argument(help="FINESS, SIRET ou numéro de structure. / FINESS, SIRET or number.")]
By = Annotated[str, typer.Option(help="Votre nom, gardé dans l’histoire. / Your name, kept in the history.")]
Reason = Annotated[str, typer.Option(help="Pourquoi, en une phrase. / Why, in a sentence.")]


@app.callback()
def directory() -> None:
    """Clients, remplaçants, histoire. / Clients, substitutes, history."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """One command's connection and use cases."""

    connection: Connection
    clients: Clients

    def actor(self, name: str) -> Actor:
        """Whoever runs the command, by the name she gives; the journal has a number derived from it."""
        number = int.from_bytes(sha256(b"tierce-command-v1" + name.encode()).digest()[:8]) & MAX_ID
        return Actor(f"{name} (commande)", StaffId(number or 1), SessionId(0))


@contextmanager
def open_desk(settings_file: Path) -> Iterator[_Desk]:
    """Open what a command needs, and turn a refusal into one red line and exit 2."""
    console = Console(stderr=True)
    try:
        settings = load(settings_file)
        keyring = Keyring(settings.key_directory(), ())
        with settings.connection().connect(ROLE) as connection:
            appender = Appender.enrol(connection, INSTANCE, keyring.instance(INSTANCE))
        with settings.connection().connect(ROLE, autocommit=True) as connection:
            yield _Desk(connection, Clients(appender, SystemClock()))
    except TierceError as error:
        console.print(f"✗ {said(error)}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


@app.command(epilog=_EPILOG)
def waiting(*, settings: SettingsFile, json: Json = "") -> None:
    """Lister les demandes qui attendent. / List the applications that wait."""
    with open_desk(settings) as desk:
        found = desk.clients.enrolments(desk.connection, status=Status.APPLIED)
    _tell(json, {"waiting": [_enrolment(one) for one in found]}, [_say_enrolment(one) for one in found] or ["—"])


@app.command(epilog=_EPILOG)
def show(
    *,
    number: Number,
    settings: SettingsFile,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Qui était-elle ce jour-là ? / Who was she on that day?"),
    ] = None,
    json: Json = "",
) -> None:
    """Montrer un professionnel : activités, inscriptions, remplacements. / Show a professional."""
    with open_desk(settings) as desk:
        found = desk.clients.find(desk.connection, number)
        day = day_of(on.date()) if on else paris_day(SystemClock().now())
        standing = desk.clients.standing(desk.connection, found, day)
        enrolments = desk.clients.enrolments(desk.connection, professional=found.id)
        substitutions = desk.clients.substitutions(desk.connection, professional=found.id, over_too=on is not None)
    told = {
        **_professional(found),
        **_standing(standing),
        "enrolments": [_enrolment(one) for one in enrolments],
        "substitutions": [_substitution(one) for one in substitutions],
    }
    lines = [f"{found.national_id}  {found.given_name} {found.family_name}", *_say_standing(standing)]
    lines += [_say_enrolment(one) for one in enrolments] + [_say_substitution(one) for one in substitutions]
    _tell(json, told, lines)


@app.command(epilog=_EPILOG)
def history(*, number: Number, settings: SettingsFile, json: Json = "") -> None:
    """Tout ce que l’annuaire a dit d’un professionnel. / Everything the directory ever said of a professional."""
    with open_desk(settings) as desk:
        found = desk.clients.history(desk.connection, desk.clients.find(desk.connection, number))
    told: list[dict[str, Any]] = [
        {
            "kind": one.kind.name,
            "row": one.subject,
            "from": date_of(one.from_day).isoformat(),
            "until": None if one.until_day is None else date_of(one.until_day).isoformat(),
            "said": dict(one.said),
        }
        for one in found
    ]
    lines = [
        f"{one['kind']:<14}{one['from']} → {one['until'] or '…':<12}"
        + ", ".join(f"{name} {value}" for name, value in one["said"].items() if value not in (None, "", []))
        for one in told
    ]
    _tell(json, {"versions": told}, lines)


@app.command(epilog=_EPILOG)
def enrol(
    *,
    number: Number,
    place: PlaceNumber,
    settings: SettingsFile,
    by: By,
    reason: Reason,
    contract: Annotated[str, typer.Option(help="Référence de la convention. / Reference of the contract.")] = "",
    manager: Annotated[
        bool, typer.Option("--manager", help="Responsable : inscrit ses collègues. / Manager: enrols colleagues.")
    ] = False,
    json: Json = "",
) -> None:
    """Inscrire un professionnel dans un établissement. / Enrol a professional at an establishment."""
    with open_desk(settings) as desk:
        person, where = desk.clients.find(desk.connection, number), desk.clients.find_place(desk.connection, place)
        found = desk.clients.enrol(
            desk.connection, desk.actor(by), person, where, contract=contract, reason=reason, manager=manager
        )
    _tell(json, _enrolment(found), [_say_enrolment(found)])


@app.command(name="enrol-listed", epilog=_EPILOG)
def enrol_listed(*, settings: SettingsFile, by: By, reason: Reason, contract: str = "", json: Json = "") -> None:
    """Inscrire tous ceux que l’annuaire nomme : premier jour. / Enrol everybody the directory lists: first day."""
    with open_desk(settings) as desk:
        made = desk.clients.enrol_listed(desk.connection, desk.actor(by), contract=contract, reason=reason)
    _tell(json, {"enrolled": made}, [f"{made} inscriptions / enrolments"])


@app.command(epilog=_EPILOG)
def contact(
    *,
    number: Number,
    settings: SettingsFile,
    by: By,
    email: Annotated[str, typer.Option(help="Adresse électronique. / E-mail address.")] = "",
    postal: Annotated[
        list[str] | None, typer.Option(help="Une ligne d’adresse, à répéter. / A line of the address; repeat it.")
    ] = None,
    language: Annotated[Language, typer.Option(help="Langue des messages. / Language of messages.")] = Language.FR,
) -> None:
    """Noter comment écrire à un client, s’il faut le prévenir. / Keep how to write to a client, should he be told."""
    with open_desk(settings) as desk:
        found = desk.clients.find(desk.connection, number)
        desk.clients.write_contact(
            desk.connection, desk.actor(by), found, email=email or None, postal=tuple(postal or ()),
            language=language.value,
        )  # fmt: skip
    typer.echo(f"✓ {number}")


@app.command(epilog=_EPILOG)
def contacts(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV : number,email,address_1…,language.")
    ],
    *,
    settings: SettingsFile,
    by: By,
    json: Json = "",
) -> None:
    """Prendre d’un fichier comment écrire aux clients ; tout ou rien. / Take in a file how to write to clients."""
    with open_desk(settings) as desk, rejects_beside(file) as rejects, bar("contacts") as progress:
        taken = take_contacts(
            desk.clients, desk.connection, desk.actor(by), file, refuse=rejects.add, progress=progress
        )
    _tell(json, {"taken": taken}, [f"{taken} contacts"])


def _moved(
    settings: Path, number: str, place: str, json: str, move: Callable[[_Desk, Professional, Any], Enrolment]
) -> None:
    with open_desk(settings) as desk:
        person, where = desk.clients.find(desk.connection, number), desk.clients.find_place(desk.connection, place)
        found = move(desk, person, where)
    _tell(json, _enrolment(found), [_say_enrolment(found)])


@app.command(epilog=_EPILOG)
def suspend(
    *, number: Number, place: PlaceNumber, settings: SettingsFile, by: By, reason: Reason, json: Json = ""
) -> None:
    """Suspendre une inscription : refus à la demande suivante. / Suspend an enrolment: refused at the next ask."""
    _moved(settings, number, place, json, lambda desk, person, where: desk.clients.suspend(
        desk.connection, desk.actor(by), person, where, reason=reason))  # fmt: skip


@app.command(epilog=_EPILOG)
def end(
    *, number: Number, place: PlaceNumber, settings: SettingsFile, by: By, reason: Reason, json: Json = ""
) -> None:
    """Terminer une inscription, ou refuser une demande. / End an enrolment, or refuse an application."""
    _moved(settings, number, place, json, lambda desk, person, where: desk.clients.end(
        desk.connection, desk.actor(by), person, where, reason=reason))  # fmt: skip


@app.command(epilog=_EPILOG)
def substitute(
    *,
    number: Annotated[str, typer.Argument(help="Identifiant du remplaçant. / The substitute's identifier.")],
    replaced: Annotated[str, typer.Argument(help="Identifiant de la personne remplacée. / Whom she replaces.")],
    place: PlaceNumber,
    settings: SettingsFile,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Premier jour. / First day.")],
    last: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Dernier jour. / Last day.")],
    by: By,
    reason: Reason,
    profession: Annotated[
        str, typer.Option("--as", help="Profession prêtée, s’il y en a plusieurs. / The one lent, of several.")
    ] = "",
    json: Json = "",
) -> None:
    """Déclarer un remplaçant pour des jours bornés. / Declare a substitute for bounded days."""
    if profession and profession not in Profession.__members__:
        raise typer.BadParameter(", ".join(Profession.__members__), param_hint="--as")
    with open_desk(settings) as desk:
        found = desk.clients.declare_substitute(
            desk.connection,
            desk.actor(by),
            desk.clients.find(desk.connection, number),
            desk.clients.find(desk.connection, replaced),
            desk.clients.find_place(desk.connection, place),
            (day_of(first.date()), day_of(last.date())),
            reason=reason,
            profession=Profession[profession] if profession else None,
        )
    _tell(json, _substitution(found), [_say_substitution(found)])


@app.command(name="end-substitute", epilog=_EPILOG)
def end_substitute(
    *,
    number: Annotated[int, typer.Argument(help="Numéro du remplacement. / The substitution's number.")],
    settings: SettingsFile,
    by: By,
    json: Json = "",
) -> None:
    """Terminer un remplacement dès aujourd’hui. / End a substitution from today on."""
    with open_desk(settings) as desk:
        found = desk.clients.end_substitution(desk.connection, desk.actor(by), number)
    _tell(json, _substitution(found), [_say_substitution(found)])


def _tell(json: str, told: dict[str, Any], lines: list[str]) -> None:
    if json == "-":
        typer.echo(msgspec.json.encode(told))
    else:
        typer.echo("\n".join(lines))


def _label(profession: Profession | None) -> str:
    return PROFESSION_LABELS[profession].fr if profession else "profession non servie / not served"


def _day(day: int) -> str:
    found: date = date_of(day)
    return found.isoformat()


def _professional(one: Professional) -> dict[str, Any]:
    return {
        "national_id": one.national_id,
        "name": f"{one.given_name} {one.family_name}",
        "profession": one.profession.name if one.profession else None,
        "active": one.active,
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "day": _day(one.day),
        "known": one.known,
        "worked": [
            {
                "place": at.place.number,
                "name": at.place.name,
                "town": at.place.town,
                "profession": at.profession.name if at.profession else None,
                "listed": at.listed,
                "could_ask": at.could_ask,
                "substitution": at.substitution,
            }
            for at in one.worked
        ],
    }


def _say_standing(one: Standing) -> list[str]:
    if not one.known:
        return [f"{_day(one.day)} : inconnue de l’annuaire ce jour-là / not known on that day"]
    return [f"{_day(one.day)} : {one.given_name} {one.family_name}"] + [
        f"  {at.place.number}  {at.place.name}, {at.place.town} ({_label(at.profession)}) "
        + ("peut demander / may ask" if at.could_ask else "ne peut pas demander / may not ask")
        for at in one.worked
    ]


def _enrolment(one: Enrolment) -> dict[str, Any]:
    return {
        **_professional(one.professional),
        "place": one.place.number,
        "place_name": one.place.name,
        "status": one.status.name.lower(),
        "manager": one.manager,
        "contract": one.contract,
        "reason": one.reason,
        "by": one.by,
        "since": _day(one.since_day),
    }


def _say_enrolment(one: Enrolment) -> str:
    label = STATUS_LABELS[one.status]
    return (
        f"  {one.professional.national_id} @ {one.place.number} {one.place.name} : {label.fr} / {label.en}, "
        f"{_day(one.since_day)}, {one.by}" + (f", {one.contract}" if one.contract else "")
    )


def _substitution(one: Substitution) -> dict[str, Any]:
    return {
        "number": one.id,
        "substitute": one.substitute.national_id,
        "replaced": one.replaced.national_id,
        "place": one.place.number,
        "profession": one.profession.name,
        "from": _day(one.from_day),
        "until": _day(one.until_day),
        "ended": None if one.ended_day is None else _day(one.ended_day),
        "by": one.by,
        "reason": one.reason,
    }


def _say_substitution(one: Substitution) -> str:
    ended = f", terminé / ended {_day(one.ended_day)}" if one.ended_day is not None else ""
    return (
        f"  n° {one.id} : {one.substitute.national_id} remplace / replaces {one.replaced.national_id} "
        f"@ {one.place.number}, {_day(one.from_day)} → {_day(one.until_day)}{ended}"
    )
