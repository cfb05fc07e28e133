"""The words of a letter that depend on what was shown and of whom: points, consequences, what one can do."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from tierce.incidents.severity.catalogue import LEAKS, capabilities, reached
from tierce.kernel.categories import DataCategory, each
from tierce.kernel.language import Phrase
from tierce.kernel.saying import NBSP
from tierce.notices.model import Block, BlockKind, ReadOfHer, Subject

CARE: Final = DataCategory.MEDICAL | DataCategory.REIMBURSEMENTS
"""What says something of care: another letter (the cohort of invoices)."""

KNOWN_TO_ASK: Final = DataCategory.NIR | DataCategory.BIRTH_DATE
"""What whoever asked had already, and our answer confirmed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a letter speaks of the person: to herself, or to whoever represents one or several others."""

    masculine: str
    feminine: str
    plural: str
    about: Phrase
    did_not_receive: Phrase
    owner: str


HERSELF: Final = Voice(
    masculine="votre",
    feminine="votre",
    plural="vos",
    about=Phrase("à votre sujet", "about you"),
    did_not_receive=Phrase("que vous n’avez pas reçus", "that you did not receive"),
    owner="your",
)


def _of(name: str) -> str:
    """French “of” a name: elided before a vowel. Before an h or a y usage varies, and nothing is."""
    return f"d’{name}" if unicodedata.normalize("NFD", name)[:1].lower() in set("aeiou") else f"de {name}"


def voice_of(subjects: tuple[Subject, ...]) -> Voice:
    """The voice of a letter about these persons."""
    if subjects[0].name is None:
        return HERSELF
    if len(subjects) == 1:
        name = subjects[0].name
        return Voice(
            masculine="son",
            feminine="sa",
            plural="ses",
            about=Phrase(f"au sujet {_of(name)}", f"about {name}"),
            did_not_receive=Phrase("que cette personne n’a pas reçus", "that this person did not receive"),
            owner="this person’s",
        )
    return Voice(
        masculine="leur",
        feminine="leur",
        plural="leurs",
        about=Phrase("au sujet des personnes que vous représentez", "about the people whom you represent"),
        did_not_receive=Phrase("qu’elles n’ont pas reçus", "that they did not receive"),
        owner="their",
    )


def read_points(read: ReadOfHer, voice: Voice) -> tuple[Phrase, ...]:
    """Say each category that was shown, in the words of everyday."""
    vowel = "son" if voice.feminine == "sa" else voice.feminine
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
        DataCategory.MEDICAL: Phrase(
            f"les soins que disent {voice.plural} factures", f"the care that {voice.owner} invoices tell of"
        ),
        DataCategory.REIMBURSEMENTS: Phrase(f"{voice.plural} remboursements", f"{voice.owner} reimbursements"),
        DataCategory.POSTAL_ADDRESS: Phrase(f"{vowel} adresse postale", f"{voice.owner} postal address"),
        DataCategory.PHONE: Phrase(f"{voice.masculine} numéro de téléphone", f"{voice.owner} phone number"),
        DataCategory.EMAIL: Phrase(f"{vowel} adresse électronique", f"{voice.owner} e-mail address"),
        DataCategory.PROFESSIONAL_RECORD: Phrase(
            f"{voice.feminine} fiche de professionnel", f"{voice.owner} professional record"
        ),
    }
    return tuple(own[category] for category in each(read.categories))


def shown_of(reads: tuple[ReadOfHer, ...]) -> DataCategory:
    """Every category that was shown."""
    found = DataCategory.NONE
    for read in reads:
        found |= read.categories
    return found


def consequences(reads: tuple[ReadOfHer, ...], voice: Voice, insurers: Phrase) -> Block:
    """What this can lead to, for what was shown: alone, then beside what leaked elsewhere."""
    shown = shown_of(reads)
    points = [
        Phrase(
            f"Un appel, un courrier ou un message qui se fait passer pour {insurers.fr}, pour l’Assurance "
            "maladie ou pour un professionnel de santé. Son auteur cite la complémentaire et les droits pour "
            "mettre en confiance. Il demande ensuite un code, un paiement ou des coordonnées bancaires.",
            f"A call, a letter or a message that pretends to come from {insurers.en}, from the national "
            "health insurance or from a health professional. It quotes the insurer and the cover to win trust. "
            "Then it asks for a code, a payment or bank details.",
        ),
        Phrase(
            f"Une usurpation d’identité{NBSP}: avec un numéro de sécurité sociale et une date de naissance, "
            f"quelqu’un peut essayer d’ouvrir un compte ou un droit à {voice.masculine} nom.",
            "Identity theft: with a social security number and a birth date, somebody may try to open "
            f"an account or claim a right in {voice.owner} name.",
        ),
        Phrase(
            f"Des soins facturés à {voice.masculine} nom, {voice.did_not_receive.fr}.",
            f"Care billed in {voice.owner} name {voice.did_not_receive.en}.",
        ),
    ]
    if shown & CARE:
        points.insert(
            0,
            Phrase(
                f"Une menace ou un chantage{NBSP}: celui qui sait quels soins ont été reçus peut menacer d’en parler "
                "à un proche ou à un employeur, et demander de l’argent.",
                "A threat or blackmail: whoever knows what care was received may threaten to tell a relative or an "
                "employer, and ask for money.",
            ),
        )
    if shown & DataCategory.BANK:
        points.append(bank_consequence())
    more = coupled(shown | KNOWN_TO_ASK)
    return Block(
        BlockKind.CONSEQUENCES,
        Phrase("Ce que cela peut entraîner", "What this can lead to"),
        (),
        tuple(points),
        (more,) if more else (),
    )


def coupled(known: DataCategory) -> Phrase | None:
    """What somebody can do who puts this beside the catalogue of earlier public leaks, in one sentence."""
    found = capabilities(reached(known, LEAKS)[0])
    if not found:
        return None
    return Phrase(
        "D’autres fuites, ailleurs, ont déjà rendu publics des adresses et des numéros de téléphone. En rapprochant "
        f"les deux, quelqu’un peut aussi{NBSP}: {f'{NBSP}; '.join(one.fr for one in found)}.",
        "Other leaks, elsewhere, have already made addresses and phone numbers public. By putting the two together, "
        f"somebody can also: {'; '.join(one.en for one in found)}.",
    )


def bank_consequence() -> Phrase:
    """What bank details allow."""
    return Phrase(
        "Un faux prélèvement, ou un paiement détourné vers un autre compte.",
        "A false debit, or a payment turned away to another account.",
    )


def bank_action() -> Phrase:
    """What one can do about bank details."""
    return Phrase(
        "Prévenez votre banque que ces coordonnées ont été lues. Relisez vos relevés, et contestez auprès d’elle "
        "tout prélèvement que vous ne reconnaissez pas.",
        "Tell your bank that these details were read. Read your statements, and dispute with it any debit that you "
        "do not recognise.",
    )


LETTER: Final = Phrase("ce courrier", "this message")
"""What a letter calls itself, on paper and as an e-mail."""


def complaint_action(paper: Phrase = LETTER) -> Phrase:
    """Where one can complain, with the very text that says so."""
    return Phrase(
        f"Vous pouvez porter plainte auprès de la police ou de la gendarmerie, avec {paper.fr}. Vous pouvez "
        "aussi saisir la CNIL, l’autorité chargée de la protection des données personnelles.",
        f"You can file a complaint with the police or the gendarmerie, with {paper.en}. You can also turn to "
        "the CNIL, the French data protection authority.",
    )


def actions(reads: tuple[ReadOfHer, ...], voice: Voice, insurers: Phrase, paper: Phrase = LETTER) -> Block:
    """What one can do, for what was shown."""
    shown = shown_of(reads)
    points = [
        Phrase(
            "Si quelqu’un vous contacte en citant cette complémentaire, ne donnez ni code, ni mot de passe, ni "
            f"coordonnées bancaires. Raccrochez, puis appelez vous-même {insurers.fr} au numéro imprimé "
            "sur la carte de tiers payant.",
            "If somebody contacts you and quotes this insurer, give no code, no password and no bank details. "
            f"Hang up, then call {insurers.en} yourself at the number printed on the tiers payant card.",
        ),
        Phrase(
            "Pendant un an, relisez les relevés de remboursement. Si vous y trouvez des soins "
            f"{voice.did_not_receive.fr}, dites-le à {insurers.fr}.",
            f"For one year, read the reimbursement statements. If you find care {voice.did_not_receive.en}, "
            f"tell {insurers.en}.",
        ),
    ]
    if shown & CARE:
        points.insert(
            0,
            Phrase(
                "Si quelqu’un vous parle de ces soins ou menace d’en parler, ne payez rien et ne répondez pas. "
                "Gardez son message, et portez plainte.",
                "If somebody speaks to you of this care, or threatens to speak of it, pay nothing and do not answer. "
                "Keep the message, and file a complaint.",
            ),
        )
    if shown & DataCategory.BANK:
        points.append(bank_action())
    points += [
        Phrase(
            "Sur notre site, un espace personnel montre chaque consultation des droits. On peut y répondre "
            f"«{NBSP}Ce n’était pas moi{NBSP}». Nous n’envoyons jamais de lien{NBSP}: appelez-nous pour avoir son "
            "adresse, puis tapez-la vous-même.",
            "On our site, a personal space shows every look-up of rights. One can answer there “It was not me”. We "
            "never send a link: call us for its address, then type it yourself.",
        ),
        complaint_action(paper),
    ]
    return Block(BlockKind.ACTIONS, Phrase("Ce que vous pouvez faire", "What you can do"), (), tuple(points))
