"""The plan of a scope as SQL for the columnar engine: the same meaning as `rules.py`, in columns.

Every value that is written into a statement is a number or hexadecimal digits of ours, never text from outside.
"""

from collections.abc import Iterable, Sequence

from tierce.journal.model import EntryKind
from tierce.policy.acts import Evidence, Outcome
from tierce.scope.model import Criteria, Rule
from tierce.scope.rules import rule_text

RULES = tuple(sorted(Rule))
"""The place of a rule in this order is its bit in a mask."""
MASKS = tuple(
    rule_text(rule for place, rule in enumerate(RULES) if mask >> place & 1) for mask in range(1 << len(RULES))
)
"""What each mask is written as."""
COLUMNS = "block, kind, outcome, person, insurer, categories"
_ASKS = f"kind between {int(EntryKind.DISCLOSURE)} and {int(EntryKind.REVISIT)}"
_RELEASED = (
    f"case when kind = {int(EntryKind.MISS)} then categories <> 0"
    f" else kind <> {int(EntryKind.REFUSAL)} and outcome = {int(Outcome.RELEASED)} end"
)


def signed(number: int) -> int:
    """The same 64 bits as a signed number, as columns hold them."""
    return number - (1 << 64) if number >> 63 else number


def _terms(clause: Criteria) -> list[tuple[Rule, str]]:
    """The conditions of a clause on columns, one for each kind of subject."""
    numbers: tuple[tuple[Rule, Iterable[int]], ...] = (
        (Rule.PROFESSIONAL, clause.professionals),
        (Rule.DEVICE, clause.devices),
        (Rule.SESSION, clause.sessions),
        (Rule.ESTABLISHMENT, clause.establishments),
        (Rule.SOFTWARE, clause.software),
        (Rule.VENDOR, clause.vendors),
    )
    terms = [
        (rule, f"{rule.value} in ({', '.join(str(signed(one)) for one in sorted(named))})")
        for rule, named in numbers
        if named
    ]
    if clause.networks:
        blobs = ", ".join(f"unhex('{one.hex()}')" for one in sorted(clause.networks))
        terms.append((Rule.NETWORK, f"network in ({blobs})"))
    if clause.evidence is not Evidence.NONE:
        terms.append((Rule.EVIDENCE, f"evidence >= {int(clause.evidence)}"))
    return terms


def predicate(clauses: Sequence[Criteria]) -> str:
    """The condition that keeps every line that a clause names, whatever its time: what a scan is pruned by."""
    named = " or ".join(condition for clause in clauses for _, condition in _terms(clause))
    return f"({named}) and {_ASKS}"


def mask(clause: Criteria) -> str:
    """The rules by which a clause names a line, as bits; 0 when it does not."""
    if clause.ladder:
        named = " or ".join(condition for _, condition in _terms(clause))
        return f"case when {named} then {1 << RULES.index(Rule.LADDER)} else 0 end"
    return " | ".join(
        f"case when {condition} then {1 << RULES.index(rule)} else 0 end" for rule, condition in _terms(clause)
    )


def candidates(source: str, clauses: Sequence[Criteria]) -> str:
    """The lines of a source that a clause names, with the mask of each clause."""
    masks = ", ".join(f"{mask(clause)} as m{place}" for place, clause in enumerate(clauses))
    late = "late_us" if source.startswith("read_parquet") else "time_us"
    return f"select {COLUMNS}, {late}, {masks} from {source} where {predicate(clauses)}"  # noqa: S608 - ours


def partial(timed: str, clauses: Sequence[Criteria], *, doubts: bool) -> str:
    """Fold timed candidates by person, insurer and status; an ask without an answer keeps its time."""
    # Status of each clause: 1 confirmed, 2 possible by the clock, 3 an ask without an answer, null out of scope.
    maybe = "and d.block is not null and d.from_us < {until} and d.until_us >= {begun}" if doubts else ""
    status = []
    for place, clause in enumerate(clauses):
        window = f"t >= {clause.from_us} and t < {clause.until_us}"
        shows = f"categories & {int(clause.categories)} <> 0" if clause.categories else "true"
        possible = maybe.format(begun=clause.from_us, until=clause.until_us)
        status.append(
            f"case when m{place} = 0 then null when released then case when not ({shows}) then null"
            f" when {window} then 1{f' when true {possible} then 2' if doubts else ''} end"
            f" when person <> 0 and {window} then 3 end as s{place}"
        )
    each = range(len(clauses))
    least = f"least({', '.join(f's{place}' for place in each)})" if len(clauses) > 1 else "s0"
    rules = " | ".join(f"case when s{place} = s then m{place} else 0 end" for place in each)
    joined = "left join doubt d on d.block = l.block" if doubts else ""
    return f"""
        insert into part
        select person, insurer, s, case when s = 3 then t end, min(t), max(t), count(*), bit_or(categories),
            bit_or({rules})
        from (select *, {least} as s from (select l.*, {", ".join(status)}
              from (select *, {_RELEASED} as released from ({timed})) l {joined}))
        where s is not null group by 1, 2, 3, 4"""  # noqa: S608 - numbers of ours


def timed(source: str, blocks: str, clauses: Sequence[Criteria]) -> str:
    """The candidates of a sealed file with their times, which are those of their blocks and what came after."""
    named = candidates(source, clauses)
    return f"select e.*, b.at_us + e.late_us as t from ({named}) e join {blocks} b using (block)"  # noqa: S608 - ours


FINAL = """
    select person, insurer, status, categories, first, last, entries, rules from (
        select person, insurer, status, bit_or(categories)::ubigint as categories, min(first) as first,
            max(last) as last, sum(entries)::bigint as entries, bit_or(rules) as rules
        from {part} where person <> 0 and person between {low} and {high} group by person, insurer, status)
    {strongest} order by person, insurer"""
"""The rows of one stretch of persons, in their order."""
STRONGEST = """
    qualify status = min(status) over (partition by person, insurer)
        and (status < 3 or min(status) over (partition by person) = 3)"""
"""Where several statuses exist: the smallest of a pair, and excluded for whoever has no other."""
NEAR = """
    create temp view judged as
    select p.person, p.insurer,
        case when p.asked is not null and n.until_us >= p.asked then 2 else p.status end as status,
        p.first, p.last, p.entries, p.categories, p.rules
    from part p asof left join near n on p.asked >= n.from_us"""
"""An ask without an answer near a hole is possible: `near` holds stretches of time, apart and in order."""
TABLES = """
    create temp table part (person bigint, insurer usmallint, status utinyint, asked bigint, first bigint,
        last bigint, entries bigint, categories uinteger, rules integer);
    create temp table doubt (block bigint, from_us bigint, until_us bigint);
    create temp table near (from_us bigint, until_us bigint);
    create temp table word (mask integer, text varchar)"""


def disjoint(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join stretches that overlap, bounds included, in order."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined
