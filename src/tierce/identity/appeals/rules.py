"""What may be written in an appeal; pure."""

from tierce.identity.errors import AppealRefusedError
from tierce.kernel.labels import Likeness, looks_like
from tierce.kernel.language import Phrase
from tierce.policy.ladder import APPEAL_CHARS


def read_appeal(text: str) -> str:
    """Read why a professional should not be held; raises AppealRefusedError, which never repeats the text."""
    said = " ".join(text.split())
    least, most = APPEAL_CHARS
    if not least <= len(said) <= most or not said.isprintable():
        raise AppealRefusedError(
            "said",
            Phrase("votre message est vide, trop court ou trop long", "your message is empty, too short or too long"),
            Phrase(
                f"Écrivez de {least} à {most} caractères : ce que vous faisiez, et pourquoi.",
                f"Write {least} to {most} characters: what you were doing, and why.",
            ),
        )
    if looks_like(said) is Likeness.NIR:
        raise AppealRefusedError(
            "said",
            Phrase(
                "votre message semble contenir un numéro de sécurité sociale",
                "your message seems to hold a social security number",
            ),
            Phrase("Ne nommez aucun patient.", "Name no patient."),
        )
    return said
