"""The pages of the stand-in providers, in either language: plain, readable without script, marked as a simulator."""

from collections.abc import Mapping
from html import escape

from tierce.kernel.language import Language, Phrase
from tierce.kernel.saying import fixed_french
from tierce.lab.standins.provider import Entry, InsurerEntry, PscEntry, RealmName, StaffEntry, Transaction

FEATURED_MAX = 60

_TITLES = {
    RealmName.PSC: Phrase("Connexion des professionnels de santé", "Sign-in of health professionals"),
    RealmName.STAFF: Phrase("Connexion du personnel de l’opérateur", "Sign-in of the operator’s staff"),
    RealmName.PERSONS: Phrase("Connexion des personnes assurées", "Sign-in of insured people"),
    RealmName.INSURERS: Phrase("Connexion du personnel des organismes assureurs", "Sign-in of insurers’ staff"),
}
_FIELDS = {
    RealmName.PSC: Phrase("Autre identifiant national (8 + RPPS)", "Another national identifier (8 + RPPS)"),
    RealmName.STAFF: Phrase("Autre identifiant d’agent", "Another staff identifier"),
    RealmName.PERSONS: Phrase("Autre identifiant d’usager", "Another user identifier"),
    RealmName.INSURERS: Phrase("Autre identifiant d’agent", "Another staff identifier"),
}
_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;color:#14213d;background:#fbfaf7;margin:0 auto;max-width:70ch;"
    "padding:24px 16px}h1{font-size:1.5rem}.banner{border:2px solid #b45309;border-radius:6px;padding:8px 16px;"
    "color:#b45309;font-weight:600}ul{list-style:none;padding:0}li{margin:8px 0}button{font:inherit;padding:8px 16px;"
    "border:1px solid #0b6e4f;border-radius:6px;background:#fff;color:#0b6e4f;text-align:left;cursor:pointer}"
    "button:focus,input:focus{outline:3px solid #1d4e89}input{font:inherit;padding:8px;border:1px solid #14213d;"
    "border-radius:6px;max-width:100%}small{display:block;color:#14213d}"
    "@media(prefers-color-scheme:dark){body{background:#10151f;color:#f1efe9}button{background:#1a2130;"
    "color:#8fd9bd;border-color:#8fd9bd}small{color:#f1efe9}.banner{color:#f0b46a;border-color:#f0b46a}"
    "input{background:#1a2130;color:#f1efe9;border-color:#f1efe9}}"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


_NATIONAL = Phrase("Identifiant national", "National identifier")
_MARK = Phrase("Simulateur", "Simulator")
_BANNER = Phrase(
    "Simulateur : aucun vrai compte, aucune vraie personne.", "Simulator: no real account, no real person."
)
_ASKS = Phrase(
    "Le service <strong>{}</strong> demande qui vous êtes.", "The service <strong>{}</strong> asks who you are."
)
_AS, _GO_ON = Phrase("Continuer en tant que", "Continue as"), Phrase("Continuer", "Continue")
_KNOWS = Phrase("Ce navigateur connaît encore", "This browser still knows")
_STILL = Phrase("Continuer sans rien montrer", "Go on and show nothing")
_PHONE = Phrase("Confirmer sur un téléphone", "Confirm on a phone")
_PUSH = Phrase("Envoyer la demande", "Send the request")
_BORN = Phrase("né(e) le", "born on")
_WAIT = Phrase("Confirmez sur votre téléphone", "Confirm on your phone")
_SENT = Phrase("Une demande a été envoyée.", "A request was sent.")
_DONE = Phrase("J’ai confirmé, continuer", "I have confirmed, go on")
_LEAVE = Phrase("Se déconnecter ?", "Sign out?")
_KNOWN = Phrase("Ce navigateur connaît", "This browser knows")
_OUT = Phrase("Me déconnecter", "Sign me out")
_LEFT = Phrase("Vous êtes déconnecté", "You are signed out")
_NOBODY = Phrase("Ce navigateur ne vous connaît plus.", "This browser knows you no more.")
_FAILED = Phrase("Connexion impossible", "Sign-in impossible")
_AGAIN = Phrase("Revenez au service et recommencez.", "Go back to the service and start again.")


def _page(language: Language, title: Phrase, inside: str, *, refresh: str = "") -> str:
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{refresh}<title>{escape(title[language])} — {_MARK[language]}</title><style>{_STYLE}</style></head>"
        "<body><main>"
        f'<p class="banner">{_BANNER[language]}</p>'
        f"<h1>{escape(title[language])}</h1>{inside}</main></body></html>"
    )
    return fixed_french(html) if language is Language.FR else html


def _described(entry: Entry, language: Language) -> tuple[str, str, str]:
    if isinstance(entry, StaffEntry):
        return entry.subject, entry.name, ", ".join(entry.roles)
    if isinstance(entry, InsurerEntry):
        return entry.subject, entry.name, entry.insurer or entry.amc
    if isinstance(entry, PscEntry):
        places = " · ".join(f"{place.name}, {place.town}" for place in entry.activities)
        return entry.national_id, f"{entry.given_name} {entry.family_name}", places
    return entry.sub, f"{entry.given_name} {entry.family_name}", f"{_BORN[language]} {entry.birthdate}"


def choose_page(
    realm: RealmName,
    name: str,
    transaction: Transaction,
    entries: list[Entry],
    known: Entry | None = None,
    *,
    language: Language = Language.FR,
) -> str:
    """List the identities to sign in as, with one click each, and a field for any other.

    `known` is whom this browser was used by last, and who has not left since.
    """
    hidden = f'<input type="hidden" name="transaction" value="{escape(name)}">'
    items = []
    for entry in [one for one in entries if one.featured][:FEATURED_MAX]:
        subject, label, detail = _described(entry, language)
        items.append(
            f'<li><form method="post" action="choose">{hidden}'
            f'<button name="subject" value="{escape(subject)}">{_AS[language]} {escape(label)}'
            f"<small>{escape(detail)}</small></button></form></li>"
        )
    still = ""
    if known is not None:
        subject, label, _detail = _described(known, language)
        still = (
            f'<form method="post" action="choose">{hidden}<p>{_KNOWS[language]} '
            f'<strong>{escape(label)}</strong>. <button name="subject" value="{escape(subject)}">'
            f"{_STILL[language]}</button></p></form>"
        )
    phone = ""
    if realm is RealmName.PSC:
        phone = (
            f"<h2>{_PHONE[language]}</h2>"
            f'<form method="post" action="push">{hidden}<p><label>{_NATIONAL[language]} '
            '<input name="subject" autocomplete="off" required></label> '
            f"<button>{_PUSH[language]}</button></p></form>"
        )
    return _page(
        language,
        _TITLES[realm],
        f"<p>{_ASKS[language].format(escape(transaction.client.client_id))}</p>"
        f"{still}<ul>{''.join(items)}</ul>"
        f'<form method="post" action="choose">{hidden}<p><label>{_FIELDS[realm][language]} '
        '<input name="subject" autocomplete="off" required></label> '
        f"<button>{_GO_ON[language]}</button></p></form>"
        f"{phone}",
    )


def waiting_page(name: str, language: Language) -> str:
    """Wait until the phone has been answered; the page asks again by itself."""
    address = f"continue?transaction={escape(name)}"
    return _page(
        language,
        _WAIT,
        f'<p>{_SENT[language]}</p><p><a href="{address}">{_DONE[language]}</a></p>',
        refresh=f'<meta http-equiv="refresh" content="2;url={address}">',
    )


def leave_page(known: Entry | None, query: Mapping[str, str], language: Language) -> str:
    """Ask whether she leaves: nothing said for certain that it is she who is led here."""
    fields = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in (dict(query) | {"sure": "yes"}).items()
    )
    who = (
        ""
        if known is None
        else f"<p>{_KNOWN[language]} <strong>{escape(_described(known, language)[1])}</strong>.</p>"
    )
    form = f'<form method="post" action="logout">{fields}<button>{_OUT[language]}</button></form>'
    return _page(language, _LEAVE, f"{who}{form}")


def left_page(language: Language) -> str:
    """Say that this browser knows nobody any more."""
    return _page(language, _LEFT, f"<p>{_NOBODY[language]}</p>")


def error_page(description: str, language: Language) -> str:
    """Say what is wrong when the browser cannot be sent back."""
    return _page(language, _FAILED, f'<p lang="en">{escape(description)}.</p><p>{_AGAIN[language]}</p>')
