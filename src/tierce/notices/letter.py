"""One person's letter, GDPR article 34: what happened to her data and what she can do, in plain words.

It never names the professional whose access was used nor the place of care, which would say where she is
treated or accuse somebody whose access was stolen. It carries no link and asks for nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from tierce.kernel.categories import DataCategory, each
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP, count, say_instant, say_period
from tierce.notices.model import (
    Block,
    BlockKind,
    Document,
    Facts,
    Measure,
    MeasureKind,
    Operator,
    Reader,
    ReadOfHer,
)
from tierce.notices.rules import LETTER_CONTENTS, check_document, is_complete


@dataclass(frozen=True, slots=True)
class _Voice:
    """How a letter speaks of the person: to herself, or to whoever represents a child."""

    masculine: str
    feminine: str
    plural: str
    about: Phrase
    did_not_receive: Phrase
    owner: str


_ADULT: Final = _Voice(
    masculine="votre",
    feminine="votre",
    plural="vos",
    about=Phrase("à votre sujet", "about you"),
    did_not_receive=Phrase("vous n’avez pas reçus", "you did not receive"),
    owner="your",
)
_MINOR: Final = _Voice(
    masculine="son",
    feminine="sa",
    plural="ses",
    about=Phrase("au sujet de l’enfant que vous représentez", "about the child you represent"),
    did_not_receive=Phrase("l’enfant n’a pas reçus", "the child did not receive"),
    owner="the child’s",
)


def make_letter(
    *,
    facts: Facts,
    operator: Operator,
    reader: Reader,
    read: ReadOfHer,
    reference: str,
    dated: date,
    forbidden: tuple[str, ...] = (),
) -> Document:
    """Write one person's letter from what the journal says was read of her.

    Args:
        facts: what is established about the incident.
        operator: who writes.
        reader: the person, by name; a minor's letter is addressed to her legal representative.
        read: what was read of her under one insurer's contract.
        reference: what she can quote to have the letter checked.
        dated: the letter's date.
        forbidden: names that may not appear (the professional, the place of care).

    Raises:
        TextRefusedError: a block would be empty or vague; no letter is better than one that says nothing.
    """
    voice = _MINOR if reader.minor else _ADULT
    document = Document(
        title=_title(voice),
        sender=(operator.name, operator.address, operator.phone),
        recipient=(_addressee(reader),),
        reference=reference,
        dated=dated,
        greeting=Phrase("Madame, Monsieur,", "Dear Sir or Madam,"),
        blocks=(
            _nature(facts, read, voice),
            _consequences(read, voice),
            _measures(facts),
            _actions(read, voice),
            _contact(operator, reference),
        ),
        closing=Phrase(
            f"Ces informations nous étaient confiées{NBSP}: nous vous présentons nos excuses.",
            "This information was in our care: we apologise to you.",
        ),
        signature=(
            Phrase(operator.officer, operator.officer),
            Phrase("Délégué à la protection des données", "Data protection officer"),
            Phrase(operator.name, operator.name),
        ),
    )
    check_document(document, LETTER_CONTENTS, forbidden)
    return document


def _title(voice: _Voice) -> Phrase:
    return Phrase(
        f"Une personne sans droit de le faire a lu des informations {voice.about.fr}",
        f"Somebody with no right to do so has read information {voice.about.en}",
    )


def _addressee(reader: Reader) -> Phrase:
    if reader.minor:
        return Phrase(f"Au représentant légal de {reader.name}", f"To the legal representative of {reader.name}")
    return Phrase(reader.name, reader.name)


def _read_points(read: ReadOfHer, voice: _Voice) -> tuple[Phrase, ...]:
    """Say each category that was shown, in the words of everyday."""
    own = {
        DataCategory.CIVIL_STATUS: Phrase(f"{voice.plural} nom et prénoms", f"{voice.owner} full name"),
        DataCategory.BIRTH_DATE: Phrase(f"{voice.feminine} date de naissance", f"{voice.owner} birth date"),
        DataCategory.NIR: Phrase(
            f"{voice.masculine} numéro de sécurité sociale (NIR)",
            f"{voice.owner} social security number (NIR)",
        ),
        DataCategory.INSURER: Phrase(
            f"le nom de {voice.feminine} complémentaire santé{NBSP}: {read.insurer_name}",
            f"the name of {voice.owner} health insurer: {read.insurer_name}",
        ),
        DataCategory.GUARANTEES: Phrase(
            f"ce que {voice.feminine} complémentaire prend en charge pour un type de soins, et jusqu’à quelle date",
            f"what {voice.owner} insurer covers for one kind of care, and until what date",
        ),
        DataCategory.BANK: Phrase(f"{voice.plural} coordonnées bancaires", f"{voice.owner} bank details"),
        DataCategory.MEDICAL: Phrase("des données médicales", "medical data"),
        DataCategory.REIMBURSEMENTS: Phrase(f"{voice.plural} remboursements", f"{voice.owner} reimbursements"),
        DataCategory.POSTAL_ADDRESS: Phrase(f"{voice.masculine} adresse postale", f"{voice.owner} postal address"),
        DataCategory.PHONE: Phrase(f"{voice.masculine} numéro de téléphone", f"{voice.owner} phone number"),
        DataCategory.EMAIL: Phrase(
            f"{voice.masculine} adresse électronique",
            f"{voice.owner} e-mail address",
        ),
        DataCategory.PROFESSIONAL_RECORD: Phrase(
            f"{voice.feminine} fiche de professionnel", f"{voice.owner} professional record"
        ),
    }
    return tuple(own[category] for category in each(read.categories))


def _nature(facts: Facts, read: ReadOfHer, voice: _Voice) -> Block:
    when = say_period(read.first_at, read.last_at)
    times = count(read.entries, Phrase("fois", "time"), Phrase("fois", "times"))
    often = Phrase("", "") if read.entries == 1 else Phrase(f" {times.fr}", f" {times.en}")
    paragraphs = [
        Phrase(
            f"Une personne a volé l’accès d’un professionnel de santé. {when.fr[0].upper()}{when.fr[1:]}, elle s’en "
            f"est servie pour interroger notre service de tiers payant{often.fr} {voice.about.fr}. "
            f"Voici ce que notre réponse lui a montré{NBSP}:",
            f"Somebody stole the access of a health professional. {when.en[0].upper()}{when.en[1:]}, they used it "
            f"to ask our tiers payant service{often.en} {voice.about.en}. This is what our answer showed:",
        ),
    ]
    after = [
        Phrase(
            f"Pour poser cette question, il faut taper le numéro de sécurité sociale et la date de naissance de la "
            f"personne. L’auteur du vol les avait donc déjà{NBSP}; nous ne savons pas d’où il les tient. "
            f"Notre réponse lui a confirmé qu’ils sont exacts.",
            "To ask this question, one has to type the person’s social security number and birth date. So the thief "
            "already had them; we do not know from where. Our answer confirmed that they are right.",
        )
    ]
    if is_complete(facts.gaps, facts.unattributed):
        after.append(
            Phrase(
                "Notre journal note chaque réponse avant qu’elle parte. Il n’en contient aucune autre, donnée à "
                f"l’accès volé, pour le contrat chez {read.insurer_name}.",
                "Our journal records every answer before it leaves. It holds no other answer given to the stolen "
                f"access for the contract with {read.insurer_name}.",
            )
        )
    return Block(
        BlockKind.NATURE,
        Phrase("Ce qui s’est passé", "What happened"),
        tuple(paragraphs),
        _read_points(read, voice),
        tuple(after),
    )


def _consequences(read: ReadOfHer, voice: _Voice) -> Block:
    return Block(
        BlockKind.CONSEQUENCES,
        Phrase("Ce que cela peut entraîner", "What this can lead to"),
        (),
        (
            Phrase(
                f"Un appel, un courrier ou un message qui se fait passer pour {read.insurer_name}, pour l’Assurance "
                "maladie ou pour un professionnel de santé. Son auteur cite la complémentaire et les droits pour "
                "mettre en confiance. Il demande ensuite un code, un paiement ou des coordonnées bancaires.",
                f"A call, a letter or a message that pretends to come from {read.insurer_name}, from the national "
                "health insurance or from a health professional. It quotes the insurer and the cover to win trust. "
                "Then it asks for a code, a payment or bank details.",
            ),
            Phrase(
                f"Une usurpation d’identité{NBSP}: avec {voice.masculine} numéro de sécurité sociale et "
                f"{voice.feminine} date de naissance, quelqu’un peut essayer d’ouvrir un compte ou un droit à "
                f"{voice.masculine} nom.",
                f"Identity theft: with {voice.owner} social security number and birth date, somebody may try to open "
                f"an account or claim a right in {voice.owner} name.",
            ),
            Phrase(
                f"Des soins facturés à {voice.masculine} nom, que {voice.did_not_receive.fr}.",
                f"Care billed in {voice.owner} name that {voice.did_not_receive.en}.",
            ),
        ),
    )


def measure_sentence(measure: Measure) -> Phrase:
    """Say one measure really taken, with its time."""
    when = say_instant(measure.at)
    begun_fr, begun_en = f"{when.fr[0].upper()}{when.fr[1:]}", f"{when.en[0].upper()}{when.en[1:]}"
    if measure.kind is MeasureKind.LIST_COMPUTED:
        return Phrase(
            f"{begun_fr}, nous avons établi, à partir de notre journal, la liste des personnes dont des "
            "informations ont été lues et de ce qui a été lu de chacune.",
            f"{begun_en}, we drew up from our journal the list of the people whose information was read, and "
            "of what was read of each.",
        )
    if measure.until is not None:
        end = say_instant(measure.until)
        return Phrase(
            f"{begun_fr}, nous avons bridé l’accès volé. Jusqu’au {end.fr[3:]}, il n’a plus rien pu lire sur une "
            "personne dont la présence n’était pas prouvée.",
            f"{begun_en}, we curbed the stolen access. Until {end.en[3:]} it could read nothing about a person "
            "whose presence was not proved.",
        )
    return Phrase(
        f"{begun_fr}, nous avons bridé l’accès volé. Depuis, il ne peut plus rien lire sur une personne "
        "dont la présence n’est pas prouvée.",
        f"{begun_en}, we curbed the stolen access. Since then it can read nothing about a person whose "
        "presence is not proved.",
    )


def _measures(facts: Facts) -> Block:
    return Block(
        BlockKind.MEASURES,
        Phrase("Ce que nous avons fait", "What we have done"),
        (),
        tuple(measure_sentence(one) for one in facts.measures),
    )


def _actions(read: ReadOfHer, voice: _Voice) -> Block:
    return Block(
        BlockKind.ACTIONS,
        Phrase("Ce que vous pouvez faire", "What you can do"),
        (),
        (
            Phrase(
                "Si quelqu’un vous contacte en citant cette complémentaire, ne donnez ni code, ni mot de passe, ni "
                f"coordonnées bancaires. Raccrochez, puis appelez vous-même {read.insurer_name} au numéro imprimé "
                "sur la carte de tiers payant.",
                "If somebody contacts you and quotes this insurer, give no code, no password and no bank details. "
                f"Hang up, then call {read.insurer_name} yourself at the number printed on the tiers payant card.",
            ),
            Phrase(
                f"Pendant un an, relisez les relevés de remboursement. Si vous y trouvez des soins que "
                f"{voice.did_not_receive.fr}, dites-le à {read.insurer_name}.",
                f"For one year, read the reimbursement statements. If you find care that {voice.did_not_receive.en}, "
                f"tell {read.insurer_name}.",
            ),
            Phrase(
                f"Dans votre espace personnel, vous voyez chaque consultation des droits et pouvez répondre "
                f"«{NBSP}Ce n’était pas moi{NBSP}». Tapez vous-même son adresse{NBSP}: nous n’envoyons jamais "
                "de lien.",
                "In your personal space you see every look-up and can answer “It was not me”. Type its address "
                "yourself: we never send a link.",
            ),
            Phrase(
                "Vous pouvez porter plainte auprès de la police ou de la gendarmerie, avec cette lettre. Vous pouvez "
                "aussi saisir la CNIL, l’autorité chargée de la protection des données personnelles.",
                "You can file a complaint with the police or the gendarmerie, with this letter. You can also turn to "
                "the CNIL, the French data protection authority.",
            ),
        ),
    )


def _contact(operator: Operator, reference: str) -> Block:
    return Block(
        BlockKind.CONTACT,
        Phrase("À qui parler", "Whom to talk to"),
        (
            Phrase(
                f"{operator.officer}, délégué à la protection des données de {operator.name}{NBSP}: "
                f"{operator.phone}, {operator.officer_email}, {operator.address}.",
                f"{operator.officer}, data protection officer of {operator.name}: {operator.phone}, "
                f"{operator.officer_email}, {operator.address}.",
            ),
            Phrase(
                "Pour vérifier que cette lettre vient de nous, appelez et donnez la référence "
                f"{reference}. Nous ne vous demanderons ni numéro de sécurité sociale, ni mot de passe, ni "
                "coordonnées bancaires.",
                f"To check that this letter comes from us, call and give the reference {reference}. We will not ask "
                "for a social security number, a password or bank details.",
            ),
        ),
    )
