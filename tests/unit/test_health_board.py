"""The dashboard: taken in by Grafana's own models, read by a parser of PromQL, true to the alerts that it names."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from typer.testing import CliRunner

from tierce.kernel.language import Language
from tierce.upkeep.health.board import ROWS, dashboard
from tierce.upkeep.health.commands import app

ALERTS = dict(
    re.findall(
        r"- alert: (\w+)\n +expr: (.+)", (Path(__file__).parents[2] / "deploy" / "alerts.yml").read_text("utf-8")
    )
)
PANELS = [panel for row in ROWS for panel in row.panels]


def _lost(said: object, kept: object, at: str = "$") -> list[str]:
    """Where `kept` lacks what `said` has: a word that Grafana does not know is dropped by its models."""
    if isinstance(said, dict) and isinstance(kept, dict):
        return [
            lost
            for key, value in said.items()
            for lost in (_lost(value, kept[key], f"{at}.{key}") if key in kept else [f"{at}.{key}"])
        ]
    if isinstance(said, list) and isinstance(kept, list):
        if len(said) != len(kept):
            return [at]
        return [lost for n, value in enumerate(said) for lost in _lost(value, kept[n], f"{at}[{n}]")]
    return [] if said == kept else [at]


@pytest.mark.parametrize("language", Language)
def test_grafana_s_own_models_keep_every_word_of_it(language: Language) -> None:
    plugins.register_default_plugins()
    said = CliRunner().invoke(app, ["dashboard", "--lang", language]).output
    written = json.loads(said)
    assert _lost(written, json.loads(JSONEncoder().encode(Dashboard.from_json(written)))) == []
    spoiled = {**written, "panels": [{**written["panels"][1], "titel": "?"}]}
    assert _lost(spoiled, json.loads(JSONEncoder().encode(Dashboard.from_json(spoiled)))) == ["$.panels[0].titel"]


@pytest.mark.parametrize(
    "expression", [*ALERTS.values(), *(curve.expression for panel in PANELS for curve in panel.curves)]
)
def test_each_expression_is_promql(expression: str) -> None:
    assert promql_parser.parse(expression) is not None
    with pytest.raises(ValueError, match=r"parse|expected|unexpected|unclosed"):
        promql_parser.parse(expression + " by (")


def test_a_panel_that_names_an_alert_turns_bad_where_that_alert_begins() -> None:
    named = 0
    for panel in PANELS:
        (names_fr, names_en) = (re.findall(r"Alert[es]* (\w+)", panel.says[language]) for language in Language)
        names = [name for name in names_en if name in ALERTS]
        assert names == [name for name in names_fr if name in ALERTS], panel.title
        for name in names:
            named += 1
            if panel.bad_from is not None and not panel.curves[0].expression.startswith("count("):
                assert re.search(rf"> {panel.bad_from:g}$", ALERTS[name]), (name, panel.title)
    assert named >= 10


def test_rows_are_filled_and_both_languages_draw_the_same() -> None:
    drawn = {language: dashboard(language) for language in Language}
    for board in drawn.values():
        panels = board["panels"]
        assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
        wide: dict[int, int] = {}
        for panel in panels:
            at = panel["gridPos"]
            assert at["x"] == wide.get(at["y"], 0), panel["title"]
            wide[at["y"]] = at["x"] + at["w"]
        assert set(wide.values()) == {24}
    texts = {"title", "description", "legendFormat", "label", "uid"}

    def bare(said: object) -> object:
        if isinstance(said, dict):
            return {key: bare(value) for key, value in said.items() if key not in texts}
        return [bare(each) for each in said] if isinstance(said, list) else said

    assert bare(drawn[Language.FR]) == bare(drawn[Language.EN])
    titles = [[panel["title"] for panel in drawn[language]["panels"]] for language in Language]
    assert all(fr != en for fr, en in zip(*titles, strict=True))
