"""Writes a run's report into a folder: report.fr.html, report.en.html, drain.svg and drain.png."""

import hashlib
import importlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from statistics import mean, median
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tierce.kernel.care import PROFESSION_LABELS
from tierce.kernel.language import Language
from tierce.lab.attackers.scenario import Scenario
from tierce.lab.behaviour.model import PROFESSIONS
from tierce.lab.league.limits import MONTHLY_PATIENTS, OPEN, Robbed, drained
from tierce.lab.report import words
from tierce.lab.report.chart import Curve, drain_chart
from tierce.lab.runs.figures import Figures, Run, held_after, percentile
from tierce.lab.runs.runner import Options

NAMES: Final = {Language.FR: "Français", Language.EN: "English"}
_COLOURS: Final = {"ours": "#0b6e4f", "bound": "#14213d", "monthly": "#b45309", "open": "#9f1239"}


def write_report(
    folder: Path, scenario: Scenario, options: Options, run: Run, figures: Figures, language: Language
) -> None:
    """Write the page in both languages, and the drain curve as SVG and PNG, in `language`.

    Raises:
        DemoError: there is no Chromium to draw the PNG with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for spoken in Language:
        chart = _chart(scenario, run, spoken) if scenario.stolen else ""
        page = _page(scenario, options, run, figures, spoken, chart)
        (folder / f"report.{spoken}.html").write_text(page, encoding="utf-8")
        if chart and spoken is language:
            (folder / "drain.svg").write_text(chart, encoding="utf-8")
    if scenario.stolen:
        # Only who wants a picture needs a browser.
        importlib.import_module("tierce.lab.report.picture").draw(folder / "drain.svg", folder / "drain.png")


def _chart(scenario: Scenario, run: Run, language: Language) -> str:
    ours = [mean(sum(loot.by_day[n] for loot in seed) for seed in run.loots) for n in range(scenario.days)]
    bound = mean(sum(loot.bound for loot in seed) for seed in run.loots)
    robbed = Robbed(scenario.identities, scenario.options.get("hit", 1.0))
    curves = [
        Curve(words.NO_LIMIT[language], drained(OPEN, robbed, scenario.days), _COLOURS["open"]),
        Curve(words.MONTHLY[language], drained(MONTHLY_PATIENTS, robbed, scenario.days), _COLOURS["monthly"]),
        Curve(words.BOUND[language], [bound] * scenario.days, _COLOURS["bound"], "6 5"),
        Curve(words.OURS[language], ours, _COLOURS["ours"]),
    ]
    return drain_chart(
        curves, title=words.WORDS["curve"][language], days_label=words.DAYS[language],
        people_label=words.PEOPLE[language],
    )  # fmt: skip


def _page(scenario: Scenario, options: Options, run: Run, figures: Figures, language: Language, chart: str) -> str:
    environment = Environment(
        loader=PackageLoader("tierce.lab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = (files("tierce.lab.report") / "templates" / "report.css").read_text("utf-8")
    other = Language.EN if language is Language.FR else Language.FR
    return environment.get_template("report.html").render(
        lang=language.value,
        title=scenario.title[language][:1].upper() + scenario.title[language][1:],
        lead=_lead(scenario, options, figures, language),
        style=style,
        style_hash="sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        other_file=f"report.{other}.html",
        other_lang=other.value,
        other_name=NAMES[other],
        words={key: phrase[language] for key, phrase in words.WORDS.items()},
        chart=chart,
        heads=[head[language] for head in words.HEADS],
        rows=_rows(run, language),
        honest_heads=[head[language] for head in words.HONEST_HEADS],
        honest=_honest(run, language),
        settings=words.SETTINGS[language].format(
            name=scenario.name, first=options.first_seed, last=options.first_seed + options.seeds - 1,
            presence=words.MIXES[options.presence][language], left=_left_out(options) or words.NONE[language],
        ),
    )  # fmt: skip


def _lead(scenario: Scenario, options: Options, figures: Figures, language: Language) -> str:
    if not scenario.stolen:
        return words.LEAD_HONEST[language].format(years=words.number(figures.account_years, language))
    return words.LEAD[language].format(
        identities=words.number(scenario.identities, language), days=scenario.days, seeds=options.seeds,
        people=words.number(figures.people_learned_total, language),
        bound=words.number(figures.bound_total, language),
    )  # fmt: skip


def _rows(run: Run, language: Language) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, profession in PROFESSIONS.items():
        loots = [loot for loot in run.every if loot.profession == name]
        if not loots:
            continue
        people = sorted(loot.people for loot in loots)
        held = held_after(loots)
        told = (len(loots), median(people), percentile(people, 95), people[-1], median(loot.bound for loot in loots))
        rows.append(
            (
                PROFESSION_LABELS[profession][language],
                *(words.number(each, language) for each in told),
                words.NEVER[language] if held is None else words.number(held, language),
            )
        )
    return rows


def _honest(run: Run, language: Language) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, profession in PROFESSIONS.items():
        met = run.hindered.get(name)
        if met is None:
            continue
        old = 1000 * (met.step_ups - met.new_step_ups) / max(1, met.asks - met.new_asks)
        rows.append(
            (
                PROFESSION_LABELS[profession][language],
                words.number(round(met.days / 365.25, 1), language),
                f"{met.per_1000:.2f}".replace(".", "," if language is Language.FR else "."),
                f"{old:.2f}".replace(".", "," if language is Language.FR else "."),
                f"{met.touched} / {met.desks}",
                str(met.false_holds),
            )
        )
    return rows


def _left_out(options: Options) -> str:
    names = [field.name for field in fields(options.parts) if field.name != "twins"]
    return ", ".join(name for name in names if not getattr(options.parts, name))
