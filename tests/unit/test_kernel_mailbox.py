"""What is taken for an e-mail address: whatever else would break what is said to a mail server."""

from pathlib import Path

import pytest

from tierce.kernel.errors import FieldError
from tierce.kernel.mailbox import is_mailbox
from tierce.upkeep.notice.chains import read_chain


@pytest.mark.parametrize("text", ["dpo@exemple.fr", "o'neil+tp@a-b.exemple.example", "a" * 64 + "@x.fr"])
def test_an_address_is_one(text: str) -> None:
    assert is_mailbox(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "dpo", "dpo@exemple", "josé@exemple.fr", "a b@exemple.fr", "a@b@exemple.fr", "<a@exemple.fr>",
        "a@exemple.fr>\r\nRCPT TO:<b@elsewhere.example", "a@exemple.fr\n", "a\0@exemple.fr", "a@-x.fr",
        "a" * 65 + "@x.fr", "a@" + "x." * 130 + "fr",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert not is_mailbox(text)


def test_a_chain_of_a_french_spreadsheet_is_read_and_one_cut_at_a_comma_is_not(tmp_path: Path) -> None:
    file = tmp_path / "chain.csv"
    file.write_text(
        "name;role;email;phone\r\nInès Vidal;DPO;a@x.fr;01 99 00 20 01\r\n;;;\r\n", "utf-8-sig", newline=""
    )
    assert [row["phone"] for row in read_chain(file)] == ["01 99 00 20 01"]
    file.write_text("name,role,email,phone\nInès Vidal,DPO,a@x.fr,01 99 00 20 01, poste 3\n", "utf-8")
    with pytest.raises(FieldError, match="number of fields") as refused:
        read_chain(file)
    assert "Line 2" in refused.value.reason.en


@pytest.mark.parametrize("email", ["josé@exemple.fr", "a@exemple.fr>\r\nRCPT TO:<b@elsewhere.example"])
def test_a_chain_with_another_address_is_refused_at_its_line(tmp_path: Path, email: str) -> None:
    """Taken, it is refused by the mail server each minute of an incident, and that insurer is not warned."""
    file = tmp_path / "chain.csv"
    file.write_text(f'name,role,email,phone\nInès Vidal,DPO,"{email}",\n', "utf-8", newline="")
    with pytest.raises(FieldError) as refused:
        read_chain(file)
    assert (refused.value.field, "Line 2" in refused.value.reason.en) == ("email", True)
