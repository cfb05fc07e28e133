"""The acts one can ask for and the words in which a decision is recorded.

Numbers are part of the journal's encoding (docs/reference/journal-entry-v1.md): they are never moved nor
reused; a retired one stays here with a comment.
"""

from enum import IntEnum


class Act(IntEnum):
    """What is asked. Every route, command and job that touches a person names exactly one."""

    NONE = 0
    RIGHTS_ASK = 1
    """A professional asks whether one person is covered for one domain."""
    RIGHTS_REVISIT = 2
    """A professional opens again an answer of her own history."""
    FEED_CONTRACTS = 3
    """Contracts between insurers and professionals were taken in."""
    SESSION_OPEN = 10
    SESSION_REVOKE = 11
    DEVICE_ENROL = 12
    SESSION_READ = 13
    """A professional reads her own session or the list of them; shows nobody."""
    DEVICE_NAME = 14
    """A professional names one of her own devices."""
    STAFF_SESSION_OPEN = 20
    STAFF_LIVE = 21
    """Staff read journal lines without any person's identity."""
    STAFF_PERSON_SHOW = 22
    """Staff read one person's civil status, for a stated reason."""
    STAFF_LADDER_MOVE = 23
    STAFF_INCIDENT_OPEN = 24
    STAFF_SCOPE = 25
    STAFF_NOTICE_SHOW = 26
    STAFF_LETTER_SHOW = 27
    STAFF_SESSION_END = 28
    STAFF_DIRECTORY = 29
    """Staff read the directory of professionals, which is public, who is enrolled, and accounts, masked."""
    STAFF_FEEDS = 30
    """Staff read what became of the files taken in; never a value."""
    STAFF_ACCESS_END = 31
    """Staff end a professional's session."""
    ASSISTANT_NAME = 32
    """A professional names an assistant, or has another code made for her; `reference` is the assistant."""
    ASSISTANT_END = 33
    """A professional ends an assistant, which `reference` is."""
    ASSISTANT_ENROL = 34
    """An assistant, which `reference` is, makes a passkey with the code that she was given."""
    ASSISTANT_SIGN_IN = 35
    """An assistant, which `reference` is, signs in with her passkey: the session is her professional's."""
    ASSISTANT_READ = 36
    """A professional reads who may act for her, assistants and substitutes; shows nobody covered."""
    ACCOUNT_READ = 37
    """A professional reads where her establishment is paid, masked."""
    STAFF_ASSISTANT_END = 38
    """Staff end a professional's assistant, which `reference` is, and say why."""
    PERSON_SESSION_OPEN = 40
    PERSON_HISTORY = 41
    """A person reads who asked about her."""
    PERSON_REPORT = 42
    """A person says of one line: it was not me."""
    PERSON_SESSION_END = 43
    FEED_RIGHTS = 50
    FEED_DIRECTORY = 51
    FEED_HOLD = 52
    """A rights file would take the cover of abnormally many people: what takes away waits for a confirmation."""
    FEED_CONFIRM = 53
    """An operator repeated how many would lose their cover: the file goes on."""
    FEED_RESUME = 54
    """An import that was interrupted goes on where it stood."""
    ENROLMENT_APPLY = 56
    """A professional who signed in is not a client at that place yet: her sign-in is her application."""
    ENROLMENT_MOVE = 57
    """Staff, or an enrolled manager, enrol, suspend or end a professional at a place."""
    SUBSTITUTE_DECLARE = 58
    SUBSTITUTE_END = 59
    WATCH_HOLD = 60
    """The watch holds a line by itself, for a bounded time."""
    INSURER_REMOTE = 61
    """An insurer is declared to keep its people itself, or no more; `reference` is the declaration. By command."""
    KEY_REGISTER = 70
    POLICY_CHANGE = 71
    OPERATION_BACKUP = 72
    OPERATION_RESTORE = 73
    OPERATION_UPGRADE = 74
    OPERATION_RETENTION = 75
    """Data past its duration was removed; `reference` says which class and how many rows."""
    OPERATION_KEY_ROTATE = 76
    OPERATION_PASSWORDS = 77
    CONTRACT_END = 78
    """An insurer's contract ends: none of its files is taken in any more. Taken back: CONTRACT_RESUME."""
    CONTRACT_DELETE = 79
    """What such an insurer had stored was deleted, its keys too; `reference` is how many copies of people."""
    DEPOSIT_MAKE = 80
    """A professional leaves a deposit while the gate is closed; nobody is looked up."""
    DEPOSIT_READ = 81
    """A professional reads the state of a receipt of her establishment; shows nobody."""
    DEPOSIT_RESOLVE = 82
    """The worker says of a deposit whether its payment is guaranteed, from what it holds and nothing else."""
    DEPOSIT_TERMS = 83
    """An insurer's written choice of what it guarantees while closed is entered."""
    CONTRACT_RESUME = 84
    """The end of an insurer's contract is taken back, or a new one begins."""
    INSURER_SESSION_OPEN = 90
    INSURER_SESSION_END = 91
    INSURER_COUNTS = 92
    """An insurer's staff read counts of their own people and what became of their own files."""
    INSURER_ACTIVITY = 93
    """An insurer's staff read counts of what was shown of their own people, and of those on incidents' lists."""
    INSURER_REVIEW_READ = 94
    """An insurer's staff read which requests they have to review, or one of them, which `reference` is; nobody is
    named."""
    INSURER_REVIEW_DECIDE = 95
    """An insurer's staff grant or refuse a request under review, which `reference` is."""
    HOLDS_READ = 96
    """A professional, or her assistant with less of it, reads what holds the account; shows nobody."""
    AGREEMENT_DOCUMENT = 97
    """A professional declares a document that an agreement, which `reference` is, is subject to; nobody is named."""
    INSURER_DOCUMENTS = 98
    """An insurer's staff read which documents were declared for agreements of their own people; nobody is named."""
    SESSION_OTHER_KEY = 101
    """Another key than its own signed for a session of staff, of an insurer's or of a person, which this ended."""
    STAFF_INVOICE_REFUSE = 104
    """Staff refuse an invoice or agreement that nothing decides, which `reference` is; two of them make it so."""
    STAFF_INVOICE_RULE = 105
    """Staff say of an invoice, which `reference` is, whether two in whose names the same care is are one person; two
    of them make it so."""
    MESSAGE_AGAIN = 107
    """A message that was set aside is tried again; `reference` begins the digest of its number. By command."""
    MESSAGE_SETTLED = 108
    """One is settled: whoever it was for was told by another way; `reference` as in MESSAGE_AGAIN. By command."""
    PRESENCE_CARD = 110
    """A person asks for a dynamic card, to be read at one place."""
    PRESENCE_CONFIRM = 111
    """A person says that she is where somebody asks about her."""
    PRESENCE_DENY = 112
    """A person says that she is not."""
    PRESENCE_PROVED = 113
    """A proof of presence freed the seat that an ask had taken."""
    PRESENCE_WITHDRAWN = 114
    """A proof was withdrawn by whoever reported it: the seat is taken again."""
    PRESENCE_SIGNER = 115
    """A key that signs dynamic cards, or that of a peer who reports presence, was registered or revoked."""
    FEED_PRESENCE = 116
    """A peer's file of care that was invoiced was taken in."""
    PRESENCE_CERTIFIED = 117
    """Software may declare the readings of cards, or may no more."""
    STAFF_RELEASE_ASK = 130
    """Staff ask that a broad hold or closing be let go of; another member of staff confirms."""
    STAFF_APPEAL_ANSWER = 131
    """Staff answer a held professional's appeal, with a reason."""
    APPEAL_MAKE = 132
    """A held professional says why she should not be; shows nobody."""
    STAFF_ALERT = 133
    """Staff enter another operator's alert about a professional."""
    DECOYS_PLANT = 134
    """Invented beneficiaries were added for one vendor's files."""
    ALERT_PEER = 135
    """Who may send alerts was registered, given other keys, or ended; `reference` is the peer. By command."""
    STAFF_ALERT_SEND = 136
    """Staff tell other operators of an account, or take it back, and say why; `reference` is what was told."""
    STAFF_ALERT_ASIDE = 137
    """Staff set another operator's alert aside, which `reference` is, and say why: it counts no more."""
    JOURNAL_REDACT = 150
    """A member of staff asks that a line lose its person; the second who does has it done."""
    JOURNAL_END = 151
    """A sealed segment reached the end of its time; `reference` is its first leaf."""
    SCOPE_FILE = 160
    """A list of people exposed was written to a file; `reference` begins the list's digest."""
    SCOPE_ANSWER = 161
    """Another operator's indicators were answered; `reference` begins the answer's digest. It names nobody."""
    PERSON_WISH = 162
    """A person asks to be told at each first look-up, proves her address, or stops it; `reference` is the wish."""
    FIRST_LOOKS_TOLD = 163
    """Persons who asked for it were told of first look-ups; `reference` is how many. It names nobody."""
    PERSON_BILLED = 164
    """A person reads the care billed in her name, or says of one invoice: it was not me."""
    INSURER_REQUEST = 165
    """An insurer's staff read their people's requests, or answer one."""
    NOTICE_RECEIVED = 166
    """An insurer's first acknowledgement of a notice becomes a time of the incident: its own delays run from it."""
    STAFF_RECIPIENT = 167
    """Staff vouch for an insurer's key, whose fingerprint they compared by telephone; `reference` is the key."""
    DEVICE_CODE = 170
    """A new device asks for a code, to be typed on an older one of the same professional."""
    DEVICE_CONTINUE = 171
    """An older device says that a new one is hers: it draws on her places. `reference` is the new device."""
    DEVICE_SEPARATE = 172
    """A professional takes a device off her places; it is new again at its next sign-in."""
    STAFF_POOLS = 173
    """Staff read how full the lines and pools that many share are, and who fills them; nobody covered."""
    STAFF_TIME = 180
    """Staff write one of an incident's times: when, by whom, why."""
    STAFF_DUTY = 181
    """Staff say that a legal duty was fulfilled, and why it was late if it was."""
    STAFF_SEVERITY = 182
    """Staff score a cohort, or say with its proof that data was not concerned."""
    STAFF_BRIDGE = 183
    """A person concludes on the risk and on articles 33 and 34; never computed."""
    STAFF_REGISTER = 184
    """Staff write facts, effects, an action or a decision in the register of breaches."""
    STAFF_REGISTER_EXPORT = 185
    """Staff export the register for the authority."""
    STAFF_BREACH_FORM = 186
    """Staff write a version of the notification form."""
    STAFF_BREACH_FORM_EXPORT = 187
    """Staff export a version of the notification form."""
    STAFF_BREACH_CLOSE = 188
    """Staff close an event in the register, or open it again, with the reasons."""
    STAFF_INCIDENT_MOVE = 189
    """Staff write that an incident reached a stage: when it happened, why."""
    STAFF_HOLD_RELEASE = 190
    """Staff end an incident's legal hold, with the reasons."""
    NOTICE_MANDATE = 200
    """Who writes to an insurer's people is written down: a mandate, or the chain of people to warn."""
    CONTACT_LENT = 201
    """Contact data that an insurer lends for one incident is taken in, sealed."""
    CONTACT_FORGOTTEN = 202
    """Contact data that was lent is deleted, and its key destroyed."""
    INSURER_TOLD = 203
    """A notice to an insurer leaves for one of its contacts: first, repeated to the next one, or a test."""
    HAND_OVER_MADE = 204
    """An insurer's part of the list is encrypted to that insurer's key."""
    INSURER_NOTICE_READ = 205
    """An insurer's staff read their notice, their counts, or their draft for the authority."""
    INSURER_ACKNOWLEDGED = 206
    """An insurer's staff acknowledge a notice."""
    HAND_OVER_TAKEN = 207
    """An insurer's staff take their own encrypted list."""
    INSURER_REPORTED = 208
    """An insurer's staff report: whom they matched, or when people were told."""
    INSURER_RECIPIENT = 209
    """An insurer's staff register the key to which its lists are encrypted, or confirm another's."""
    AUDIENCE_FROZEN = 210
    """Whom the operator writes to after an incident is frozen, with its digest."""
    STAFF_MESSAGE_WRITE = 211
    """Staff freeze the facts that the messages of an incident state."""
    STAFF_MESSAGE_APPROVE = 212
    """Staff approve one audience and one text, by their digests; two of them make a sending possible."""
    MESSAGES_SENT = 213
    """The approved messages of an incident begin to leave, or have stopped leaving."""
    STAFF_MESSAGE_STOP = 214
    """Staff stop the messages of an incident, or let them go on."""
    LETTERS_PRINTED = 215
    """A batch of letters is printed into one file."""
    STAFF_LETTERS_TAKE = 216
    """Staff take a batch of letters: names and addresses leave with it; `device` begins the file's digest."""
    STAFF_LETTERS_POSTED = 217
    """Staff write that a batch of letters was posted."""
    BOUNCES_READ = 218
    """Messages or letters that came back are taken in."""
    STAFF_AUDIENCE = 219
    """Staff read an audience in counts, and the texts; nobody's name."""
    PERSON_CONCERNED = 220
    """A person asks whether she is concerned by an incident; answered after this line."""
    STAFF_REPORT_ANSWER = 221
    """Staff answer a report "it was not me", by a written outcome; `reference` is the report. It names nobody."""
    PERSON_REQUEST = 222
    """A person asks for access, correction or erasure; `reference` is the request."""
    STAFF_REQUEST_ANSWER = 223
    """Staff forward a person's request to her insurers, or answer it; `reference` is the request. It names nobody."""
    PERSON_EXPORT = 224
    """A person takes out a copy of all that is held of her."""
    STAFF_SECRECY = 225
    """Staff write that an authority asked for persons to be told of an incident later, or that this ended."""
    STAFF_BATCH_LIST = 226
    """Staff take out what the file of a batch has to pay, by which whoever takes it to the bank checks it."""
    BANK_READ = 227
    """`billing` takes in a file of the bank's, which `reference` is; `device` begins its digest."""
    STAFF_RECOVERY = 228
    """Staff open, approve or cancel the recovery, which `reference` is, of what was paid and is not due."""
    STAFF_PACK = 230
    """Staff take out an incident's evidence pack; `reference` is the incident, `device` begins the file's digest."""
    CONTROLS_SNAPSHOT = 231
    """The worker writes how the promised measures stand; `reference` begins the digest of what it says."""
    STAFF_INSPECTION = 232
    """An inspector reads how an incident was handled: counts and delays, nobody."""
    INVOICE_SEND = 233
    """A professional sends an invoice; `reference` is the invoice. It names nobody."""
    INVOICE_READ = 234
    """A professional reads the invoices of her own place, or one of them, which `reference` is; nobody is named."""
    INVOICE_CANCEL = 235
    """A professional takes an invoice of her own place back, with a reason; `reference` is the invoice."""
    PEER_ALERT = 236
    """Another operator's alert came, or took an earlier one back; `device` is the peer. It names nobody."""
    ACCOUNT_ASK = 237
    """A professional, or the operator's own file, asks that an establishment be paid to another bank account."""
    ACCOUNT_STOP = 238
    """Whoever asked takes it back, or somebody else of the establishment objects."""
    STAFF_ACCOUNT_CONFIRM = 239
    """Staff confirm another account, after a call to a number that the ask did not give."""
    STAFF_ACCOUNT_REFUSE = 240
    """Staff refuse another account, and say why."""
    ACCOUNT_MOVE = 241
    """`billing` opened an ask, put it in force, or ended the account in whose place it comes."""
    INVOICE_DECIDE = 242
    """Process `billing` decides what is due of an invoice, which `reference` is; it names nobody."""
    BATCH_PREPARE = 243
    """`billing` gathers what is due of one insurer into a batch of transfers, which `reference` is."""
    STAFF_BATCH_APPROVE = 244
    """Staff approve a batch of transfers, or refuse it before its file; two approve before anything is sent."""
    BATCH_FILE = 245
    """`billing` writes a batch's file for the bank, whose digest `device` begins; 0 where nothing was left."""
    STAFF_BATCH_SETTLE = 246
    """Staff write what the bank did of a batch, or of one transfer in it, which `reference` is."""
    TRANSFER_READ = 247
    """A professional reads the transfers to her own place, or one of them, which `reference` is; nobody is named."""
    FEED_TARIFFS = 248
    """What items are worth was taken in; `reference` is the feed."""
    FEED_BENEFITS = 249
    """What insurers' products pay was taken in; `reference` is the feed."""
    AGREEMENT_ASK = 250
    """A professional asks for a quote or for an agreement; `reference` is the agreement. It names nobody."""
    AGREEMENT_READ = 251
    """A professional reads the agreements of her own place, or one, which `reference` is; nobody is named."""
    AGREEMENT_CANCEL = 252
    """A professional takes an agreement of her own place back, with a reason; `reference` is the agreement."""
    AGREEMENT_DECIDE = 253
    """Process `billing` quotes, grants or refuses an agreement, which `reference` is; it names nobody."""
    AGREEMENT_END = 254
    """Process `billing` ends an agreement whose last day has passed, which `reference` is; it names nobody."""


class Lane(IntEnum):
    """The queue in which an ask waits; seats are the same ledgers in both."""

    NONE = 0
    INTERACTIVE = 1
    BULK = 2


class Outcome(IntEnum):
    """What became of an ask."""

    NONE = 0
    RELEASED = 1
    """Coverage was shown."""
    UNKNOWN = 2
    """The register knows nobody under these identifiers; nothing was shown."""
    NOT_COVERED = 3
    """The person is known but not covered for this domain and date; nothing was shown."""
    OUT_OF_SEATS = 4
    """No seat was free: a proof of presence is asked for; nothing was shown."""
    KNOWN_LIMIT = 5
    """The daily limit of known people is reached: a proof is asked for; nothing was shown."""
    OUT_OF_ATTEMPTS = 6
    """The day's attempts are used up; nothing was looked up."""
    HELD = 7
    """A rung of the ladder forbids the act; nothing was looked up."""
    NOT_ALLOWED = 8
    """The act is not open to this profession, session or assurance; nothing was looked up."""
    DONE = 9
    """An act that discloses nobody was carried out."""
    UNSIGNED = 10
    """No proof by the browser's key came with the ask, and the person is not in the pair memory."""
    ENDED = 11
    """Rights ended before the day of care; nothing was shown."""
    FUTURE = 12
    """Rights begin after the day of care; nothing was shown."""
    NOT_ELIGIBLE = 13
    """Rights are open on the day of care, but not for this domain; nothing was shown."""
    NOT_CONTRACTED = 14
    """Covered, but that insurer has no contract with this professional for the domain; nothing was shown."""
    NO_OTHER_PAYER = 15
    """A second insurer was asked for, and none covers; nothing was shown."""
    CLOSED = 20
    """The nation, portal, act, domain or the person's insurer is closed; nothing was shown."""
    DEPOSITED = 21
    """A deposit was taken in; nothing was looked up."""
    GUARANTEED = 22
    """A deposit's payment is guaranteed by its insurer's written choice."""
    ON_CARD = 23
    """A deposit is recorded on the card alone, without guarantee."""
    DEPOSIT_REFUSED = 24
    """A deposit is not accepted: it repeats another, or could not have been made."""
    PROOF_REFUSED = 25
    """A proof of presence was used before, or its key does not serve for the person; nothing was shown."""
    PROOF_OF_ANOTHER = 26
    """A proof of presence is not about whoever was asked for; nothing was shown."""
    NOT_CONFIRMED = 27
    """No yes of the person is waiting for this place; nothing was shown."""
    NOT_CERTIFIED = 28
    """A reading was declared by software that may not declare one; nothing was shown."""
    PLACE_FULL = 30
    """The establishment's line of seats is full: a proof of presence is asked for; nothing was shown."""
    COMMON_FULL = 31
    """A line that many share (software, vendor) or a pool (cell, nation) is full: a proof is asked for; nothing was
    shown."""
    ASKED = 32
    """The gate let it through, and an insurer that keeps its people itself is about to be asked: what it answers is a
    line of its own, and until that one is there, it may have been shown."""
    NOT_ANSWERED = 33
    """That insurer did not answer in time, or nothing that can be read; nothing was shown."""


class Presence(IntEnum):
    """How the person's presence is proved; only grade A or B ever raises a limit."""

    NONE = 0
    DECLARED = 1
    """Grade C: declared by the asker's software."""
    CONFIRMED = 2
    """Grade D: confirmed by the person in her own space."""
    REPORTED = 3
    """Grade B: reported by an authenticated peer other than the asker."""
    VERIFIED = 4
    """Grade A: verified by us."""


class Evidence(IntEnum):
    """How strongly the watch suspects the login at the moment of the ask."""

    NONE = 0
    WATCHED = 1
    STRONG = 2


class Site(IntEnum):
    """Which of our sites or doors a session was opened through."""

    PORTAL = 1
    API = 2
    OFFICE = 3
    PERSONS = 4
    INSURERS = 5
