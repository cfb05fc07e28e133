"""The six beats with a real browser and nobody in front of it: each shows what it must, or the run fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser
from playwright.async_api import Error as BrowserError

from tierce.journal.errors import ProofRefusedError
from tierce.journal.note import verifier_key
from tierce.journal.service import LOG_KEY_NAME, LOG_ORIGIN
from tierce.journal.verifier.proof import check_proof
from tierce.kernel.clock import Clock
from tierce.kernel.ids import ProfessionalId
from tierce.kernel.language import Phrase
from tierce.kernel.saying import say_euros
from tierce.lab.demo import store
from tierce.lab.demo.attack import REMPARTS, TILLEULS, Attack
from tierce.lab.demo.errors import BeatError, DemoError
from tierce.lab.demo.guide import WHY
from tierce.lab.demo.pages import Visitor, open_browser, visitor
from tierce.lab.demo.paying import REFERENCE, Paid, pay
from tierce.lab.demo.result import Result, conclude
from tierce.lab.demo.show import played
from tierce.lab.demo.stage import INSURER_USER, OFFICER, Stage
from tierce.lab.demo.steps import Steps
from tierce.storage.keys import Keyring

PROOF_TRIES = 50


@dataclass(slots=True)
class Run:
    """One unattended run."""

    stage: Stage
    steps: Steps
    clock: Clock
    shots: Path
    attack: Attack
    browser: Browser
    visitors: list[Visitor] = field(default_factory=list)
    result: Result | None = None
    incident: str = ""
    paid: Paid | None = None

    @asynccontextmanager
    async def visitor(self, name: str) -> AsyncIterator[Visitor]:
        """One person's browser."""
        shots = self.shots / name
        shots.mkdir(parents=True, exist_ok=True)
        async with visitor(self.browser, self.stage, self.steps.language, shots=shots) as found:
            self.visitors.append(found)
            yield found


async def play(stage: Stage, steps: Steps, attack: Attack, clock: Clock) -> tuple[Result, Paid]:
    """Play the six beats and check each.

    Raises:
        BeatError: a beat did not show what it must; the message names it.
    """
    shots = stage.home / "shots"
    async with open_browser() as browser, AsyncExitStack() as stack:
        run = Run(stage, steps, clock, shots, attack, browser)
        doctor = await stack.enter_async_context(run.visitor("portal"))
        officer = await stack.enter_async_context(run.visitor("office"))
        paul = await stack.enter_async_context(run.visitor("persons"))
        insurer = await stack.enter_async_context(run.visitor("insurers"))
        await _beat(run, 1, SIGN_IN, lambda: _sign_in(run, doctor))
        await _beat(run, 2, ASK, lambda: _ask(run, doctor))
        await _beat(run, 3, PROOF, lambda: _proof(run, officer))
        await _beat(run, 4, ATTACK, lambda: _attack(run))
        await _beat(run, 5, LIST, lambda: _list(run, officer))
        await _beat(run, 5, COUNTS, lambda: _counts(run, insurer))
        await _beat(run, 5, PERSON, lambda: _person(run, paul))
        optician = await stack.enter_async_context(run.visitor("optician"))
        await _beat(run, 6, PAY, lambda: _pay(run))
        await _beat(run, 6, BANK, lambda: _bank(run, optician, officer))
        await _beat(run, 6, READ, lambda: _read(run, insurer, paul))
        for one in run.visitors:
            _expect(6, not one.complaints, f"pages complained: {one.complaints}")
    if run.result is None or run.paid is None:
        raise DemoError("l’attaque n’a rien donné / the attack gave no result")
    return run.result, run.paid


SIGN_IN = Phrase("1. Dr Claire Morvan se connecte au portail", "1. Dr Claire Morvan signs in to the portal")
ASK = Phrase("2. elle demande les droits de Paul Lenoir", "2. she asks for Paul Lenoir’s rights")
PROOF = Phrase("3. le bureau voit la ligne et sa preuve", "3. the office sees the line and its proof")
ATTACK = Phrase("4. l’accès est volé et essayé à grande vitesse", "4. the access is stolen and tried at speed")
LIST = Phrase("5. la liste exacte, une notification, une lettre", "5. the exact list, one notice, one letter")
COUNTS = Phrase("5. un organisme lit les comptes de ses assurés", "5. an insurer reads counts of its people")
PERSON = Phrase("5. la page de Paul, et « ce n’était pas moi »", "5. Paul’s page, and “it was not me”")
PAY = Phrase("6. la facture décidée, le lot approuvé par deux", "6. the invoice decided, its batch approved by two")
BANK = Phrase("6. l’opticienne lit sa facture et son virement", "6. the optician reads her invoice and transfer")
PLACE = Phrase("n° {line} de {size}", "no. {line} of {size}")
PEOPLE = Phrase("{people} personnes", "{people} people")
READ = Phrase("6. l’organisme et Paul lisent chacun leur part", "6. the insurer and Paul each read their part")


async def _beat(run: Run, number: int, what: Phrase, work: Callable[[], Awaitable[list[str]]]) -> None:
    """Play one beat; whatever goes wrong in the browser is said as that beat's failure."""
    try:
        with run.steps.step(what) as more:
            more.extend(await work())
    except BrowserError as error:
        first = error.message.strip().splitlines()[0]
        raise BeatError(number, f"the browser did not find what it must ({first})") from None


def _expect(beat: int, holds: object, what: str) -> None:
    if not holds:
        raise BeatError(beat, what)


async def _sign_in(run: Run, doctor: Visitor) -> list[str]:
    await doctor.go("portal")
    await doctor.shot("1-sign-in")
    await doctor.enter("portal", run.stage.national_id("claire_morvan"))
    await doctor.shot("1-activity")
    _expect(1, await doctor.count("label.choice") == 2, "Dr Morvan must choose between her two activities")
    await doctor.choose(TILLEULS)
    _expect(1, await doctor.count("form[data-sign=rights]") == 1, "the portal does not show the question")
    return []


async def _ask(run: Run, doctor: Visitor) -> list[str]:
    _expect(2, await doctor.count(".seat.taken") == 0, "a new device holds no place yet")
    await doctor.ask_for_paul()
    await doctor.shot("2-answer")
    told = run.stage.truth["story"]["paul_lenoir"]
    _expect(2, told["insurer"] in await doctor.text(".answer"), "the answer does not name the insurer")
    engagement = await doctor.text(".engagement strong")
    _expect(2, len(engagement) >= 14, "the answer has no engagement number")
    _expect(2, await doctor.count(".seat.taken") == 1, "the answer took no place, or more than one")
    for path, name in (("/history", "2-history"), ("/places", "2-places"), ("/sessions", "2-sessions")):
        await doctor.go("portal", path)
        await doctor.shot(name)
    return [engagement]


async def _proof(run: Run, officer: Visitor) -> list[str]:
    await officer.enter("office", OFFICER)
    row = '#live tr:has-text("Morvan") td:last-child a[href^="/lines/"]'
    await officer.page.locator(row).first.wait_for()
    await officer.shot("3-live")
    await officer.click(row)
    for _ in range(PROOF_TRIES):
        if await officer.count('a[href$="/proof.json"]'):
            break
        await asyncio.sleep(0.1)
        await officer.page.reload()
    await officer.shot("3-line")
    response = await officer.page.request.get(officer.page.url + "/proof.json")
    _expect(3, response.ok, f"the proof file answered {response.status}")
    private = Keyring(run.stage.home / "keys", ()).instance(LOG_KEY_NAME)
    try:
        proved = check_proof(await response.body(), verifier_key(LOG_ORIGIN, private.public_key()))
    except ProofRefusedError as error:
        raise BeatError(3, f"the proof does not hold: {error}") from None
    return [PLACE[run.steps.language].format(line=proved.index + 1, size=proved.size)]


async def _attack(run: Run) -> list[str]:
    await played(run.stage, run.attack, run.clock, run.steps)
    with run.stage.database.connect("tierce_office", autocommit=True) as connection:
        run.result = await conclude(connection, _morvan(run), run.attack)
    return []


def _morvan(run: Run) -> ProfessionalId:
    with run.stage.database.connect("tierce_office", autocommit=True) as connection:
        return store.professional_of(connection, run.stage.truth["story"]["claire_morvan"]["rpps"])


async def _list(run: Run, officer: Visitor) -> list[str]:
    await officer.go("office")
    await officer.shot("5-live")
    await officer.go("office", "/ladder")
    await officer.shot("5-ladder")
    account = f"/accounts/{_morvan(run)}"
    await officer.go("office", account)
    await officer.shot("5-account")
    await officer.click(f'a[href="{account}/incident"]')
    await officer.page.locator(f'input[name="device"][value="{run.attack.device}"]').check()
    await officer.page.locator("#why").fill(WHY[run.steps.language])
    await officer.shot("5-open")
    await officer.click('form[action$="/incident"] button[type=submit]')
    await officer.page.locator("#list").wait_for()
    run.incident = officer.page.url
    await officer.shot("5-incident")
    people = set()
    for link in await officer.page.locator('#list ~ div a[href*="/people/"]').all():
        people.add((await link.get_attribute("href") or "").split("/")[-2])
    learned = run.result.learned if run.result else 0
    _expect(5, len(people) == learned, f"the list names {len(people)} people, the thief learned {learned}")
    person = await officer.page.locator('#list ~ div a[href*="/people/"]').first.get_attribute("href") or ""
    await officer.click('a[href*="/insurers/"]')
    await officer.page.locator("article.letter").wait_for()
    await officer.shot("5-notice")
    await officer.go("office", person)
    await officer.shot("5-one-person")
    await officer.click('a[href*="/letters/"]')
    await officer.page.locator("article.letter").wait_for()
    await officer.shot("5-letter")
    letter = await officer.text("article.letter")
    _expect(5, "Morvan" not in letter and "Tilleuls" not in letter, "the letter names the professional or the place")
    return [PEOPLE[run.steps.language].format(people=len(people))]


async def _counts(run: Run, insurer: Visitor) -> list[str]:
    await insurer.enter("insurers", INSURER_USER)
    await insurer.page.locator(".figures").wait_for()
    await insurer.shot("5-people")
    await insurer.go("insurers", "/activity")
    await insurer.shot("5-activity")
    told = await insurer.text(".notice")
    _expect(5, any(char.isdigit() for char in told), "the insurer is not told how many of its people are on the list")
    _expect(5, "LENOIR" not in (await insurer.page.content()).upper(), "the insurer's page names a person")
    return []


async def _person(run: Run, paul: Visitor) -> list[str]:
    await paul.enter("persons", "paul_lenoir-0")
    await paul.page.locator(".line-card").first.wait_for()
    await paul.shot("5-history")
    lines = await paul.count('.line-card a[href$="/not-me"]')
    _expect(5, lines >= 2, "Paul does not see both the doctor's question and the thief's")
    _expect(5, "Tilleuls" in await paul.text(".line-card .sentence"), "Paul is not told where he was asked about")
    await paul.click('.line-card a[href$="/not-me"]')
    await paul.shot("5-not-me")
    await paul.click('form[action$="/not-me"] button[type=submit]')
    await paul.shot("5-reported")
    await paul.go("persons")
    _expect(5, await paul.count(".line-card .reported") == 1, "Paul's answer is not kept")
    return []


async def _pay(run: Run) -> list[str]:
    run.paid = await pay(run.stage, run.attack.billed)
    return [say_euros(run.paid.due)[run.steps.language]]


async def _bank(run: Run, optician: Visitor, officer: Visitor) -> list[str]:
    """What she reads on the portal; then the office says what the bank did, which makes her invoice paid."""
    assert run.paid is not None
    due = _digits(str(run.paid.due // 100))
    await officer.go("office", f"/payments/{run.paid.batch}")
    await officer.shot("6-batch")
    _expect(6, await officer.count("ul.rows > li") == 2, "the batch's page does not say which two people approved it")
    await officer.click('form[action$="/settle"]:has(input[value="executed"]) button')
    await optician.enter("portal", run.stage.national_id("nadia_ferrand"))
    await optician.choose(REMPARTS)
    await optician.go("portal", "/invoices")
    await optician.shot("6-invoices")
    _expect(6, due in _digits(await optician.text(f'tr:has-text("{REFERENCE}")')), "her invoice does not say its due")
    await optician.click(f'a:has-text("{REFERENCE}")')
    await optician.shot("6-invoice")
    await optician.go("portal", "/transfers")
    await optician.shot("6-transfers")
    await optician.click('td a[href^="/transfers/"]')
    await optician.shot("6-transfer")
    _expect(6, REFERENCE in await optician.text("tbody"), "her transfer does not say which invoice it pays")
    return []


async def _read(run: Run, insurer: Visitor, paul: Visitor) -> list[str]:
    assert run.paid is not None
    due = _digits(str(run.paid.due // 100))
    await insurer.go("insurers", "/payments")
    await insurer.shot("6-payments")
    _expect(6, due in _digits(await insurer.text("h1")), "the insurer does not read what was paid for it")
    _expect(6, "Remparts" not in await insurer.page.content(), "the insurer's page names the place")
    await paul.go("persons", "/billed")
    await paul.shot("6-billed")
    _expect(6, due in _digits(await paul.text(".line-card")), "Paul does not read what was paid in his name")
    return []


def _digits(text: str) -> str:
    """Without what stands between thousands, which depends on the language."""
    return "".join(char for char in text if char.isdigit())
