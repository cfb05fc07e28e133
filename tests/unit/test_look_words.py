"""Catalogues of words, the choice of a language, the headers of every answer."""

from pathlib import Path

import pytest

from tierce.kernel.language import Language
from tierce.kernel.saying import fixed_french
from tierce.web.look import UnknownWordError, Words, WordsError, choose_language
from tierce.web.look.headers import content_security_policy
from tierce.web.look.words import fixed_page


def catalogue(folder: Path, text: str, name: str = "words.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_catalogue_says_and_counts_in_both_languages(tmp_path: Path) -> None:
    words = Words.load(
        catalogue(
            tmp_path,
            '["seat.one"]\nfr = "{n} place"\nen = "{n} place"\n["seat.many"]\nfr = "{n} places"\nen = "{n} places"\n',
        )
    )
    assert words.count("seat", 0, Language.FR) == "0\u00a0place"
    assert words.count("seat", 0, Language.EN) == "0\u00a0places"
    assert words.count("seat", 2_000, Language.FR) == "2\u202f000\u00a0places"


def test_french_punctuation_never_begins_a_line() -> None:
    said = fixed_french("Fermé : « optique » ; vraiment ? Oui !")
    assert said == "Fermé\u00a0: «\u00a0optique\u00a0»\u202f; vraiment\u202f? Oui\u202f!"
    assert fixed_french(said) == said
    assert (
        fixed_french("30 % de 12 €, assistant n° 4 à 10 :12")
        == "30\u00a0% de 12\u00a0€, assistant n°\u00a04 à 10 :12"
    )


def test_a_page_keeps_what_is_typed_and_copied_as_it_is() -> None:
    typed = '<input value="a : b"><textarea>c ; d</textarea><pre><code>e : f</code></pre>'
    assert fixed_page(f"<p>Vu : oui ?</p>{typed}<p>g ; h</p>") == (
        f"<p>Vu\u00a0: oui\u202f?</p>{typed}<p>g\u202f; h</p>"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('["a"]\nfr = "x"\n', "needs exactly fr"),
        ('["a"]\nfr = "x"\nen = ""\n', "empty"),
        ('["a"]\nfr = "{n} x"\nen = "x"\n', "placeholders"),
        ("[a", "words.toml"),
    ],
)
def test_a_wrong_catalogue_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(WordsError, match=complaint):
        Words.load(catalogue(tmp_path, text))


def test_a_key_stands_in_one_catalogue_only(tmp_path: Path) -> None:
    text = '["a"]\nfr = "x"\nen = "x"\n'
    with pytest.raises(WordsError, match="already"):
        Words.load(catalogue(tmp_path, text), catalogue(tmp_path, text, "other.toml"))


def test_a_key_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(UnknownWordError, match=r"words\.toml"):
        Words({}).say("absent", Language.FR)


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "chosen"),
    [
        (None, None, None, "fr"),
        (None, None, "en-GB,en;q=0.9,fr;q=0.5", "en"),
        (None, None, "de,fr;q=0.4,en;q=0.6", "en"),
        (None, None, "de,es", "fr"),
        (None, None, "en;q=0,fr;q=0.1", "fr"),
        (None, None, "en;q=x", "fr"),
        (None, "en", "fr", "en"),
        ("fr", "en", "en", "fr"),
        ("de", None, "en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_last(
    query: str | None, cookie: str | None, accept: str | None, chosen: str
) -> None:
    assert choose_language(query, cookie, accept) == chosen


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = content_security_policy(("https://wallet.example/path?x=1",))
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "form-action 'self' https://wallet.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
