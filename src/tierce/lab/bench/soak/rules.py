"""From readings of memory to what is said of them."""

from collections.abc import Sequence
from statistics import fmean, linear_regression

from tierce.lab.bench.soak.model import Held

MIB = 1024 * 1024


def held(process: str, readings: Sequence[tuple[float, int]]) -> Held:
    """Sum up the readings of one process: (seconds since the start, bytes), in order, one at least.

    Whatever is read in the first quarter is a program that still fills its caches: no slope is taken there.
    """
    values = [size / MIB for _at, size in readings]
    quarter = len(readings) // 4
    settled = readings[quarter:]
    slope = 0.0
    if len({at for at, _size in settled}) > 1:
        slope = linear_regression([at / 3600 for at, _ in settled], [size / MIB for _, size in settled]).slope
    return Held(
        process,
        round(values[0], 1),
        round(fmean(values[quarter : 2 * quarter] or values), 1),
        round(fmean(values[-quarter:] if quarter else values), 1),
        round(slope, 2),
        round(max(values), 1),
    )


def quantile(times: Sequence[float], share: float) -> float:
    """The time in ms that a `share` of the times (seconds) does not pass; 0 for none."""
    ordered = sorted(times)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0
