"""Answers of the API that the portal reads as they are: each written once, for both."""

from datetime import date, datetime
from typing import Literal

import msgspec


class Said(msgspec.Struct):
    """One sentence, in French and in English."""

    fr: str
    en: str


class StateAnswer(msgspec.Struct):
    """Where an invoice stands: a code, and its words."""

    code: str
    label: Said


class LeaveAnswer(msgspec.Struct):
    """The session is over; where to lead its browser, so that its provider forgets it too."""

    url: str | None
    """Null: the provider has no such page or does not answer, or there is none."""
    state: str | None
    """What the browser must bring back; the site keeps it in a cookie."""
    by_provider: bool
    """Whether a provider of ours let it in, and may know the browser still: none did an assistant or a software."""


class SessionLine(msgspec.Struct):
    """One line of one's own list of sessions."""

    id: str
    device: str | None
    device_name: str | None
    establishment_name: str | None
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    current: bool
    assistant_name: str | None
    """Who holds it in the professional's name."""


class SessionsAnswer(msgspec.Struct):
    """One's own live sessions, newest first."""

    sessions: list[SessionLine]


class DeviceLine(msgspec.Struct):
    """One of one's own devices; `new_until` is the first day on which time no longer keeps it new.

    It is `new` until then, and until one person's presence was proved there. `continues`: it shares the places of an
    older one.
    """

    id: str
    name: str | None
    signs: bool
    first_at: datetime
    used_at: datetime
    sessions: int
    new: bool
    new_until: date | None
    continues: bool
    current: bool


class DevicesAnswer(msgspec.Struct):
    """One's own devices, last used first."""

    devices: list[DeviceLine]
    other_key_at: datetime | None
    """When another browser last signed for a session of one's own, which that ended: its cookie was copied."""


class CodeAnswer(msgspec.Struct):
    """Eight digits to type on an older device, and until when they serve."""

    code: str
    expires_at: datetime


class SubstituteLine(msgspec.Struct):
    """Somebody who may work in one's place, for bounded days, both included; `number` ends it."""

    number: int
    name: str
    establishment_name: str
    first: date
    last: date


class SubstitutesAnswer(msgspec.Struct):
    """Who may work in one's place, now or later."""

    substitutes: list[SubstituteLine]


class EndedAnswer(msgspec.Struct):
    """How many sessions were ended."""

    ended: int


class HoldLine(msgspec.Struct):
    """One hold: `on` is account, device, establishment, or replaced: it holds whoever declared one a substitute.

    `rung` is what it asks for; with the appeal, if any.
    """

    id: str
    on: str
    rung: int
    since: datetime
    until: datetime
    automatic: bool
    lifted: bool
    appealed_at: datetime | None
    answer_due: datetime | None
    answered_at: datetime | None
    answer: str | None


class HoldsAnswer(msgspec.Struct):
    """What holds one's account, device or establishment, now or in the last thirty days."""

    holds: list[HoldLine]


class HistoryLine(msgspec.Struct):
    """One ask: when, about what, and the number that opens its answer again, to be quoted until a day.

    Both are null when nothing was shown.
    """

    engagement: str | None
    engagement_until: date | None
    at: datetime
    domain: str
    outcome: Literal["shown", "not_shown"]
    label: str | None


class HistoryAnswer(msgspec.Struct):
    """One page, newest first, and the cursor of the next; null on the last page."""

    rows: list[HistoryLine]
    cursor: str | None


class PlaceAnswer(msgspec.Struct):
    """Eight digits in two groups; null where no proof of presence is accepted."""

    code: str | None


class AssistantCodeAnswer(msgspec.Struct):
    """Her number, and the code that she types on the browser at the place: told this once."""

    number: str
    code: str
    expires_at: datetime


class AssistantLine(msgspec.Struct):
    """One assistant of one's own who may sign in."""

    number: str
    family_name: str
    given_name: str
    establishment_name: str
    last_day: date
    named_at: datetime
    let_in_at: datetime
    """When a code or a passkey of hers was last made."""
    used_at: datetime | None
    """Her last sign-in; null before the first."""
    passkeys: int
    here: bool
    """Whether it is the establishment of this session: elsewhere she is ended, and given no code."""

    @property
    def name(self) -> str:
        """Her name, given name first."""
        return f"{self.given_name} {self.family_name}"


class AssistantsAnswer(msgspec.Struct):
    """One's own assistants, of this establishment first."""

    assistants: list[AssistantLine]


class PasskeyStartAnswer(msgspec.Struct):
    """What the browser makes a passkey for, as WebAuthn's creation options; the site keeps `binding` in a cookie."""

    binding: str
    challenge: str
    rp_id: str
    user_id: str
    name: str
    establishment_name: str
    exclude: list[str]


class PasskeyFinishAnswer(msgspec.Struct):
    """The passkey serves from now on: whose, and where."""

    given_name: str
    establishment_name: str


class AssistantStartAnswer(msgspec.Struct):
    """What the browser's passkey signs; the site keeps `binding` in a cookie."""

    binding: str
    challenge: str
    rp_id: str


class KindAnswer(StateAnswer):
    """What was asked for, `quote` or `request`, or which document; and its words."""


class RecoveryAnswer(msgspec.Struct):
    """What is recovered of one invoice that was paid and was not due, in cents.

    `said` is the operator's own sentence. Until `contest_until` nothing is taken: call the operator, with `id`.
    `invoice` is null once the invoice is kept no more. `taken` is what all transfers that were sent took of
    `amount`; `here`, what this one did, below zero when it gave back.
    """

    id: str
    invoice: str | None
    reference: str
    care_date: date
    insurer: str
    paid: int
    amount: int
    taken: int
    here: int
    reason: Said
    said: str
    state: StateAnswer
    told_at: datetime | None
    contest_until: datetime | None
    settled: int = 0
    """What was settled by another way than a transfer, by the place or, below zero, to it."""


class RecoveriesAnswer(msgspec.Struct):
    """What is recovered of the place, the newest first: 200 at most."""

    rows: list[RecoveryAnswer]


class WhyAnswer(msgspec.Struct):
    """Why an invoice or an agreement is refused, or paid or promised in part, and what to do."""

    code: str
    detail: Said
    remedy: Said


class LineAnswer(msgspec.Struct):
    """One line, in cents; `due` is null until it is decided."""

    n: int
    item: str
    quantity: int
    price: int
    amo: int
    asked: int
    due: int | None


class InvoiceAnswer(msgspec.Struct):
    """One invoice of one's own place, in cents: nobody's identity. `due` is null until it is decided.

    `engagement`, `receipt` or `agreement` is the number that it quotes; `label` is what was typed beside that; `said`
    what the operator's staff wrote, where they refused what nothing decides.
    """

    id: str
    reference: str
    engagement: str | None
    receipt: str | None
    agreement: str | None
    label: str | None
    domain: str
    care_date: date
    received_at: datetime
    state: StateAnswer
    reason: WhyAnswer | None
    price: int
    amo: int
    asked: int
    due: int | None
    decided_at: datetime | None
    cancelled_at: datetime | None
    cancelled_why: str | None
    said: str | None
    cancellable: bool


class FullAnswer(InvoiceAnswer):
    """One invoice with its lines."""

    lines: list[LineAnswer]


class WarningAnswer(msgspec.Struct):
    """What may have one's invoice refused later: `reference` is another of one's own."""

    code: str
    reference: str
    detail: Said
    remedy: Said


class TakenAnswer(msgspec.Struct):
    """The receipt of an invoice, the same for the same bytes; what is due is decided later: read one's list."""

    id: str
    reference: str
    received_at: datetime
    domain: str
    care_date: date
    price: int
    amo: int
    asked: int
    warnings: list[WarningAnswer]


class InvoicedAnswer(msgspec.Struct):
    """The invoice that quotes an agreement."""

    id: str
    reference: str


class DeclaredAnswer(msgspec.Struct):
    """What was declared last of a document: the day that it bears, who signed it, the file's digest, and when."""

    dated: date
    prescriber: str | None
    sha256: str
    declared_at: datetime


class DocumentAnswer(msgspec.Struct):
    """A document to which an agreement is subject; `declared` is null until somebody of the place has."""

    kind: KindAnswer
    declared: DeclaredAnswer | None


class AgreementAnswer(msgspec.Struct):
    """One agreement of one's own place, in cents: nobody's identity. `due` is null until it is decided.

    `care_from` and `care_until` are the days of care that a grant promises; the last is null until it is granted.
    `answer_by` is the last day on which a person of the insurer may answer one that is under review; else null.
    `documents_by` is the last day to declare the documents that one is granted subject to; else null. `said` is what
    the operator's staff wrote who refused it; else null.
    """

    id: str
    reference: str
    kind: KindAnswer
    engagement: str
    label: str | None
    domain: str
    care_from: date
    care_until: date | None
    received_at: datetime
    state: StateAnswer
    reason: WhyAnswer | None
    price: int
    amo: int
    asked: int
    due: int | None
    answer_by: date | None
    documents_by: date | None
    decided_at: datetime | None
    ended_at: datetime | None
    cancelled_why: str | None
    invoice: InvoicedAnswer | None
    cancellable: bool
    said: str | None


class FullAgreementAnswer(AgreementAnswer):
    """One agreement with its lines, and the documents that it is subject to; of a quote, that a request would be."""

    lines: list[LineAnswer]
    documents: list[DocumentAnswer]


class PaidAnswer(msgspec.Struct):
    """One invoice that a transfer pays, in cents: `id` is that of /v1/invoices, `reference` the place's own."""

    id: str
    reference: str
    care_date: date
    asked: int
    paid: int


class TransferAnswer(msgspec.Struct):
    """One transfer to one's own place, in cents; `reference` is what the bank statement prints.

    `account` is masked: its country and last four. `reason` says why it came back, and is null otherwise.
    """

    id: str
    reference: str
    insurer: str
    amount: int
    invoices: int
    account: str
    state: StateAnswer
    reason: Said | None
    ordered_at: datetime
    ended_at: datetime | None
    recovered: int
    """What was taken off, of what was paid before and was not due: its invoices less this make the amount."""


class TransfersAnswer(msgspec.Struct):
    """One page, newest first, and the cursor of the next; null on the last page."""

    rows: list[TransferAnswer]
    cursor: str | None


class FullTransferAnswer(TransferAnswer):
    """One transfer with the invoices that it pays, by day of care, and what it took of earlier ones."""

    lines: list[PaidAnswer]
    recoveries: list[RecoveryAnswer]


class Words(msgspec.Struct):
    """A text in both languages."""

    fr: str
    en: str


class AccountLine(msgspec.Struct):
    """One account, masked: country and last four characters; `own` when whoever reads it asked for it."""

    masked: str
    holder: str | None
    state: str
    label: Words
    why: Words | None
    said: str | None
    asked_at: datetime
    due_at: datetime
    since: datetime | None
    ended_at: datetime | None
    own: bool


class AccountAnswer(msgspec.Struct):
    """The account in force, the ask under way, those that are over; `stopped` is why this session may not ask."""

    in_force: AccountLine | None
    under_way: AccountLine | None
    over: list[AccountLine]
    stopped: str | None
