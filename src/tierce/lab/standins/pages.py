"""The French pages of the stand-in providers: plain, readable without JavaScript, marked as a simulator."""

from collections.abc import Mapping
from html import escape

from tierce.lab.standins.provider import Entry, InsurerEntry, PscEntry, RealmName, StaffEntry, Transaction

FEATURED_MAX = 60

_TITLES = {
    RealmName.PSC: "Connexion des professionnels de santé",
    RealmName.STAFF: "Connexion du personnel de l’opérateur",
    RealmName.PERSONS: "Connexion des personnes assurées",
    RealmName.INSURERS: "Connexion du personnel des organismes assureurs",
}
_FIELDS = {
    RealmName.PSC: "Autre identifiant national (8 + RPPS)",
    RealmName.STAFF: "Autre identifiant d’agent",
    RealmName.PERSONS: "Autre identifiant d’usager",
    RealmName.INSURERS: "Autre identifiant d’agent",
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


def _page(title: str, inside: str, *, refresh: str = "") -> str:
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{refresh}<title>{escape(title)} — Simulateur</title><style>{_STYLE}</style></head><body><main>"
        '<p class="banner">Simulateur : aucun vrai compte, aucune vraie personne.</p>'
        f"<h1>{escape(title)}</h1>{inside}</main></body></html>"
    )


def _described(entry: Entry) -> tuple[str, str, str]:
    if isinstance(entry, StaffEntry):
        return entry.subject, entry.name, ", ".join(entry.roles)
    if isinstance(entry, InsurerEntry):
        return entry.subject, entry.name, entry.insurer or entry.amc
    if isinstance(entry, PscEntry):
        places = " · ".join(f"{place.name}, {place.town}" for place in entry.activities)
        return entry.national_id, f"{entry.given_name} {entry.family_name}", places
    return entry.sub, f"{entry.given_name} {entry.family_name}", f"né(e) le {entry.birthdate}"


def choose_page(
    realm: RealmName, name: str, transaction: Transaction, entries: list[Entry], known: Entry | None = None
) -> str:
    """List the identities to sign in as, with one click each, and a field for any other.

    `known` is whom this browser was used by last, and who has not left since.
    """
    hidden = f'<input type="hidden" name="transaction" value="{escape(name)}">'
    items = []
    for entry in [one for one in entries if one.featured][:FEATURED_MAX]:
        subject, label, detail = _described(entry)
        items.append(
            f'<li><form method="post" action="choose">{hidden}'
            f'<button name="subject" value="{escape(subject)}">Continuer en tant que {escape(label)}'
            f"<small>{escape(detail)}</small></button></form></li>"
        )
    still = ""
    if known is not None:
        subject, label, _detail = _described(known)
        still = (
            f'<form method="post" action="choose">{hidden}<p>Ce navigateur connaît encore '
            f'<strong>{escape(label)}</strong>. <button name="subject" value="{escape(subject)}">'
            "Continuer sans rien montrer</button></p></form>"
        )
    phone = ""
    if realm is RealmName.PSC:
        phone = (
            "<h2>Confirmer sur un téléphone</h2>"
            f'<form method="post" action="push">{hidden}<p><label>Identifiant national '
            '<input name="subject" autocomplete="off" required></label> '
            "<button>Envoyer la demande</button></p></form>"
        )
    return _page(
        _TITLES[realm],
        f"<p>Le service <strong>{escape(transaction.client.client_id)}</strong> demande qui vous êtes.</p>"
        f"{still}<ul>{''.join(items)}</ul>"
        f'<form method="post" action="choose">{hidden}<p><label>{_FIELDS[realm]} '
        '<input name="subject" autocomplete="off" required></label> <button>Continuer</button></p></form>'
        f"{phone}",
    )


def waiting_page(name: str) -> str:
    """Wait until the phone has been answered; the page asks again by itself."""
    address = f"continue?transaction={escape(name)}"
    return _page(
        "Confirmez sur votre téléphone",
        f'<p>Une demande a été envoyée.</p><p><a href="{address}">J’ai confirmé, continuer</a></p>',
        refresh=f'<meta http-equiv="refresh" content="2;url={address}">',
    )


def leave_page(known: Entry | None, query: Mapping[str, str]) -> str:
    """Ask whether she leaves: nothing said for certain that it is she who is led here."""
    fields = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in (dict(query) | {"sure": "yes"}).items()
    )
    who = "" if known is None else f"<p>Ce navigateur connaît <strong>{escape(_described(known)[1])}</strong>.</p>"
    return _page(
        "Se déconnecter ?", f'{who}<form method="post" action="logout">{fields}<button>Me déconnecter</button></form>'
    )


def left_page() -> str:
    """Say that this browser knows nobody any more."""
    return _page("Vous êtes déconnecté", "<p>Ce navigateur ne vous connaît plus.</p>")


def error_page(description: str) -> str:
    """Say what is wrong when the browser cannot be sent back."""
    return _page("Connexion impossible", f"<p>{escape(description)}.</p><p>Revenez au service et recommencez.</p>")
