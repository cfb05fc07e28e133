"""Staff tell other operators of an account: a reason, a line, one signed token for each, in one transaction."""

import secrets

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey
from psycopg import Connection

from tierce.identity.lines import staff_line
from tierce.identity.model import StaffCaller
from tierce.incidents.rules import check_free_text
from tierce.journal.service import Appender
from tierce.kernel.clock import Clock
from tierce.kernel.errors import FieldError
from tierce.kernel.ids import ProfessionalId, new_id
from tierce.kernel.language import Phrase
from tierce.peer_alerts.rules import TYPE
from tierce.peer_alerts.telling import store
from tierce.peer_alerts.telling.model import Saying
from tierce.peer_alerts.telling.rules import check, claims_of
from tierce.policy.acts import Act

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signing_key(raw: bytes) -> ECKey:
    """The P-256 key that a key file stands for."""
    wide = HKDF(SHA256(), 48, salt=None, info=b"tierce-alerts-v1").derive(raw)
    scalar = int.from_bytes(wide, "big") % (_P256_ORDER - 1) + 1
    made = ECKey.import_key(ec.derive_private_key(scalar, ec.SECP256R1()))
    made.ensure_kid()
    return made


class Teller:
    """One per office; connections are those of role tierce_office in autocommit mode."""

    def __init__(self, appender: Appender, clock: Clock, issuer: str, key: ECKey) -> None:
        """Sign as `issuer`, which is our own public address, with `key`."""
        self._appender = appender
        self._clock = clock
        self._issuer = issuer
        self._key = key

    def publish(self, connection: Connection) -> None:
        """Have the public half told to whoever verifies."""
        public = self._key.as_dict(private=False)
        store.put_key(connection, str(self._key.kid), msgspec.json.encode(public | {"use": "sig", "alg": "ES256"}))

    def tell(self, connection: Connection, caller: StaffCaller, professional: ProfessionalId, saying: Saying) -> None:
        """Tell every operator that is registered for it.

        Raises:
            FieldError: nothing that can be signed is said, or there is nobody to tell.
            FreeTextError: no reason, or one that cannot be kept.
        """
        now, number = self._clock.now(), new_id()
        check(saying, now)
        said = Saying(saying.event, check_free_text("why", saying.why), saying.since, saying.until, saying.confidence)
        with connection.transaction():
            rpps, hearers = store.rpps_of(connection, professional), store.hearers(connection)
            if rpps is None:
                raise FieldError(
                    "event",
                    Phrase("ce compte n’a pas de numéro RPPS : les autres ne le reconnaîtraient pas.",
                           "this account has no RPPS number: the others would not know whose it is."),
                    Phrase("Prévenez-les par téléphone.", "Tell them by telephone."),
                )  # fmt: skip
            if not hearers:
                raise FieldError(
                    "event",
                    Phrase("aucun opérateur n’est inscrit pour être prévenu.",
                           "no operator is registered to be told."),
                    Phrase("Prévenez-les par téléphone, et voyez avec l’exploitation.",
                           "Tell them by telephone, and ask operations."),
                )  # fmt: skip
            store.put(connection, number, professional, said, now, caller.name)
            tokens = []
            for one in hearers:
                claims = claims_of(said, rpps, self._issuer, one.audience, secrets.token_hex(16), now)
                header = {"alg": "ES256", "typ": TYPE, "kid": str(self._key.kid)}
                tokens.append((one.number, jwt.encode(header, claims, self._key)))
            store.put_out(connection, number, tokens)
            entry = staff_line(caller, Act.STAFF_ALERT_SEND, now, reference=number)
            self._appender.write(connection, [entry])
