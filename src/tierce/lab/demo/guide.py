"""The demonstration with a person in front of it: what to click at each beat, and the attack when she is ready."""

import asyncio

from tierce.billing.settlement.listing import list_name
from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack
from tierce.lab.demo.paying import Paid, pay
from tierce.lab.demo.result import Result, conclude
from tierce.lab.demo.show import played, told
from tierce.lab.demo.stage import OFFICER, Stage
from tierce.lab.demo.steps import Steps
from tierce.lab.demo.visitors import open_incident

_BEFORE = Phrase(
    """
  1  Le portail : {portal}
     « Se connecter avec Pro Santé Connect », puis « Continuer en tant que Claire Morvan »,
     puis le Cabinet médical des Tilleuls.
  2  « Remplir avec Paul Lenoir », puis « Demander les droits » : la réponse, son numéro, une place prise.
  3  Le bureau : {office}
     « Se connecter avec ma clé », puis « Hélène Vasseur », la responsable de la sécurité ; la ligne qui vient d’être
     écrite, et sa preuve.
  4  Comme en janvier 2024 : le mot de passe et la connexion du Dr Morvan sont volés.
     {tries} identités vraies vont être essayées à grande vitesse, ici et sur un portail sans garde.
""",
    """
  1  The portal: {portal}
     “Sign in with Pro Santé Connect”, then “Continuer en tant que Claire Morvan”,
     then the Cabinet médical des Tilleuls.
  2  “Fill in Paul Lenoir”, then “Ask for rights”: the answer, its number, one place taken.
  3  The office: {office}
     “Sign in with my key”, then “Hélène Vasseur”, the security officer; the line just written, and its proof.
  4  As in January 2024: Dr Morvan’s password and sign-in are stolen.
     {tries} true identities will be tried at speed, here and on a portal without a gate.
""",
)
_PRESS = Phrase("     Appuyez sur Entrée pour lancer l’attaque. ", "     Press Enter to start the attack. ")
_AFTER = Phrase(
    """
  5  L’incident a été ouvert au nom d’Hélène Vasseur :
     la liste exacte, et ce qui a été lu de chacun  {incident}
     la notification d’un organisme                 {notice}
     la lettre d’une personne                       {letter}
     l’histoire du compte, et le moment de l’arrêt  {account}
     ce qu’un organisme en lit, en comptes          {insurers}
     « Se connecter avec ma clé », puis « Continuer en tant que Camille Rouvray »
     la page de Paul Lenoir                         {persons}
     « M’identifier », puis « Continuer en tant que Paul Etienne Lenoir » : qui a demandé, quand,
     et « ce n’était pas moi ».

  6  Et l’opticienne a été payée, par les mêmes processus et les mêmes pages qu’en production :
{paid}
     ce qu’elle lit, dans une fenêtre privée        {portal}/invoices
     « Continuer en tant que Nadia Ferrand » ; puis « Virements reçus »
     le lot et qui l’a approuvé ; dites que la banque l’a exécuté
                                                    {batch}
     ce qu’en lit son organisme, en sommes          {insurers}/payments
     ce qu’en lit Paul, à qui c’était               {persons}/billed
     le fichier de la banque, comme sa trésorière le vérifie :
     ./dev tierce billing check {file} --list {listed} --key {key}
""",
    """
  5  The incident was opened in the name of Hélène Vasseur:
     the exact list, with what was read of each  {incident}
     one insurer’s notice                        {notice}
     one person’s letter                         {letter}
     the account’s story, and when it was held   {account}
     what an insurer reads of it, in counts      {insurers}
     “Sign in with my key”, then “Continuer en tant que Camille Rouvray”
     Paul Lenoir’s page                          {persons}
     “Identify myself”, then “Continuer en tant que Paul Etienne Lenoir”: who asked, when, and “it was not me”.

  6  And the optician was paid, by the same processes and pages as in production:
{paid}
     what she reads, in a private window         {portal}/invoices
     “Continuer en tant que Nadia Ferrand”; then “Transfers received”
     the batch and who approved it; say that the bank carried it out
                                                 {batch}
     what his insurer reads of it, in sums       {insurers}/payments
     what Paul reads, whose glasses they are     {persons}/billed
     the bank’s file, as its treasurer checks it:
     ./dev tierce billing check {file} --list {listed} --key {key}
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
    before = _BEFORE[language].format(portal=stage.url("portal"), office=stage.url("office"), tries=attack.tries)
    steps.say(before)
    _wait(steps, _PRESS)
    result, links, paid = asyncio.run(_attack(stage, steps, attack, clock))
    steps.say(told(result, language))
    sites = {site: stage.url(site) for site in ("persons", "insurers", "portal")}
    after = _AFTER[language].format(
        **links, **sites, paid=paid.told(language), batch=f"{stage.url('office')}/payments/{paid.batch}",
        key=stage.home / "banque.key", file=paid.file, listed=paid.file.with_name(list_name(paid.batch)),
    )  # fmt: skip
    steps.say(after)
    _wait(steps, _STOP)
    return result, paid


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
