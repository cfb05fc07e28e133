"""`tierce deposits`: what insurers chose, how deposits stand, one receipt's state, and their resolution by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from psycopg import Connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from tierce.deposits import store
from tierce.deposits.model import Choice
from tierce.deposits.receipts import print_receipt
from tierce.deposits.resolution import Resolver
from tierce.deposits.sealing import Opener
from tierce.journal.model import Entry, EntryKind
from tierce.journal.service import Appender
from tierce.kernel.care import Domain
from tierce.kernel.clock import SystemClock, date_of, day_of, micros, read_date
from tierce.kernel.errors import TierceError
from tierce.kernel.ids import InsurerId, staff_id
from tierce.policy.acts import Act, Outcome
from tierce.policy.deposits import (
    CARE_BEFORE_DAYS,
    REASON_LABELS,
    STATE_LABELS,
    UP_TO_MAX,
    DepositReason,
    DepositState,
)
from tierce.policy.digest import policy_digest
from tierce.settings import Settings, load
from tierce.storage.command_line import Json, SettingsFile, refusing
from tierce.storage.keys import DEPOSIT_KEY, Keyring, Purpose

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Les dépôts. / Deposits.")
_EPILOG = """
Exemples / examples:

  tierce deposits choice 99100001 --domain OPTI --up-to 150 --from 2026-01-01 --until 2026-12-31 --by "Hélène Vasseur, courrier du 3 mars" --settings tierce.toml

  tierce deposits choices --settings tierce.toml

  tierce deposits list --settings tierce.toml --json -

  tierce deposits resolve --settings tierce.toml

Sortie / exit: 0 fait / done, 2 refusé / refused.
"""  # noqa: E501 - an example is copied as it stands, on one line
LISTED = 50


def _domain(text: str) -> Domain:
    """Read a domain, or raise BadParameter."""
    if text not in Domain.__members__:
        every = ", ".join(Domain.__members__)
        msg = f"choisissez parmi / choose among: {every}"
        raise typer.BadParameter(msg)
    return Domain[text]


def _within(days: int) -> str:
    return f"soins d’au plus {days} j avant / care at most {days} days before"


@app.command(epilog=_EPILOG)
def choice(
    *,
    amc: Annotated[str, typer.Argument(help="Numéro AMC. / AMC number.")],
    domain: Annotated[Domain, typer.Option(parser=_domain, help="OPTI, PHAR…", metavar="DOMAIN")],
    up_to: Annotated[int, typer.Option("--up-to", min=1, max=UP_TO_MAX // 100, help="Euros.")],
    first: Annotated[str, typer.Option("--from", help="AAAA-MM-JJ. / YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--until", help="AAAA-MM-JJ. / YYYY-MM-DD.")],
    by: Annotated[str, typer.Option(help="Qui l’inscrit, et d’après quel écrit. / Who, and from which letter.")],
    settings: SettingsFile,
    days_before: Annotated[
        int,
        typer.Option(
            "--days-before",
            min=0,
            max=CARE_BEFORE_DAYS,
            help="Jours des soins au dépôt, au plus. / Days from care to deposit, at most.",
        ),
    ] = CARE_BEFORE_DAYS,
) -> None:
    """Inscrire ce qu’un organisme garantit pendant une fermeture. / Enter what an insurer guarantees while closed."""

    def run(connection: Connection, read: Settings) -> None:
        insurer = store.insurers(connection).get(amc)
        if insurer is None:
            msg = "aucun organisme n’a ce numéro AMC / no insurer has this AMC number"
            raise TierceError(msg)
        try:
            chosen = Choice(insurer.id, domain, up_to * 100, day_of(read_date(first)),
                            day_of(read_date(last)), days_before)  # fmt: skip
        except ValueError:
            msg = "--from, --until : écrivez AAAA-MM-JJ / write YYYY-MM-DD"
            raise TierceError(msg) from None
        if chosen.from_day > chosen.until_day:
            msg = "--until : avant --from / before --from"
            raise TierceError(msg)
        now = SystemClock().now()
        appender = Appender.enrol(connection, "office", Keyring(read.key_directory(), ()).instance("office"))
        store.choose(connection, chosen, now, by)
        line = Entry(
            kind=EntryKind.KEY_OR_POLICY_CHANGE, act=Act.DEPOSIT_TERMS, outcome=Outcome.DONE, domain=domain,
            time_us=micros(now), professional=staff_id(f"command:{by}"), insurer=InsurerId(insurer.id),
            policy=policy_digest(), reference=chosen.up_to,
        )  # fmt: skip
        appender.write(connection, [line])
        connection.commit()
        typer.echo(f"{insurer.name} — {domain.name} : {up_to} €, {first} → {last}, {_within(days_before)}")

    _with(settings, "tierce_office", run)


@app.command(epilog=_EPILOG)
def choices(*, settings: SettingsFile) -> None:
    """Dire ce que les organismes garantissent. / Say what insurers guarantee."""

    def run(connection: Connection, _read: Settings) -> None:
        for insurer in store.insurers(connection).values():
            for one in insurer.choices:
                days = f"{date_of(one.from_day)} → {date_of(one.until_day)}, {_within(one.days_before)}"
                typer.echo(f"{insurer.amc} {insurer.name} — {one.domain.name} : {one.up_to / 100:.2f} €, {days}")

    _with(settings, "tierce_office", run)


@app.command("list", epilog=_EPILOG)
def list_(*, settings: SettingsFile, json: Json = "") -> None:
    """Compter les dépôts et nommer les derniers, sans identité. / Count deposits, name the latest, no identity."""

    def run(connection: Connection, read: Settings) -> None:
        key = Keyring(read.key_directory(), (Purpose.RECEIPT.value,)).raw(Purpose.RECEIPT.value)
        counted = store.counts(connection)
        if json == "-":
            body = [{"state": s.name.lower(), "reason": r.name.lower(), "deposits": n} for s, r, n in counted]
            typer.echo(msgspec.json.encode({"counts": body}).decode())
            return
        for stands, reason, number in counted:
            state, why = STATE_LABELS[stands], REASON_LABELS[reason]
            told = f" — {why.fr} / {why.en}" if reason is not DepositReason.NONE else ""
            typer.echo(f"{number:>7} {state.fr} / {state.en}{told}")
        for row in store.latest(connection, LISTED):
            place = row.establishment or "?"
            typer.echo(f"{print_receipt(key, row.number)} {row.received:%Y-%m-%d %H:%M} UTC {row.state.name} {place}")

    _with(settings, "tierce_office", run)


@app.command(epilog=_EPILOG)
def resolve(*, settings: SettingsFile, json: Json = "") -> None:
    """Prendre ce que garde le dossier des dépôts et le résoudre. / Take in the spool and resolve it."""

    def run(connection: Connection, read: Settings) -> None:
        keyring = Keyring(read.key_directory(), (DEPOSIT_KEY, Purpose.PAIR))
        appender = Appender.enrol(connection, "worker", keyring.instance("worker"))
        resolver = Resolver(
            connection, appender, Opener(*keyring.every(DEPOSIT_KEY)), store.Pairs(keyring), SystemClock(),
            policy_digest(), folder=read.spool_directory(),
        )  # fmt: skip
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        total: dict[DepositState, int] = {}
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task, resolved = bar.add_task("dépôts / deposits", total=None), 0
            while True:
                done = resolver.turn()
                resolved += done.resolved
                for stands, number in done.worth.items():
                    total[stands] = total.get(stands, 0) + number
                waiting = resolver.waiting()
                bar.update(task, total=resolved + waiting, completed=resolved)
                if not done.resolved and not done.taken:
                    break
        if json == "-":
            typer.echo(msgspec.json.encode({stands.name.lower(): n for stands, n in total.items()}).decode())
        else:
            said = ", ".join(f"{n} {STATE_LABELS[stands].fr}" for stands, n in total.items())
            typer.echo(said or "aucun dépôt n’attend / no deposit waits")

    _with(settings, "tierce_worker", run)


def _with(settings_file: Path, role: str, run: Callable[[Connection, Settings], None]) -> None:
    """Connect as a role and run; a refusal is said and nothing is half done."""
    with refusing():
        read = load(settings_file)
        with read.connection().connect(role) as connection:
            run(connection, read)
