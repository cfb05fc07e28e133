"""The doctor says what is wrong of the settings file once, in the language asked for."""

from pathlib import Path

import pytest

from tierce.kernel.language import Language
from tierce.upkeep.doctor.commands import examine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, ("n’existe pas : vérifiez le chemin", "does not exist: check the path")),
        ("mode = 'demo'\n", ("le champ operator manque : ajoutez-le", "the field operator is missing: add it")),
    ],
)
def test_the_file_is_named_once_and_its_fault_in_one_language(
    tmp_path: Path, text: str | None, said: tuple[str, str]
) -> None:
    file = tmp_path / "tierce.toml"
    if text is not None:
        file.write_text(text)
    (found,) = examine(file)
    assert (found.code, found.subject) == ("settings", str(file))
    assert tuple(found.said[language] for language in Language) == said
