"""What stops a sending."""

from tierce.kernel.errors import TierceError


class DeliveryError(TierceError):
    """Messages cannot leave."""

    in_french = "Aucun message ne peut partir."


class DkimKeyError(DeliveryError):
    """The DKIM key cannot be read, or is no RSA key of 2048 bits: make one with `tierce notice mail-key`."""

    in_french = (
        "La clé DKIM ne se lit pas, ou n’est pas RSA de 2048 bits : faites-en une par `tierce notice mail-key`."
    )


class MailServerError(DeliveryError):
    """The mail server cannot be reached, or refuses us, and nothing was sent: check mail.host and mail.port."""

    in_french = (
        "Le serveur de messagerie ne répond pas ou nous refuse, rien n’est parti : vérifiez mail.host et mail.port."
    )


class TlsMissingError(DeliveryError):
    """The mail server has no STARTTLS or a bad certificate, and nothing was sent: mend it, or see SSL_CERT_FILE."""

    in_french = (
        "Le serveur de messagerie est sans STARTTLS, ou son certificat ne se vérifie pas, et rien n’est parti : "
        "faites-le corriger, ou voyez SSL_CERT_FILE."
    )


class LoginRefusedError(DeliveryError):
    """The mail server refuses our name and password: correct mail.user and mail.password_file."""

    in_french = (
        "Le serveur de messagerie refuse notre nom et notre mot de passe : corrigez mail.user et mail.password_file."
    )
