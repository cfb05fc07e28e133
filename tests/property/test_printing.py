"""Whatever a name holds, it is printed as text: it never becomes code, a link, or another text's end."""

from io import BytesIO

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tierce import printing

PRINTED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F), min_size=1, max_size=60)
CODE = st.sampled_from(
    """#panic() #read("/etc/passwd") #link("https://x.example")[y] $x$ *b* _i_ @ref <label> \\ `c` = - ] [ " /*
    #import"@preview/x:1.0.0" // https://x.example""".split()
)


def data(name: str) -> dict[str, object]:
    block = {"heading": name, "paragraphs": [name], "points": [name, name], "after": [name]}
    one = dict.fromkeys(["title", "reference", "reference_label", "page_label", "dated", "greeting", "closing"], name)
    return {
        **one,
        "language": "fr",
        "sender": [name, name],
        "recipient": [name],
        "blocks": [block],
        "signature": [name],
    }


def letters(text: str) -> str:
    return "".join(text.split()).replace("\u00ad", "")


@settings(max_examples=60, deadline=None)
@given(st.lists(PRINTED | CODE, min_size=1, max_size=4).map(" ".join).filter(lambda name: letters(name) != ""))
@example('#panic("x")')
@example("#{let x = 1; x}")
@example("\\u{41}")
def test_a_name_is_never_read_as_code(name: str) -> None:
    reader = PdfReader(BytesIO(printing.pdf("letter", data(name))))
    plain_one = PdfReader(BytesIO(printing.pdf("letter", data("x" * len(name)))))
    assert all("/Annots" not in page for page in reader.pages)
    assert len(reader.pages) >= len(plain_one.pages)
    whole = "".join(page.extract_text() for page in reader.pages)
    seen = letters("".join(one for one in name if not 0x7F <= ord(one) <= 0x9F))
    # Thirteen places of the template show it, and each shows it whole.
    assert letters(whole).count(seen) >= 13
