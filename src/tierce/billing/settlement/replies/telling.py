"""What a command says of a file of the bank's that was read: our own numbers, sums, days and codes; no account."""

from collections.abc import Iterator

from tierce.billing.settlement.pain import cents, message_id, reference
from tierce.billing.settlement.replies.model import (
    FILE_CHARS,
    KIND_LABELS,
    WHAT_LABELS,
    Claim,
    Heard,
    What,
    code_words,
)
from tierce.kernel.clock import date_of

TOLD_MAX = 200
"""Lines of a summary; `--json -` gives all of them."""


def told(heard: Heard, *, dry: bool) -> Iterator[str]:
    """A summary in both languages, a line each."""
    kind = KIND_LABELS[heard.kind]
    yield f"{kind.fr} / {kind.en} : SHA-256 {heard.digest.hex()[:FILE_CHARS]}…"
    if heard.already:
        yield "✓ Déjà lu : rien ne change. / Read already: nothing changes."
        return
    for claim in heard.claims[:TOLD_MAX]:
        yield _line(claim)
    if len(heard.claims) > TOLD_MAX:
        yield f"  … {len(heard.claims) - TOLD_MAX} de plus / more: `--json -`"
    for claim in heard.claims:
        if claim.what is What.TWICE:
            yield (
                f"✗ {_name(claim)} : débité deux fois peut-être, appelez la banque"
                " / debited twice perhaps, call the bank"
            )
    for batch in heard.carried_out:
        yield f"✓ {message_id(batch)} : exécuté, ses virements sont payés / carried out, its transfers are paid"
    if heard.repeated:
        yield f"  {heard.repeated} déjà dits par un autre fichier / said by another file already"
    if heard.others:
        yield f"  {heard.others} écritures qui ne sont pas de nous / entries that are not ours"
    if not heard.claims:
        yield "  Rien de neuf sur nos virements. / Nothing new of our transfers."
    if dry:
        yield "Rien n’a été écrit (--dry-run). / Nothing was written (--dry-run)."


def _line(claim: Claim) -> str:
    what, why = WHAT_LABELS[claim.what], code_words(claim.code)
    because = f", {why.fr} / {why.en}" if why else ""
    day = date_of(claim.day).isoformat()
    return f"  {_name(claim)} : {what.fr} / {what.en}, {day}, {cents(claim.amount)} €{because}"


def _name(claim: Claim) -> str:
    return message_id(claim.batch) if claim.subject == claim.batch else reference(claim.subject)


def figures(heard: Heard) -> dict[str, object]:
    """The same as one object."""
    return {
        "kind": heard.kind.name.lower(),
        "sha256": heard.digest.hex(),
        "already": heard.already,
        "others": heard.others,
        "repeated": heard.repeated,
        "carried_out": [message_id(one) for one in heard.carried_out],
        "said": [
            {
                "batch": message_id(one.batch),
                "transfer": None if one.subject == one.batch else reference(one.subject),
                "what": one.what.name.lower(),
                "day": date_of(one.day).isoformat(),
                "cents": one.amount,
                "code": one.code,
            }
            for one in heard.claims
        ],
    }
