"""The demonstration with a person in front of it: what to click at each beat, and the attack when she is ready."""

import asyncio

from tierce.kernel.clock import Clock
from tierce.kernel.language import Phrase
from tierce.lab.demo import store
from tierce.lab.demo.attack import Attack
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
""",
)
_STOP = Phrase("     Appuyez sur Entrée pour tout arrêter. ", "     Press Enter to stop everything. ")
WHY = Phrase(
    "Refus en série sur un appareil que le Dr Morvan ne connaît pas.",
    "A series of refusals on a device that Dr Morvan does not know.",
)


def play(stage: Stage, steps: Steps, attack: Attack, clock: Clock) -> Result:
    """Lead a person through the five beats.

    Raises:
        BeatError: the attack did not end as it must.
    """
    language = steps.language
    before = _BEFORE[language].format(portal=stage.url("portal"), office=stage.url("office"), tries=attack.tries)
    steps.say(before)
    _wait(steps, _PRESS)
    result, links = asyncio.run(_attack(stage, steps, attack, clock))
    steps.say(told(result, language))
    steps.say(_AFTER[language].format(**links, persons=stage.url("persons"), insurers=stage.url("insurers")))
    _wait(steps, _STOP)
    return result


def _wait(steps: Steps, what: Phrase) -> None:
    steps.console.input(what[steps.language])


async def _attack(stage: Stage, steps: Steps, attack: Attack, clock: Clock) -> tuple[Result, dict[str, str]]:
    """Play the attack, then open the incident as the security officer would; returns figures and addresses."""
    await played(stage, attack, clock, steps)
    with stage.database.connect("tierce_office", autocommit=True) as connection:
        morvan = store.professional_of(connection, stage.truth["story"]["claire_morvan"]["rpps"])
        result = await conclude(connection, morvan, attack)
    office, language = stage.url("office"), steps.language
    opened = await open_incident(office, OFFICER, morvan, attack.device, WHY[language], language)
    account = f"{office}/accounts/{morvan}"
    return result, {
        "incident": opened.incident, "notice": opened.notice, "letter": opened.letter, "account": account,
    }  # fmt: skip
