"""The attacks that are known, each in a few lines."""

from tierce.lab.attackers.protocol import REST, Attack, Thief, attacker


@attacker("enumeration")
def enumeration(thief: Thief) -> Attack:
    """Make numbers up and try them at speed, every day, whatever is answered; `patient`, while places are left."""
    while True:
        for _ in range(int(thief.option("tries_a_day", 400))):
            yield from thief.repeats()
            answer = yield thief.guess(thief.option("hit", 0.24))
            if thief.option("patient", 0) and (answer is None or answer.places == 0):
                break
        yield REST


@attacker("list")
def list_replay(thief: Thief) -> Attack:
    """Go through a stolen list, as long as there are places left."""
    while True:
        answer = yield thief.listed(thief.option("hit", 0.5))
        if answer is None or answer.places == 0:
            yield REST


@attacker("one-a-day")
def one_a_day(thief: Thief) -> Attack:
    """Ask about one person of a list a day, for ever."""
    while True:
        yield thief.listed(thief.option("hit", 0.95), nearby=True)
        yield REST


@attacker("own-files")
def own_files(thief: Thief) -> Attack:
    """Ask for nobody new: only people of the file of the place, whose identifiers were on its machine."""
    while True:
        for _ in range(int(thief.option("asks_a_day", 100))):
            yield thief.of_the_file()
        yield REST


@attacker("insider")
def insider(thief: Thief) -> Attack:
    """The professional herself sells: some acquaintances a week, among patients who are there."""
    while True:
        for _ in range(int(thief.option("patients_a_day", 3))):
            yield thief.present()
        if thief.rng.random() < thief.option("acquaintances_a_week", 4) / 7:
            yield thief.listed(thief.option("hit", 0.5), nearby=True)
        yield REST


@attacker("poisoning")
def poisoning(thief: Thief) -> Attack:
    """Ask a little more each week, so that habits follow, then all at once."""
    ramp = int(thief.option("ramp_days", 150))
    while True:
        wanted = 1.0 * (1 + thief.option("growth", 0.05)) ** (thief.day // 7) if thief.day < ramp else 1_000.0
        for _ in range(int(wanted)):
            answer = yield thief.listed(thief.option("hit", 0.95), nearby=True)
            if answer is None or answer.places == 0:
                break
        yield REST


@attacker("cookie")
def cookie(thief: Thief) -> Attack:
    """Hold a session's cookie without its key: ask for people of a list and of the file."""
    while True:
        for _ in range(50):
            yield thief.listed(thief.option("hit", 0.95))
            yield thief.of_the_file()
        yield REST


@attacker("burn")
def burn(thief: Thief) -> Attack:
    """Take every place there is, found or not, so that others are asked for proofs."""
    while True:
        answer = yield thief.guess(0.0)
        if answer is None or answer.places == 0:
            yield REST
