"""`tierce notice`: whom the operator writes to, the sending, the letters, what comes back."""

import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tierce.kernel.clock import SystemClock
from tierce.notices.audience import service as audiences
from tierce.notices.audience.model import Audience, Counts
from tierce.notices.contacts.store import Contacts
from tierce.notices.deliveries.bounces import letters_back, take_in
from tierce.notices.deliveries.dkim import make_key
from tierce.notices.deliveries.model import MailServer
from tierce.notices.deliveries.service import Outbox, Rehearsal, in_relay_log
from tierce.policy.reached import State
from tierce.settings import Settings, SettingsError
from tierce.storage.command_line import Json, SettingsFile
from tierce.storage.said import said
from tierce.upkeep.notice.base import ROLE, Desk, Incident, desk, refuse
from tierce.upkeep.progress import bar

_ASIDE = (
    "textes refusés, mis de côté : sans --really, `tierce notice send` dit pourquoi ; corrigez, puis recommencez"
    " / texts refused and set aside: `tierce notice send` without --really says why; mend that, then run this again"
)

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command(epilog="Exemple / example:  tierce notice audience --incident 4821 --settings tierce.toml")
def audience(
    *,
    incident: Incident,
    settings: SettingsFile,
    print_again: Annotated[
        bool,
        typer.Option(
            "--print-again",
            help="Les lots imprimés et non postés sont détruits : leurs lettres sont à refaire."
            " / Batches printed and not posted are destroyed: their letters are planned again.",
        ),
    ] = False,
    json: Json = "",
) -> None:
    """Figer à qui l’opérateur écrit, avec l’empreinte que deux personnes approuvent. / Freeze whom to write to."""
    with desk(settings) as one:
        made = audiences.freeze(
            one.connection,
            Contacts(one.keyring),
            one.appender,
            SystemClock(),
            one.incident(incident),
            print_again=print_again,
        )
        _tell(json, made, audiences.counts(one.connection, made))


@app.command(epilog="Exemple / example:  tierce notice counts --incident 4821 --settings tierce.toml --json -")
def counts(*, incident: Incident, settings: SettingsFile, json: Json = "") -> None:
    """Dire où en est chaque personne ; tout s’additionne. / Say where each person stands; it all adds up."""
    with desk(settings) as one:
        found = audiences.newest(one.connection, one.incident(incident))
        _tell(json, found, audiences.counts(one.connection, found))


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce notice send --incident 4821 --settings tierce.toml"
        "\n\nPuis, une fois que deux personnes ont approuvé : / Then, once two people have approved:"
        "\n\n  tierce notice send --incident 4821 --really --settings tierce.toml"
    )
)
def send(
    *,
    incident: Incident,
    settings: SettingsFile,
    really: Annotated[
        bool, typer.Option("--really", help="Envoyer ; sans cela, tout est fait sauf l’envoi. / Send for real.")
    ] = False,
    rate: Annotated[float, typer.Option(help="Messages par seconde au plus. / At most, a second.", min=0)] = 0.0,
    json: Json = "",
) -> None:
    """Envoyer les messages approuvés, chacun une fois ; à reprendre autant qu’il faut. / Send what was approved."""
    with desk(settings, pieces=True) as one:
        number, outbox = one.incident(incident), _outbox(one)
        if not really:
            _rehearsed(json, outbox.rehearse(one.connection, number))
            return
        server = mail_server(one.settings, rate)
        log = one.settings.mail.log if one.settings.mail else None
        known = in_relay_log(Path(log)) if log else None
        waiting = outbox.waiting(one.connection, number)
        to_go = sum(waiting[state] for state in (State.TO_SEND, State.UNSENT, State.DOUBTFUL))
        with bar("messages", to_go) as told:
            tally = outbox.send(one.connection, number, server, known=known, told=told)
        left = outbox.waiting(one.connection, number)
        values = {**asdict(tally), "left": left[State.TO_SEND], "letters": left[State.TO_PRINT]}
        _say(json, values, _ASIDE if tally.unwritten else "fini / done")


@app.command(epilog="Exemple / example:  tierce notice letters --incident 4821 --settings tierce.toml")
def letters(*, incident: Incident, settings: SettingsFile, json: Json = "") -> None:
    """Imprimer les lettres approuvées, par lots de 500. / Print the approved letters, in batches of 500."""
    began = time.monotonic()
    with desk(settings, pieces=True) as one:
        number, outbox = one.incident(incident), _outbox(one)
        waiting = outbox.waiting(one.connection, number)
        with bar("lettres / letters", waiting[State.TO_PRINT] + waiting[State.UNPRINTED]) as told:
            folder = one.settings.letters_directory()
            made = outbox.print_letters(one.connection, number, folder, told=told)
        unwritten = outbox.waiting(one.connection, number)[State.UNPRINTED]
    total, seconds = sum(batch.letters for batch in made), round(time.monotonic() - began, 3)
    values = {"batches": len(made), "letters": total, "unwritten": unwritten, "seconds": seconds}
    _say(json, {**values, "folder": str(folder)}, _ASIDE if unwritten else "")


@app.command(
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce notice bounces --settings tierce.toml"
        "\n\n  tierce notice bounces --settings tierce.toml --incident 4821"
    )
)
def bounces(
    *,
    incident: Incident = "",
    settings: SettingsFile,
    folder: Annotated[Path | None, typer.Option(help="Dossier des retours. / Folder of what came back.")] = None,
    json: Json = "",
) -> None:
    """Prendre les messages revenus : lettres, autre contact. / Take in what came back: letters, the next contact."""
    with desk(settings, pieces=True) as one:
        given = one.settings.mail.returned if one.settings.mail else None
        place = folder or (Path(given) if given else None)
        if place is None:
            refuse("mail.returned n’est pas réglé ; donnez --folder / mail.returned is not set; give --folder")
        if not place.is_dir():
            refuse(f"folder : {place} n’est pas un dossier ; donnez --folder / is not a folder; give --folder")
        number = one.incident(incident) if incident else None
        tally = take_in(one.connection, one.appender, SystemClock(), number, place)
    _say(json, asdict(tally), "")


@app.command(
    epilog="Exemple / example:  tierce notice returned 7QK4-0ABC-9XYZ --incident 4821 --settings tierce.toml"
)
def returned(
    references: Annotated[
        list[str], typer.Argument(help="Références des lettres revenues. / Letters that came back.")
    ],
    *,
    incident: Incident,
    settings: SettingsFile,
    json: Json = "",
) -> None:
    """Noter les lettres revenues : l’annonce publique vaut pour elles. / Write down letters that came back."""
    with desk(settings) as one:
        number = one.incident(incident)
        unknown = letters_back(one.connection, one.appender, SystemClock(), number, set(references))
    _say(json, {"returned": len(set(references)) - len(unknown), "unknown": sorted(unknown)}, "")
    if unknown:
        raise typer.Exit(1)


@app.command("mail-key", epilog="Exemple / example:  tierce notice mail-key /etc/tierce/dkim.pem")
def mail_key(path: Annotated[Path, typer.Argument(help="Où écrire la clé. / Where to write the key.")]) -> None:
    """Tirer la clé qui signe les messages (DKIM) ; dire ce que le DNS publie. / Draw the key that signs messages."""
    pem, record = make_key()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(said(error))
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    typer.echo(record)


def _rehearsed(json: str, found: Rehearsal) -> None:
    values = asdict(found)
    if json != "-":
        del values["refused"]
    _say(json, values, "à blanc, rien n’est parti / a dry run, nothing left")
    if json == "-":
        return
    for one in found.refused:
        items = ", ".join(str(number) for number in one.items) + (", …" if one.adults > len(one.items) else "")
        typer.echo(
            f"texte refusé / text refused: {one.adults} (organisme / insurer {one.insurer}) : {one.why};"
            f" adultes / adults {items}",
            err=True,
        )


def _outbox(one: Desk) -> Outbox:
    database = one.settings.connection()
    return Outbox(lambda: database.connect(ROLE, autocommit=True), Contacts(one.keyring), one.appender, SystemClock())


def mail_server(settings: Settings, rate: float = 0.0) -> MailServer:
    """The relay of the settings, at a given rate if there is one.

    Raises:
        SettingsError: the settings have no part `[mail]`.
    """
    mail = settings.mail
    if mail is None:
        msg = (
            "mail : sans cette partie, aucun message ne part par courriel / no message leaves by e-mail without this"
            " part; see docs/reference/messages.md"
        )
        raise SettingsError(msg)
    return MailServer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        bounces=mail.bounces,
        dkim_domain=mail.dkim_domain,
        dkim_selector=mail.dkim_selector,
        dkim_key=Path(mail.dkim_key),
        starttls=mail.starttls,
        user=mail.user,
        password=Path(mail.password_file) if mail.password_file else None,
        connections=mail.connections,
        rate=rate or mail.rate,
    )


def _tell(json: str, audience: Audience, counts: Counts) -> None:
    values = {
        "audience": audience.digest.hex(),
        **{name: value for name, value in asdict(counts).items() if name not in {"states", "public"}},
        "states": {state.name.lower(): number for state, number in counts.states.items()},
        "public": {why.name.lower(): number for why, number in counts.public.items()},
        "unexplained": counts.unexplained,
    }
    _say(json, values, "")


def _say(json: str, values: dict[str, object], closing: str) -> None:
    if json == "-":
        typer.echo(msgspec.json.encode(values).decode())
        return
    for name, value in values.items():
        typer.echo(f"{name:<14} {value}")
    if closing:
        typer.echo(closing, err=True)
