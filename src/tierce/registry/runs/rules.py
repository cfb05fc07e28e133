"""The list of refused lines as a file to download; pure."""

import csv
import io
from collections.abc import Iterable, Sequence

from tierce.kernel.language import Phrase
from tierce.registry.runs.model import RunLine, RunReason

COLUMNS = ("line", "field", "motif", "que_faire", "reason", "remedy")
"""Of every file of refused lines."""
_UNSAID = Phrase("motif non gardé", "reason not kept")


def refused_csv(lines: Iterable[RunLine], reasons: Sequence[RunReason]) -> str:
    """One row a refused line, with its reason in both languages: the columns of the file beside an import."""
    by_code = {(one.field, one.code): one for one in reasons}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in lines:
        said = by_code.get((one.field, one.code))
        reason, remedy = (said.reason, said.remedy) if said else (_UNSAID, _UNSAID)
        writer.writerow([one.line, one.field, reason.fr, remedy.fr, reason.en, remedy.en])
    return out.getvalue()
