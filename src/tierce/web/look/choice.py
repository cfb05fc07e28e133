"""Which language a reader gets: what she just asked for, what she asked before, what her browser prefers."""

from tierce.kernel.language import Language

COOKIE = "tierce_lang"
_YEAR_SECONDS = 365 * 86_400
_HEADER_CHARS_MAX = 512
_KNOWN: dict[str | None, Language] = {language.value: language for language in Language}


def choose_language(query: str | None, cookie: str | None, accept: str | None) -> Language:
    """Return the language of ``?lang=``, else of the cookie, else of Accept-Language, else French."""
    for wish in (query, cookie):
        if wish in _KNOWN:
            return _KNOWN[wish]
    return _preferred(accept or "")


def _preferred(accept: str) -> Language:
    """Read an Accept-Language header (RFC 9110 §12.5.4); what cannot be read counts for nothing."""
    best: tuple[float, Language] | None = None
    for part in accept[:_HEADER_CHARS_MAX].split(","):
        tag, _, quality = part.strip().partition(";q=")
        name = tag.split("-")[0].lower()
        if name not in _KNOWN:
            continue
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, _KNOWN[name])
    return best[1] if best else Language.FR


def language_cookie(language: Language, *, secure: bool) -> str:
    """Return the Set-Cookie value that remembers a choice; it holds two letters and names nobody."""
    flags = "; Secure" if secure else ""
    return f"{COOKIE}={language}; Path=/; Max-Age={_YEAR_SECONDS}; SameSite=Lax; HttpOnly{flags}"
