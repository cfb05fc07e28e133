"""`tierce bench`: measurements of this machine, each beside a reference of the same run."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tierce.journal.segments.files import read_manifest
from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError
from tierce.lab.bench.concerned.oracle import ConcernedOracleReport, measure_concerned_oracle
from tierce.lab.bench.concerned.service import NATIONAL_PEOPLE, SMALL_PEOPLE, ConcernedReport, measure_concerned
from tierce.lab.bench.entries import make_entries
from tierce.lab.bench.errors import NOTHING
from tierce.lab.bench.gate import SMALL, Plan, Report, measure_gate
from tierce.lab.bench.giving import JsonTo, give
from tierce.lab.bench.histories import measure_histories
from tierce.lab.bench.imports import measure_import
from tierce.lab.bench.log.service import measure_journal
from tierce.lab.bench.notices.commands import EPILOG as NOTICES_EPILOG
from tierce.lab.bench.notices.commands import notices
from tierce.lab.bench.oracle.service import SMALL_ORACLE, OraclePlan, OracleReport, measure_oracle
from tierce.lab.bench.returning.commands import EPILOG as RETURN_EPILOG
from tierce.lab.bench.returning.commands import come_back
from tierce.lab.bench.scope.service import (
    SMALL_ENTRIES,
    NationalReport,
    ScopeReport,
    measure_national,
    measure_scope,
    ready_entries,
)
from tierce.lab.bench.soak.commands import EPILOG as SOAK_EPILOG
from tierce.lab.bench.soak.commands import soak
from tierce.scope.sources import Sealed

SMALL_JOURNAL = 200_000
HISTORIES_A_SECOND, HISTORIES_SECONDS = 50, 20

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
_screen = Console(stderr=True, highlight=False)


@app.callback()
def root() -> None:
    """Figures of this machine; not a test, nothing fails for being slow."""
    signal.signal(signal.SIGTERM, _leave)  # a measurement that is stopped takes its cluster and folders away


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


app.command("notices", epilog=NOTICES_EPILOG)(notices)
app.command("return", epilog=RETURN_EPILOG)(come_back)
app.command("soak", epilog=SOAK_EPILOG)(soak)


@app.command(
    "gate",
    epilog=("Exemples / examples:\n\n  tierce bench gate\n\n  tierce bench gate --small --json -"),
)
def gate(
    *,
    seconds: Annotated[int, typer.Option(help="Seconds of each run, 1 to 15.")] = 10,
    repeat: Annotated[int, typer.Option(help="Turns of gate and reference; medians are taken.")] = 3,
    persons: Annotated[int, typer.Option(min=1_000, help="People in the register.")] = 200_000,
    desks: Annotated[int, typer.Option(min=10, help="Professionals signed in.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Of the asks drawn.")] = 1,
    workers: Annotated[int, typer.Option(min=0, max=64, help="API processes; 0 for one a processor.")] = 0,
    small: Annotated[bool, typer.Option("--small", help="Ends within 40 s; the other options are ignored.")] = False,
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Can answers that show nothing be told apart? Uses --each, --rate, --seed."),
    ] = False,
    each: Annotated[int, typer.Option(help="Answers of each of four kinds, with --oracle.")] = 20_000,
    rate: Annotated[int, typer.Option(help="Asks a second, with --oracle.")] = 150,
    json_to: JsonTo = None,
) -> None:
    """Measure the gate over HTTP, in turns with pgbench on bench/reference.sql."""
    work = Path("var/bench").absolute()
    report: Report | OracleReport
    try:
        if oracle:
            mix = SMALL_ORACLE if small else OraclePlan(each, rate, seed, workers)
            report = measure_oracle(mix, work, SystemClock(), _Steps().say)
            _screen.print(_oracle_table(report))
        else:
            plan = SMALL if small else Plan(seconds, repeat, persons, desks, seed, workers)
            report = measure_gate(plan, work, SystemClock(), _Steps().say)
            _screen.print(_table(report))
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    give(report, json_to)


@app.command(
    "entries",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce bench entries var/bench/ten-million"
        "\n\n  tierce bench entries /srv/year --entries 1000000000"
    ),
)
def entries(
    folder: Annotated[Path, typer.Argument(help="Dossier à remplir. / Folder to fill.")],
    *,
    count: Annotated[int, typer.Option("--entries", min=1_000, help="Lignes. / Entries.")] = 10_000_000,
    seed: Annotated[int, typer.Option(help="Graine. / Another seed, another year.")] = 1,
) -> None:
    """Make invented entries of a year as sealed segments, for the benches of scope and histories."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_screen, disable=not _screen.is_terminal, transient=True) as progress:
        task = progress.add_task("lignes / entries", total=count)
        made = make_entries(folder, count, seed=seed, advance=lambda n: progress.update(task, advance=n))
    typer.echo(f"{made[-1].end} lignes / entries, {len(made)} segments: {folder}")


@app.command(
    "history",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce bench history var/bench/ten-million"
        "\n\n  tierce bench history /srv/year --rate 50 --json -"
    ),
)
def history(
    folder: Annotated[Path, typer.Argument(exists=True, help="Made by `tierce bench entries`.")],
    *,
    rate: Annotated[float, typer.Option(min=0.1, help="Histories asked a second.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 30,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the people drawn.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Measure one person's history, and one professional's, over sealed entries."""
    try:
        sealed = Sealed(folder, read_manifest(folder))
    except OSError:
        _screen.print(
            f"✗ {folder} : pas de manifeste, `tierce bench entries` en fait un / no manifest, it makes one",
            markup=False,
        )
        raise typer.Exit(1) from None
    found = measure_histories(sealed, rate, seconds, processes, seed)
    table = Table("figure", "value", title="tierce bench history")
    for name in found.__slots__:
        table.add_row(name, str(getattr(found, name)))
    _screen.print(table)
    give(found, json_to)


@app.command(
    "scope",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce bench scope --small --json -"
        "\n\n  tierce bench scope --folder /srv/year --national"
    ),
)
def scope(
    *,
    count: Annotated[int, typer.Option("--entries", min=1_000, help="Lignes. / Entries.")] = 1_000_000_000,
    small: Annotated[bool, typer.Option("--small", help="10 000 000 lignes. / 10,000,000 entries.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Segments déjà faits, ou à faire. / Segments that are there, or to be made.")
    ] = None,
    turns: Annotated[int, typer.Option(min=1, help="Turns of scope and bare scan; medians are taken.")] = 3,
    national: Annotated[
        bool, typer.Option("--national", help="La liste de tous. / The list of everybody, streamed.")
    ] = False,
    json_to: JsonTo = None,
) -> None:
    """Measure the list of 50 stolen logins over a week, beside DuckDB scanning the same columns."""
    entries_wanted = SMALL_ENTRIES if small else count
    work = Path("var/bench").absolute()
    work.mkdir(parents=True, exist_ok=True)
    report: ScopeReport | NationalReport
    try:
        sealed = ready_entries(folder or work / f"entries-{entries_wanted}", entries_wanted, _Steps().say)
        if national:
            report = measure_national(sealed, work, _Steps().say)
        else:
            report = measure_scope(sealed, turns, _Steps().say)
            read = measure_histories(sealed, HISTORIES_A_SECOND, HISTORIES_SECONDS, report.machine.cores, seed=1)
            report = msgspec.structs.replace(report, history_ms_p99=read.history_ms_p99)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(", ".join(f"{name} {value}" for name, value in msgspec.to_builtins(report).items()))
    give(report, json_to)


@app.command(
    "import",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce bench import --lines 1000000 --turns 3"
        "\n\n  tierce bench import --lines 5000000 --json -"
    ),
)
def import_(
    *,
    lines: Annotated[int, typer.Option(min=1_000, help="Lignes du fichier. / Lines of the file.")] = 1_000_000,
    turns: Annotated[int, typer.Option(min=1, help="Turns of import and bare COPY; medians are taken.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Measure the import of a rights file, beside a bare COPY of the same bytes."""
    try:
        report = measure_import(lines, turns, Path("var/bench").absolute(), _Steps().say)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(
        f"import {report.rows_per_s:,.0f} lines/s, bare COPY {report.copy_rows_per_s:,.0f} lines/s: "
        f"ratio {report.ratio_to_copy}, {report.peak_mib:.0f} MiB at most\n"
        f"merged into it: another insurer {report.second_rows_per_s:,.0f} lines/s, its next day, unchanged, "
        f"{report.again_rows_per_s:,.0f} lines/s"
    )
    give(report, json_to)


@app.command("journal", epilog="Exemple / example:  tierce bench journal --small --json -")
def journal(
    *,
    entries: Annotated[
        int, typer.Option(min=100_000, help="Lignes du journal. / Entries of the journal.")
    ] = 1_000_000,
    small: Annotated[bool, typer.Option("--small", help="200 000 lignes. / 200,000 entries.")] = False,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Sequence, prove and verify a journal, beside a bare reading that hashes."""
    try:
        count = SMALL_JOURNAL if small else entries
        report = measure_journal(count, Path("var/bench").absolute(), seed, _Steps().say)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(
        f"sequenced {report.entries_per_s:,.0f}/s (ratio {report.ratio_sequence_to_bare} to bare), verified "
        f"{report.verify_entries_per_s:,.0f}/s (ratio {report.ratio_verify_to_bare}), "
        f"proof p99 {report.proof_ms_p99} ms, {report.bytes_per_entry} bytes a sealed entry"
    )
    give(report, json_to)


@app.command(
    "concerned",
    epilog=(
        "Exemples / examples:"
        "\n\n  tierce bench concerned --json -"
        "\n\n  tierce bench concerned --national"
        "\n\n  tierce bench concerned --oracle"
    ),
)
def concerned(
    *,
    people: Annotated[
        int, typer.Option(min=100_000, help="Personnes sur la liste. / People on the list.")
    ] = SMALL_PEOPLE,
    national: Annotated[
        bool, typer.Option("--national", help="33 000 000 de personnes. / 33,000,000 people.")
    ] = False,
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Can the three answers be told apart on the wire? Judges, as for the gate."),
    ] = False,
    each: Annotated[int, typer.Option(min=40, max=20_000, help="With --oracle: answers of each kind.")] = 600,
    seed: Annotated[int, typer.Option(help="Of the people drawn.")] = 1,
    json_to: JsonTo = None,
) -> None:
    """Measure the look-up behind « Suis-je concerné ? », half of those who ask being on the list."""
    report: ConcernedReport | ConcernedOracleReport
    try:
        if oracle:
            report = measure_concerned_oracle(each, Path("var/bench").absolute(), seed, SystemClock(), _Steps().say)
            _screen.print(_judged_table(report))
            give(report, json_to)
            return
        count = NATIONAL_PEOPLE if national else people
        report = measure_concerned(count, Path("var/bench").absolute(), seed, SystemClock(), _Steps().say)
    except TierceError as error:
        _screen.print(f"✗ {NOTHING}\n  {error}", markup=False)
        raise typer.Exit(1) from None
    _screen.print(
        f"{report.concerned_per_s:,.0f} look-ups/s over {report.exposed:,} people exposed, "
        f"p50 {report.p50_ms} ms, p99 {report.p99_ms} ms, {report.cpu_ms} ms of processor each"
    )
    give(report, json_to)


def _judged_table(report: ConcernedOracleReport) -> Table:
    table = _auc_table("pair of answers", report)
    for kind in report.p50_ms:
        table.add_row(f"{kind}: p50, p99", f"{report.p50_ms[kind]:.1f}", f"{report.p99_ms[kind]:.1f}", "ms")
    table.add_row("different shapes; answers of a later turn", str(report.shapes), str(report.late), "")
    return table


def _oracle_table(report: OracleReport) -> Table:
    table = _auc_table("pair of kinds", report)
    for kind in report.median_ms:
        table.add_row(f"{kind}: p50, p99", f"{report.median_ms[kind]:.3f}", f"{report.p99_ms[kind]:.3f}", "ms")
    table.add_row("different heads, bodies", str(report.heads), str(report.bodies), "")
    return table


def _auc_table(of: str, report: OracleReport | ConcernedOracleReport) -> Table:
    """What each judge made of each pair, the worst, and how a known delay would have shown."""
    table = Table(of, "time", "shape", "all", title="AUC on answers that taught nothing; 0.50 is chance")
    for pair, judged in report.pairs.items():
        table.add_row(pair, *(f"{judged[judge]:.4f}" for judge in ("time", "shape", "all")))
    table.add_section()
    table.add_row("the worst of all", f"{report.oracle_auc:.4f}", "", "")
    for delay, value in report.control.items():
        table.add_row(f"control: one kind, half of it {delay} later", f"{value:.4f}", "", "")
    return table


class _Steps:
    """Progress on standard error, one line a step with the time since the start."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def say(self, text: str) -> None:
        """Print one line."""
        _screen.print(f"{time.perf_counter() - self._started:6.1f} s  {text}")


def _table(report: Report) -> Table:
    table = Table(title="gate over HTTP, on this machine", show_header=False)
    rows = {
        "requests/s (median)": f"{report.requests_per_s:,.0f}",
        "reference/s (median)": f"{report.reference_per_s:,.0f}",
        "ratio": f"{report.ratio_to_reference:.2f}",
        "the reference's statements one by one": f"{report.reference_as_statements_per_s:,.0f}/s",
        "at 500/s, p50 and p99": f"{report.p50_ms_at_500:.1f} and {report.p99_ms_at_500:.1f} ms",
        "lost to sequencing": "not measured"
        if report.loss_to_sequencing is None
        else f"{report.loss_to_sequencing:.1%}",
        "errors": ", ".join(f"{count} x {kind}" for kind, count in report.errors_by_kind.items()) or "none",
        "outcomes": ", ".join(f"{name} {share:.1%}" for name, share in report.outcomes.items()),
        "asks in a batch": f"{report.batch_mean}",
        "µs a request": ", ".join(f"{part} {value:.0f}" for part, value in report.split.items()),
        "machine": f"{report.machine.cores} x {report.machine.cpu_model}, other programs took {report.others_cpu}",
        "8 KiB + fdatasync": f"median {report.durable_write.median_us:.0f}, p99 {report.durable_write.p99_us:.0f} µs",
        "PostgreSQL": f"{report.postgres}, " + ", ".join(f"{k}={v}" for k, v in report.postgres_settings.items()),
        "population": f"{report.persons:,} people, {report.desks:,} desks",
        "service": f"{report.workers} workers, {report.connections} connections",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
