"""What an e-mail to a professional says: what happened, when, from which kind of device, what to do; pure.

It has no link, names nobody and repeats nothing that whoever got in typed: who was named, or what a device is called,
would be a thief's own sentence under our name.
"""

from datetime import date
from typing import Final

from tierce.billing.bank.model import masked
from tierce.kernel.clock import PARIS
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, say_date, say_instant, say_period, say_place
from tierce.notices.model import Block, BlockKind, Document, Operator
from tierce.notices.own.model import Entered, Mail, Moved, Told

Said = tuple[Phrase, Phrase, tuple[Phrase, ...]]
"""A title, what happened, what to do."""

_TITLES: Final = {
    Told.CODE: Phrase("Un code d’assistant a été créé à votre nom", "An assistant’s code was made in your name"),
    Told.PASSKEY: Phrase("Un assistant peut se connecter à votre nom", "An assistant can sign in in your name"),
    Told.DEVICE: Phrase("Connexion sur un nouvel appareil", "Sign-in on a new device"),
    Told.SUBSTITUTE: Phrase("Un remplaçant a été déclaré à votre nom", "A substitute was declared in your name"),
    Told.ADDRESS: Phrase("Nous ne vous écrirons plus à cette adresse", "We shall write to you here no more"),
}
_ONCE: Final = {
    Told.CODE: Phrase(
        "un code a été créé, pour un nouvel assistant ou pour un assistant déjà désigné. Il permet à cet assistant "
        "de se connecter et de consulter des droits à votre nom.",
        "a code was made, for a new assistant or for one already named. It lets that assistant sign in and look up "
        "rights in your name.",
    ),
    Told.PASSKEY: Phrase(
        "une clé d’accès d’assistant a été enregistrée. Elle permet de se connecter et de consulter des droits à "
        "votre nom.",
        "an assistant’s passkey was registered. It lets its holder sign in and look up rights in your name.",
    ),
    Told.DEVICE: Phrase(
        "votre compte a été ouvert sur un appareil qui n’avait jamais servi à votre nom.",
        "your account was opened on a device that had never been used in your name.",
    ),
    Told.SUBSTITUTE: Phrase(
        "un remplaçant a été déclaré à votre nom. Il peut y consulter des droits à votre place, les jours déclarés.",
        "a substitute was declared in your name, who may look up rights there in your stead on the days declared.",
    ),
    Told.ADDRESS: Phrase(
        "nous avons retiré cette adresse de votre dossier. Ce qui se fait à votre nom n’y sera plus annoncé.",
        "we took this address off your file. What is done in your name will not be told here any more.",
    ),
}
_OFTEN: Final = {
    Told.CODE: Phrase("{n} codes d’assistant ont été créés.", "{n} assistants’ codes were made."),
    Told.PASSKEY: Phrase(
        "{n} clés d’accès d’assistant ont été enregistrées.", "{n} assistants’ passkeys were registered."
    ),
    Told.DEVICE: Phrase(
        "votre compte a été ouvert sur {n} appareils qui n’avaient jamais servi à votre nom.",
        "your account was opened on {n} devices that had never been used in your name.",
    ),
    Told.SUBSTITUTE: Phrase(
        "{n} remplaçants ont été déclarés à votre nom.", "{n} substitutes were declared in your name."
    ),
    Told.ADDRESS: Phrase(
        "nous avons retiré cette adresse de votre dossier, {n} fois. Ce qui se fait à votre nom n’y sera plus "
        "annoncé.",
        "we took this address off your file, {n} times. What is done in your name will not be told here any more.",
    ),
}
_CAME: Final = (Phrase("La demande venait", "The request came"), Phrase("La connexion venait", "The sign-in came"))
_NEVER: Final = Phrase(
    "Ce message n’a pas de lien. Nous ne demandons jamais d’IBAN ni de code par courriel ou par téléphone.",
    "This message has no link. We never ask for an IBAN or a code by e-mail or telephone.",
)


def own_message(operator: Operator, mail: Mail, dated: date) -> Document:
    """What a message says, in both languages."""
    about = mail.about
    title, happened, to_do = (
        _moved(operator, mail, about) if isinstance(about, Moved) else _entered(operator, mail, about)
    )
    return Document(
        title=title,
        sender=(operator.name, operator.address, operator.phone),
        recipient=(),
        reference=mail.token.hex().upper(),
        dated=dated,
        greeting=Phrase("Bonjour,", "Hello,"),
        blocks=(
            Block(BlockKind.NATURE, Phrase("Ce qui s’est passé", "What happened"), (happened,)),
            Block(
                BlockKind.ACTIONS, Phrase("Ce que vous pouvez faire", "What you can do"), (*to_do, _NEVER)
            ),
        ),
        closing=Phrase("Bien à vous,", "Yours,"),
        signature=(Phrase(operator.name, operator.name),),
    )  # fmt: skip


def _moved(operator: Operator, mail: Mail, about: Moved) -> Said:
    place, account = say_place(mail.place or ""), masked(about.country, about.tail).replace(" ", NBSP)
    asked = say_date(about.asked.astimezone(PARIS).date())
    due = say_instant(about.due)
    if mail.what is Told.ASKED:
        return (
            Phrase("Changement de compte bancaire demandé", "Change of bank account asked for"),
            Phrase(
                f"Le {asked.fr}, quelqu’un a demandé que les paiements de {place} aillent au compte {account}. "
                f"Rien ne change avant {due.fr}, ni sans notre appel.",
                f"On {asked.en}, somebody asked that the payments of {place} go to the account {account}. "
                f"Nothing changes before {due.en[3:]}, nor without our call.",
            ),
            (
                Phrase(
                    "Ce n’est pas vous ? Ouvrez le portail, à l’adresse que vous avez déjà, page Compte bancaire : "
                    f"un bouton l’arrête. Ou appelez-nous au {operator.called}.",
                    "It was not you? Open the portal, at the address that you already have, page Bank account: one "
                    f"button stops it. Or call us on {operator.called}.",
                ),
            ),
        )
    return (
        Phrase("Nouveau compte bancaire en vigueur", "New bank account in force"),
        Phrase(
            f"Les paiements de {place} vont maintenant au compte {account}, demandé le {asked.fr}.",
            f"The payments of {place} now go to the account {account}, asked for on {asked.en}.",
        ),
        (
            Phrase(
                f"Ce n’est pas votre compte ? Appelez-nous tout de suite au {operator.called}.",
                f"It is not your account? Call us at once on {operator.called}.",
            ),
        ),
    )


def _entered(operator: Operator, mail: Mail, about: Entered) -> Said:
    at = say_period(about.first, about.last)
    when, found = Phrase(_capital(at.fr), _capital(at.en)), _OFTEN[mail.what]
    what = Phrase(found.fr.format(n=about.times), found.en.format(n=about.times))
    if about.times == 1:
        what = _ONCE[mail.what]
    where = Phrase("", "")
    if mail.place is not None:
        place = say_place(mail.place)
        where = Phrase(f", pour {place}", f", for {place}")
    happened = Phrase(f"{when.fr}{where.fr}, {what.fr}", f"{when.en}{where.en}, {what.en}")
    return _TITLES[mail.what], _and_how(happened, mail.what, about), (_what_to_do(operator, mail.what),)


def _and_how(happened: Phrase, what: Told, about: Entered) -> Phrase:
    """What happened, with the kind of device where it is known."""
    if about.device is None:
        return happened
    if about.software is not None:
        kind = Phrase(f"du logiciel {about.software}", f"from the software {about.software}")
    else:
        kind = Phrase("d’un navigateur, sur le portail", "from a browser, on the portal")
    came = _CAME[what is Told.DEVICE]
    return Phrase(f"{happened.fr} {came.fr} {kind.fr}.", f"{happened.en} {came.en} {kind.en}.")


_WHERE: Final = {
    Told.DEVICE: (
        Phrase("Mes connexions", "My sign-ins"), Phrase("mettez fin à cette session", "end that session"),
    ),
    Told.SUBSTITUTE: (
        Phrase("Qui agit pour moi", "Who acts for me"),
        Phrase("mettez fin à ce remplacement", "end that substitution"),
    ),
}  # fmt: skip
_ASSISTANT: Final = (
    Phrase("Qui agit pour moi", "Who acts for me"), Phrase("mettez fin à cet assistant", "end that assistant"),
)  # fmt: skip


def _what_to_do(operator: Operator, what: Told) -> Phrase:
    if what is Told.ADDRESS:
        return Phrase(
            "Vous l’avez demandé ? Rien à faire. Vous ne l’avez pas demandé ? Appelez-nous tout de suite au "
            f"{operator.called}. Puis ouvrez le portail, à l’adresse que vous avez déjà, page « Qui agit pour moi ».",
            f"You asked for it? Nothing to do. You did not? Call us at once on {operator.called}. Then open the "
            "portal, at the address that you already have, page “Who acts for me”.",
        )
    page, act = _WHERE.get(what, _ASSISTANT)
    # Staff may have declared a substitute whom she asked for by telephone.
    was, not_was = (
        (Phrase("Vous l’avez voulu", "You wanted it"), Phrase("Vous ne l’avez pas voulu", "You did not want it"))
        if what is Told.SUBSTITUTE
        else (Phrase("C’est vous", "It was you"), Phrase("Ce n’est pas vous", "It was not you"))
    )
    return Phrase(
        f"{was.fr} ? Rien à faire. {not_was.fr} ? Appelez-nous tout de suite au {operator.called}. Puis "
        f"ouvrez le portail, à l’adresse que vous avez déjà, page « {page.fr} », et {act.fr}.",
        f"{was.en}? Nothing to do. {not_was.en}? Call us at once on {operator.called}. Then open the portal, at "
        f"the address that you already have, page “{page.en}”, and {act.en}.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
