"""The demonstration with a person in front of it: what to click at each beat, and the attack when she is ready."""

import asyncio
from pathlib import Path

from tierce.billing.settlement.listing import list_name
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack
from tierce.lab.demo.paying import Paid, pay
from tierce.lab.demo.result import Result, conclude
from tierce.lab.demo.show import played, told
from tierce.lab.demo.stage import OFFICER, Stage
from tierce.lab.demo.steps import Steps, number
from tierce.lab.demo.visitors import open_incident

_BEFORE = Phrase(
    """
  Les sites, chacun avec une personne qui peut y entrer, d’un clic :
     portail      {portal}   Dr Claire Morvan
     bureau       {office}   Hélène Vasseur, sécurité
     organismes   {insurers}   Camille Rouvray
     assurés      {persons}   Paul Etienne Lenoir
     API          {api}   (docs/reference/vendors.md)
  Réglages : {settings} ; journaux : {logs}
  Ctrl-C arrête tout, à tout moment.

  1  Ouvrez le portail. « Se connecter avec Pro Santé Connect »,
     « Continuer en tant que Claire Morvan », Cabinet médical des Tilleuls.
  2  « Remplir avec Paul Lenoir », puis « Demander les droits » :
     la réponse, son numéro, une place prise.
  3  Ouvrez le bureau. « Se connecter avec ma clé », « Hélène Vasseur » :
     la ligne qui vient d’être écrite, et sa preuve.
  4  Comme en janvier 2024, le mot de passe et la connexion du Dr Morvan
     sont volés. {tries} identités vraies vont être essayées à grande vitesse,
     ici et sur un portail sans garde.
""",
    """
  The sites, each with somebody who can sign in to it, in one click:
     portal     {portal}   Dr Claire Morvan
     office     {office}   Hélène Vasseur, security
     insurers   {insurers}   Camille Rouvray
     persons    {persons}   Paul Etienne Lenoir
     API        {api}   (docs/reference/vendors.md)
  Settings: {settings}; logs: {logs}
  Ctrl-C stops everything, at any time.

  1  Open the portal. “Sign in with Pro Santé Connect”,
     “Continue as Claire Morvan”, Cabinet médical des Tilleuls.
  2  “Fill in Paul Lenoir”, then “Ask for rights”:
     the answer, its number, one place taken.
  3  Open the office. “Sign in with my key”, “Hélène Vasseur”:
     the line just written, and its proof.
  4  As in January 2024, Dr Morvan’s password and sign-in are stolen.
     {tries} true identities will be tried at speed, here and on a portal
     without a gate.
""",
)
_PRESS = Phrase("     Appuyez sur Entrée pour lancer l’attaque. ", "     Press Enter to start the attack. ")
_AFTER = Phrase(
    """
  5  L’incident a été ouvert au nom d’Hélène Vasseur. Au bureau :
     la liste exacte, et ce qui a été lu de chacun
       {incident}
     la notification d’un organisme
       {notice}
     la lettre d’une personne
       {letter}
     l’histoire du compte, et le moment de l’arrêt
       {account}
     Ce qu’un organisme en lit, en nombres (« Se connecter avec ma clé »,
     « Continuer en tant que Camille Rouvray ») :
       {insurers}
     La page de Paul Lenoir (« M’identifier », « Continuer en tant que Paul
     Etienne Lenoir ») : qui a demandé, quand, et « ce n’était pas moi » :
       {persons}

  6  L’opticienne a été payée, par les processus et les pages de production.
{paid}
     ce qu’elle lit, dans une fenêtre privée (« Continuer en tant que Nadia
     Ferrand », puis « Virements reçus »)
       {portal}/invoices
     le lot, et qui l’a approuvé ; dites que la banque l’a exécuté
       {batch}
     ce qu’en lit l’organisme de Paul, en sommes
       {insurers}/payments
     ce qu’en lit Paul
       {persons}/billed
     le fichier de la banque, vérifié comme le ferait sa trésorière, dans un
     autre terminal :
       ./dev tierce billing check {file} \\
         --list {listed} \\
         --key {key}
""",
    """
  5  The incident was opened in the name of Hélène Vasseur. In the office:
     the exact list, with what was read of each
       {incident}
     one insurer’s notice
       {notice}
     one person’s letter
       {letter}
     the account’s story, and when it was held
       {account}
     What an insurer reads of it, in counts (“Sign in with my key”,
     “Continue as Camille Rouvray”):
       {insurers}
     Paul Lenoir’s page (“Identify myself”, “Continue as Paul
     Etienne Lenoir”): who asked, when, and “it was not me”:
       {persons}

  6  The optician was paid, by the processes and pages of production.
{paid}
     what she reads, in a private window (“Continue as Nadia
     Ferrand”, then “Transfers received”)
       {portal}/invoices
     the batch, and who approved it; say that the bank carried it out
       {batch}
     what Paul’s insurer reads of it, in sums
       {insurers}/payments
     what Paul reads
       {persons}/billed
     the bank’s file, checked as its treasurer would, in another terminal:
       ./dev tierce billing check {file} \\
         --list {listed} \\
         --key {key}
""",
)
_STOP = Phrase("     Appuyez sur Entrée pour tout arrêter. ", "     Press Enter to stop everything. ")
WHY = Phrase(
    "Refus en série sur un appareil que le Dr Morvan ne connaît pas.",
    "A series of refusals on a device that Dr Morvan does not know.",
)


def play(stage: Stage, steps: Steps, attack: Attack, clock: Clock) -> tuple[Result, Paid]:
    """Lead a person through the six beats.

    Raises:
        BeatError: the attack did not end as it must.
    """
    language = steps.language
    sites = {site: stage.url(site) for site in ("portal", "office", "insurers", "persons", "api")}
    before = _BEFORE[language].format(
        **sites, settings=_near(stage.settings_file), logs=_near(stage.logs), tries=number(attack.tries, language)
    )
    steps.say(before)
    _wait(steps, _PRESS)
    result, links, paid = asyncio.run(_attack(stage, steps, attack, clock))
    steps.say(told(result, language))
    after = _AFTER[language].format(
        **links, **sites, paid=paid.told(language), batch=f"{stage.url('office')}/payments/{paid.batch}",
        key=_near(stage.home / "banque.key"), file=_near(paid.file),
        listed=_near(paid.file.with_name(list_name(paid.batch))),
    )  # fmt: skip
    steps.say(after)
    _wait(steps, _STOP)
    return result, paid


def _near(path: Path) -> Path:
    """The path as one types it from here: what is in this folder by its short name."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _wait(steps: Steps, what: Phrase) -> None:
    steps.console.input(what[steps.language])


async def _attack(stage: Stage, steps: Steps, attack: Attack, clock: Clock) -> tuple[Result, dict[str, str], Paid]:
    """Play the attack, open the incident as the security officer would, and pay; gives figures and addresses."""
    await played(stage, attack, clock, steps)
    with stage.database.connect("tierce_office", autocommit=True) as connection:
        morvan = store.professional_of(connection, stage.truth["story"]["claire_morvan"]["rpps"])
        result = await conclude(connection, morvan, attack)
    office, language = stage.url("office"), steps.language
    opened = await open_incident(office, OFFICER, morvan, attack.device, WHY[language], language)
    account = f"{office}/accounts/{morvan}"
    links = {"incident": opened.incident, "notice": opened.notice, "letter": opened.letter, "account": account}
    return result, links, await pay(stage, attack.billed)
