"""The doctor on what is outside: our ports, our public names and their certificates, the identity providers."""

import socket
import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from tierce.identity.oidc import SKEW_SECONDS
from tierce.kernel.clock import PARIS, Clock
from tierce.kernel.language import Phrase
from tierce.kernel.loopback import NO_TLS
from tierce.settings import RealmSettings, Settings
from tierce.upkeep.doctor.model import Finding, Grade, bad, good
from tierce.upkeep.health.service import BILLING, WORKER, site_state
from tierce.upkeep.health.shown import SECONDS_MAX, any_certificate, public, secured, shown, untrusted
from tierce.web.names import NAME, OUTER, SITES, named_in

CERTIFICATE_WARNING = timedelta(days=21)
SECRET_WARNING = timedelta(days=30)
CLOCK_WARNING = 3.0
"""A provider's answer is dated to the second, and takes a moment to come."""
REALMS = ("psc", "staff", "persons_provider", "insurers_provider")


def ports(settings: Settings) -> list[Finding]:
    """Each site, the signer and `peers` where there are any, answers on its own port, and it is ours that answers."""
    found, unready = [], dict[str, list[str]]()
    for name in named_in(settings):
        if name in {WORKER, BILLING}:
            continue  # they listen nowhere: their heartbeat is looked at in the database
        port = getattr(settings, name).port
        state = site_state(name, port)
        if state.ready:
            continue
        if state.live:
            wrong = ", ".join(check for check, is_good in state.checks.items() if not is_good)
            unready.setdefault(wrong, []).append(name)
        elif _is_open(port):
            said = Phrase(f"le port {port} est pris par un autre programme", f"another program holds port {port}")
            remedy = Phrase(f"arrêtez-le, ou changez [{name}] port", f"stop it, or change [{name}] port")
            found.append(bad("port-taken", name, said, remedy))
        else:
            said = Phrase(f"ne répond pas sur le port {port}", f"does not answer on port {port}")
            remedy = Phrase(
                f"`systemctl restart tierce-{name}` ; sinon, `journalctl -u tierce-{name} -n 50` dit pourquoi",
                f"`systemctl restart tierce-{name}`; if it ends, `journalctl -u tierce-{name} -n 50` says why",
            )
            found.append(bad("site-down", name, said, remedy))
    found += [_unready(wrong, names) for wrong, names in unready.items()]
    return found or [good("sites", "127.0.0.1", "tous les sites répondent", "every site answers")]


def _unready(wrong: str, names: list[str]) -> Finding:
    """Sites that fail for one reason: what they need is mended once."""
    remedy = Phrase("réparez d’abord ce que disent les autres constats", "mend the other findings first")
    if wrong == "schema":  # they began before an upgrade: nothing else is to mend
        remedy = Phrase(*["`systemctl restart " + " ".join(f"tierce-{name}" for name in names) + "`"] * 2)
    said = Phrase(f"en marche, pas prêt ({wrong})", f"up, not ready ({wrong})")
    return bad("site-not-ready", ", ".join(names), said, remedy)


def certificates(settings: Settings, clock: Clock) -> list[Finding]:
    """The certificate that browsers are shown at each https address is valid for a while yet."""
    return [one for name, host, port in secured(settings) for one in certificate(name, host, port, clock.now())]


def names(settings: Settings) -> list[Finding]:
    """Each public address leads to its own site, through whatever stands in front; a silent one is not judged."""
    found, asked = [], 0
    for name in public(settings):
        url = getattr(settings, name).url
        led = _led_to(url)
        asked += led is not None
        if led not in (None, name):
            other = led if led in (*SITES, *OUTER) else None
            said = (
                Phrase(f"{url} mène au site « {other} »", f"{url} leads to the site “{other}”")
                if other
                else Phrase(f"{url} mène à autre chose que Tierce", f"{url} leads to something other than Tierce")
            )
            port = getattr(settings, name).port
            remedy = Phrase(
                f"faites mener ce nom au port {port} : table $tierce_port de nginx, DNS",
                f"lead this name to port {port}: table $tierce_port of nginx, DNS",
            )
            found.append(bad("name-astray", name, said, remedy))
    if asked and not found:
        found.append(good("names", "DNS, nginx", "chaque adresse mène à son site", "each address leads to its site"))
    return found


def _led_to(url: str) -> str | None:
    """Which site answers at an address; "" for another program, None for nobody."""
    # One public word is asked for and nothing is sent: whose certificate it is, browsers judge.
    unsigned = urlsplit(url).scheme == "https"
    try:
        with httpx.Client(
            timeout=SECONDS_MAX, trust_env=False, verify=any_certificate() if unsigned else NO_TLS
        ) as client:
            answer = client.get(url + NAME)
    except httpx.HTTPError:
        return None
    return answer.text if answer.status_code == 200 and answer.text in (*SITES, *OUTER) else ""


def certificate(name: str, host: str, port: int, now: datetime, trust: ssl.SSLContext | None = None) -> list[Finding]:
    """Read one certificate, whoever signed it: its names, its first and last day, and whether this machine trusts it.

    `trust` holds other authorities than this machine's.
    """
    remedy = Phrase("renouvelez-le et rechargez nginx", "renew it and reload nginx")
    try:
        seen = shown(host, port)
        doubt = untrusted(host, port, trust)
    except OSError:
        said = Phrase(f"{host} ne répond pas en https", f"{host} does not answer over https")
        return [bad("https-down", name, said, Phrase("démarrez nginx", "start nginx"))]
    last = seen.not_valid_after_utc
    if not is_for(seen, host):
        said = Phrase(
            f"{host} montre le certificat d’un autre nom : les navigateurs le refusent",
            f"{host} shows the certificate of another name: browsers refuse it",
        )
        another = Phrase(
            f"faites-en un pour {host}, ou corrigez ssl_certificate de nginx",
            f"have one made for {host}, or correct ssl_certificate of nginx",
        )
        return [bad("certificate-astray", name, said, another)]
    if last <= now:
        said = Phrase(f"le certificat de {host} a expiré", f"the certificate of {host} has expired")
        return [bad("certificate-expired", name, said, remedy)]
    if seen.not_valid_before_utc > now:
        first = seen.not_valid_before_utc
        said = Phrase(
            f"le certificat de {host} ne vaut qu’à partir du {first:%d/%m/%Y %H:%M} UTC",
            f"the certificate of {host} is not valid before {first:%Y-%m-%d %H:%M} UTC",
        )
        early = Phrase(
            "remettez celui d’avant jusque-là, ou l’horloge de cette machine à l’heure (`timedatectl`)",
            "bring the one before back until then, or set this machine's clock right (`timedatectl`)",
        )
        return [bad("certificate-early", name, said, early)]
    if last - now < CERTIFICATE_WARNING:
        days = (last - now).days
        said = Phrase(
            f"le certificat de {host} expire dans {days} j", f"the certificate of {host} ends in {days} days"
        )
        return [bad("certificate-ends", name, said, remedy, grade=Grade.WARNING)]
    if doubt is not None:
        said = Phrase(
            f"les autorités de cette machine ne répondent pas du certificat de {host} ({doubt}) : des logiciels le "
            "refuseront",
            f"this machine's authorities do not vouch for the certificate of {host} ({doubt}): software will "
            "refuse it",
        )
        chain = Phrase(
            "mettez le certificat intermédiaire derrière le vôtre dans le fichier de ssl_certificate ; si l’autorité "
            "est la vôtre, `update-ca-certificates` la fait connaître à cette machine",
            "put the intermediate certificate behind yours in the file of ssl_certificate; of an authority of your "
            "own, `update-ca-certificates` tells this machine",
        )
        return [bad("certificate-chain", name, said, chain, grade=Grade.WARNING)]
    return [good("certificate", name, f"le certificat de {host} est valable", f"the certificate of {host} is valid")]


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether a certificate names this host, as browsers look: among its alternative names alone (RFC 9525)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    with suppress(ValueError):
        return ip_address(host) in found.get_values_for_type(x509.IPAddress)
    names = {one.lower() for one in found.get_values_for_type(x509.DNSName)}
    _, _, parent = host.lower().partition(".")
    return host.lower() in names or f"*.{parent}" in names


def providers(settings: Settings, clock: Clock) -> list[Finding]:
    """Each provider's discovery document is reachable and names the issuer of the settings; its secret lasts."""
    named: list[tuple[str, RealmSettings]] = [(one, at) for one in REALMS if (at := getattr(settings, one, None))]
    # Every authority's certificate is read once for all of them, and not for those on this machine.
    secure = any(urlsplit(given.discovery).scheme == "https" for _, given in named)
    trust = httpx.create_ssl_context() if secure else NO_TLS
    found = []
    for realm, given in named:
        found += [*_provider(realm, given, clock, trust), *_client_secret(realm, given, clock.now())]
    return found or [
        good("providers", "OpenID", "les fournisseurs d’identité répondent", "the identity providers answer")
    ]


def _provider(realm: str, given: RealmSettings, clock: Clock, trust: ssl.SSLContext) -> list[Finding]:
    told = None
    try:
        with httpx.Client(timeout=SECONDS_MAX, verify=trust) as client:
            answer = client.get(given.discovery)
        document, told = answer.json() if answer.status_code == 200 else {}, answer.headers.get("date")
    except (httpx.HTTPError, ValueError):
        document = {}
    if not isinstance(document, dict) or "issuer" not in document:
        said = Phrase("son document de découverte ne répond pas", "its discovery document does not answer")
        remedy = Phrase(
            f"vérifiez [{realm}] discovery, le réseau et le pare-feu",
            f"check [{realm}] discovery, network and firewall",
        )
        return [bad("provider-down", realm, said, remedy)]
    if document["issuer"] != given.issuer:
        said = Phrase("s’annonce sous un autre nom", "announces another issuer")
        remedy = Phrase(f"corrigez [{realm}] issuer", f"correct [{realm}] issuer")
        return [bad("provider-issuer", realm, said, remedy)]
    return _clock(realm, told, clock.now())


def _clock(realm: str, told: str | None, now: datetime) -> list[Finding]:
    """Hold this machine's clock to a provider's, by the date of its answer: the database's is often the same one."""
    try:
        there = parsedate_to_datetime(told or "")
    except ValueError:
        return []
    skew = abs((now - there).total_seconds()) if there.tzinfo else 0.0
    if skew <= CLOCK_WARNING:
        return []
    said = Phrase(
        f"son horloge et celle de cette machine s’écartent de {skew:.0f} s : au-delà de {SKEW_SECONDS} s, "
        "ses connexions sont refusées",
        f"its clock and this machine's are {skew:.0f} s apart: beyond {SKEW_SECONDS} s its sign-ins are refused",
    )
    remedy = Phrase("réglez NTP sur cette machine (`timedatectl`)", "set up NTP on this machine (`timedatectl`)")
    return [bad("clock-provider", realm, said, remedy, grade=Grade.BAD if skew > SKEW_SECONDS else Grade.WARNING)]


def _client_secret(realm: str, given: RealmSettings, now: datetime) -> list[Finding]:
    if given.client_secret_until is None:
        return []
    left = given.client_secret_until - now.astimezone(PARIS).date()
    remedy = Phrase(
        "demandez-en un nouveau et suivez docs/runbooks/key-rotation.md",
        "ask for a new one and follow docs/runbooks/key-rotation.md",
    )
    if left <= timedelta(0):
        said = Phrase("son secret client a expiré", "its client secret has expired")
        return [bad("client-secret-expired", realm, said, remedy)]
    if left < SECRET_WARNING:
        said = Phrase(f"son secret client expire dans {left.days} j", f"its client secret ends in {left.days} days")
        return [bad("client-secret-ends", realm, said, remedy, grade=Grade.WARNING)]
    return []


def relay(settings: Settings) -> list[Finding]:
    """The relay greets whoever connects; otherwise the first message that cannot leave tells that it is away."""
    mail = settings.mail
    if mail is None:
        return []
    where = f"{mail.host}:{mail.port}"
    try:
        with socket.create_connection((mail.host, mail.port), SECONDS_MAX) as connection:
            greeted = connection.recv(3) == b"220"
    except OSError:
        greeted = False
    if greeted:
        return [good("relay", where, "le relais de courriel répond", "the relay of e-mail answers")]
    said = Phrase("le relais de courriel ne répond pas", "the relay of e-mail does not answer")
    remedy = Phrase(
        "vérifiez [mail] host et port, et le relais ; ce qui est dû partira dès qu’il répond",
        "check [mail] host and port, and the relay; what is due leaves once it answers",
    )
    return [bad("relay", where, said, remedy)]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(SECONDS_MAX)
        return probe.connect_ex(("127.0.0.1", port)) == 0
