"""The form of an e-mail address that any mail server can be given as it stands."""

import re
from typing import Final

_CHARACTERS_MAX: Final = 254
_MAILBOX: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def is_mailbox(text: str) -> bool:
    """Whether it is one: in ASCII, without quoting, space or control character, and no second address.

    Another would be refused where it is spoken of to the server, long after whoever wrote it could mend it.
    """
    return len(text) <= _CHARACTERS_MAX and _MAILBOX.fullmatch(text) is not None
