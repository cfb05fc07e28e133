"""The drain curve: people learned by the end of each day, on a logarithmic scale, as plain SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 96, 190, 24, 48
LABEL_GAP: Final = 17.0
INK, SOFT, LINE = "#14213d", "#5b6478", "#d9d5ca"


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the chart: its name, people by the end of each day, colour and dashes."""

    name: str
    people: Sequence[float]
    colour: str
    dashes: str = ""


def drain_chart(curves: Sequence[Curve], *, title: str, days_label: str, people_label: str) -> str:
    """Draw the curves; names stand at their ends, so that no legend has to be matched by colour."""
    days = max(len(curve.people) for curve in curves)
    top = max(10.0, *(people for curve in curves for people in curve.people))
    decades = math.ceil(math.log10(top))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">'
    )
    parts = [
        head,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fbfaf7"/>',
        *_grid(decades, days, days_label, people_label),
    ]
    ends = []
    for curve in curves:
        points = [(_x(day, days), _y(people, decades)) for day, people in enumerate(curve.people, start=1)]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{curve.dashes}"' if curve.dashes else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{curve.colour}" stroke-width="2.5"{dashes}/>')
        ends.append((points[-1][1], points[-1][0], curve))
    for height, (_, x, curve) in _apart(ends):
        parts.append(f'<text x="{x + 8:.1f}" y="{height + 4:.1f}" fill="{curve.colour}">{escape(curve.name)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _grid(decades: int, days: int, days_label: str, people_label: str) -> list[str]:
    parts = []
    for power in range(decades + 1):
        y = _y(10**power, decades)
        number = f"{10**power:,}".replace(",", "\u202f")
        parts.append(f'<path d="M{LEFT} {y:.1f} H{WIDTH - RIGHT}" stroke="{LINE}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{SOFT}">{number}</text>')
    step = 5 if days <= 40 else 30 if days <= 240 else 60
    for day in (1, *range(step, days + 1, step)):
        x = _x(day, days)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="{SOFT}">{day}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle" fill="{INK}">{escape(days_label)}</text>'
    )
    parts.append(f'<text x="{LEFT}" y="{TOP - 8}" fill="{INK}">{escape(people_label)}</text>')
    return parts


def _x(day: int, days: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (day - 1) / max(1, days - 1)


def _y(people: float, decades: int) -> float:
    share = math.log10(max(1.0, people)) / decades
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(1.0, share)


def _apart(ends: list[tuple[float, float, Curve]]) -> list[tuple[float, tuple[float, float, Curve]]]:
    """Heights of the names, pushed apart from the lowest line up so that none covers another."""
    placed = []
    last = math.inf
    for end in sorted(ends, key=lambda each: -each[0]):
        last = min(end[0], last - LABEL_GAP)
        placed.append((last, end))
    return placed
