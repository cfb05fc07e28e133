"""Whole numbers as a form or an address sends them."""


def number_in(text: str, most: int) -> int | None:
    """The number that one to `most` of the digits 0 to 9 write; None of anything else.

    Other scripts have digits too, and `int` reads them: what two people see would then not be what is kept.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= most else None
