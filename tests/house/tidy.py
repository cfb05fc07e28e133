"""The house rules on Python files, each a function from a parsed file to what it finds wrong."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
REASON_CHARACTERS_MIN = 10
BANNED_NAMES = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})
CLOCK_MODULE = PurePosixPath("src/tierce/kernel/clock.py")
CLOCK_READS = frozenset(
    {
        ("date", "today"),
        ("datetime", "now"),
        ("datetime", "today"),
        ("datetime", "utcnow"),
        ("time", "gmtime"),
        ("time", "localtime"),
        ("time", "time"),
        ("time", "time_ns"),
    }
)
INSTANTS = frozenset({"at", "now"})
DAYS = frozenset({"by", "day", "last", "on"})
SLEEPS = frozenset({("asyncio", "sleep"), ("time", "sleep")})
MOCKS = frozenset({"mock", "pytest_mock", "unittest.mock"})

# Written apart so that this file passes its own rule.
_POSTPONED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
_SILENCED = re.compile(r"#\s*(?:type:\s*ignore|noqa|fmt:\s*skip)\b(?P<rest>.*)")
_CODES = re.compile(r"^(?:\[[\w, -]+\]|:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?")
_SQL = re.compile(
    r"^\s*(?:"
    r"select\s.+\sfrom\s|select\s+[\w.]+\s*\(|with\s+\w+\s+as\s*\(|insert\s+into\s|update\s+[\w.\"]+\s+set\s"
    r"|delete\s+from\s|create\s+(?:table|schema|role|function|index|database|unlogged|temp)\b"
    r"|alter\s+(?:table|role|database|system)\b|drop\s+(?:table|schema|role|database)\b"
    r"|grant\s+\w+(?:\s*,\s*\w+)*\s+(?:on|to)\s|copy\s.+\s(?:from|to)\s+std|truncate\s+\w|lock\s+table\s"
    r")",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, and what to do about it."""

    path: PurePosixPath
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the root of the repository."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree: most rules look at each, and walking costs more than looking."""
        return tuple(ast.walk(self.tree))

    @property
    def is_test(self) -> bool:
        """Whether the file is one of the tests."""
        return self.path.parts[0] == "tests"

    def at(self, line: int, message: str) -> Finding:
        """Make a finding in this file."""
        return Finding(self.path, line, message)


Rule = Callable[[Source], Iterator[Finding]]


def file_is_short(source: Source) -> Iterator[Finding]:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield source.at(lines, f"{lines} lines; a file has at most {FILE_LINES_MAX}: split it by what it does")


def functions_are_short(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield source.at(
                    node.lineno, f"{node.name} has {lines} lines; a function has at most {FUNCTION_LINES_MAX}"
                )


def names_say_what(source: Source) -> Iterator[Finding]:
    for part in (*source.path.parent.parts, source.path.stem):
        if part in BANNED_NAMES:
            yield source.at(1, f"“{part}” says nothing; name a module for what it is")


def starts_with_docstring(source: Source) -> Iterator[Finding]:
    if ast.get_docstring(source.tree) is None:
        yield source.at(1, "no docstring at the top of the file: say in a sentence what it is for")


def clock_is_injected(source: Source) -> Iterator[Finding]:
    if source.path != CLOCK_MODULE:
        yield from _uses(source, CLOCK_READS, "reads the wall clock: take a Clock (kernel/clock.py) instead")


def days_are_those_of_paris(source: Source) -> Iterator[Finding]:
    """An instant's `.date()` is the day in UTC: for an hour or two of every night, not the one that rules count."""
    if source.path != CLOCK_MODULE:
        for node in source.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "date":
                instant = node.func.value
                while isinstance(instant, ast.BinOp):
                    instant = instant.left
                last = instant.func if isinstance(instant, ast.Call) else instant
                if (last.attr if isinstance(last, ast.Attribute) else getattr(last, "id", "")) in INSTANTS:
                    yield source.at(node.lineno, "takes the day in UTC: say `.astimezone(PARIS).date()`")


def printed_times_have_a_zone(source: Source) -> Iterator[Finding]:
    """What the database gives is of UTC: printed alone, it is nobody's hour, and at night the day before."""
    texts = [] if source.is_test else [node for node in source.nodes if isinstance(node, ast.JoinedStr)]
    for text in (one for one in texts if " UTC" not in ast.unparse(one)):
        for part in text.values:
            if not isinstance(part, ast.FormattedValue) or part.format_spec is None:
                continue
            shape = ast.unparse(part.format_spec)
            is_moved = ast.unparse(part.value).endswith(".astimezone(PARIS)")
            is_day = isinstance(part.value, ast.Name) and part.value.id in DAYS
            if re.search("%[dH]", shape) and not (shape[-2] == "Z" or is_moved or is_day):
                yield source.at(text.lineno, "prints an instant without its zone: `.astimezone(PARIS)`, or say UTC")


def tests_do_not_sleep(source: Source) -> Iterator[Finding]:
    if source.is_test:
        yield from _uses(source, SLEEPS, "sleeps: wait for a condition with tests/waiting.py instead")


def nothing_is_postponed(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        found = _POSTPONED.search(line)
        if found:
            yield source.at(number, f"{found[0]}: do it now, or leave it out")


def silencing_has_a_reason(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        found = _SILENCED.search(line)
        if found and "fmt:" not in found[0]:
            reason = _CODES.sub("", found["rest"]).strip(" #-—:")
            if len(reason) < REASON_CHARACTERS_MIN:
                yield source.at(number, "a silenced check needs its reason after it, on the same line")


def tests_can_fail(source: Source) -> Iterator[Finding]:
    if not source.is_test:
        return
    for node in source.nodes:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and not any(map(_is_claim, ast.walk(node)))
        ):
            yield source.at(node.lineno, f"{node.name} claims nothing, so it cannot fail")


def nothing_is_mocked(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = {alias.name for alias in node.names}
            if MOCKS & {module, *names, *(f"{module}.{name}" for name in names)}:
                yield source.at(node.lineno, "imports a mock: test the real thing, or a fake with the same tests")
        elif isinstance(node, ast.Attribute) and _dotted(node) == ("monkeypatch", "setattr"):
            yield source.at(node.lineno, "replaces a part of our own code: pass in a real one instead")


def sql_is_in_stores(source: Source) -> Iterator[Finding]:
    allowed = source.is_test or source.path.name == "store.py" or "storage" in source.path.parts
    if allowed:
        return
    docstrings = {id(text) for text in _docstrings(source)}
    for node in source.nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and _SQL.match(node.value)
        ):
            yield source.at(node.lineno, "SQL outside a store.py file")


def applications_leave_the_log_alone(source: Source) -> Iterator[Finding]:
    """Else the framework sets a log of its own up as the application is built: its lines hold what ours withhold."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Litestar":
            given = {one.arg: getattr(one.value, "value", ...) for one in node.keywords}
            if given.get("logging_config", ...) is not None:
                yield source.at(node.lineno, "an application without `logging_config=None` sets up a log of its own")


RULES: tuple[Rule, ...] = (
    file_is_short,
    functions_are_short,
    names_say_what,
    starts_with_docstring,
    clock_is_injected,
    days_are_those_of_paris,
    printed_times_have_a_zone,
    tests_do_not_sleep,
    nothing_is_postponed,
    silencing_has_a_reason,
    tests_can_fail,
    nothing_is_mocked,
    sql_is_in_stores,
    applications_leave_the_log_alone,
)


def _dotted(node: ast.expr) -> tuple[str, str]:
    """Return the last two names of `a.b.c`, or two empty strings."""
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name):
            return node.value.id, node.attr
        if isinstance(node.value, ast.Attribute):
            return node.value.attr, node.attr
    return "", ""


def _uses(source: Source, banned: frozenset[tuple[str, str]], message: str) -> Iterator[Finding]:
    """Find `module.name` and `from module import name` for the banned pairs, called or passed on."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and _dotted(node) in banned:
            yield source.at(node.lineno, message)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (node.module or "", alias.name) in banned:
                    yield source.at(node.lineno, message)


def _is_claim(node: ast.AST) -> bool:
    """Tell whether the node can make a test fail on purpose."""
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Call):
        callee = node.func
        name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
        return name in {"raises", "warns", "given", "fail", "expect", "eventually"} or name.startswith(
            ("assert_", "check_", "expect_")
        )
    return False


def _docstrings(source: Source) -> Iterator[ast.Constant]:
    for node in source.nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value
