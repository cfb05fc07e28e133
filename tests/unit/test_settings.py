"""Settings: complaints name the field; production refuses what is meant for a desk."""

import os
from pathlib import Path

import pytest

from tierce.settings import DEVELOPMENT_PREFIX, SettingsError, load

TEMPLATE = """
mode = "{mode}"
keys = "{folder}/keys"
[operator]
name = "Opérateur d'essai"
address = "1 rue de l'Essai"
phone = "0100000000"
officer = "Une personne"
officer_email = "dpo@operateur.example"
[database]
host = "127.0.0.1"
port = 5432
name = "tierce"
secrets = "{folder}/secrets"
"""
SITE = '[{name}]\nurl = "{scheme}://{name}.operateur.example"\nport = {port}\n'
REALM = """[{name}]
discovery = "{scheme}://provider.example/.well-known/openid-configuration"
issuer = "{scheme}://provider.example"
client_id = "tierce"
client_secret_file = "{folder}/secrets/client"
"""


def write(folder: Path, *, mode: str, scheme: str, secret: str, extra: str = "") -> Path:
    """Write a settings file with its secrets."""
    (folder / "secrets").mkdir()
    (folder / "secrets" / "client").write_text(secret)
    (folder / "secrets" / "tierce_api.password").write_text(secret)
    text = extra + TEMPLATE.format(mode=mode, folder=folder)
    for port, name in enumerate(("portal", "api", "office", "persons", "insurers"), start=8801):
        text += SITE.format(name=name, scheme=scheme, port=port)
    for name in ("psc", "staff", "persons_provider", "insurers_provider"):
        text += REALM.format(name=name, scheme=scheme, folder=folder)
    path = folder / "tierce.toml"
    path.write_text(text)
    return path


def test_a_demonstration_may_use_development_secrets(tmp_path: Path) -> None:
    path = write(tmp_path, mode="demo", scheme="http", secret=DEVELOPMENT_PREFIX + "1")
    assert load(path).portal.port == 8801


def test_production_accepts_real_ones(tmp_path: Path) -> None:
    path = write(tmp_path, mode="production", scheme="https", secret="4f9c-drawn-at-random")
    assert load(path).api.url == "https://api.operateur.example"


def test_production_refuses_each_thing_meant_for_a_desk(tmp_path: Path) -> None:
    extra = 'demo_people = "people.json"\n'
    path = write(tmp_path, mode="production", scheme="http", secret=DEVELOPMENT_PREFIX + "1", extra=extra)
    with pytest.raises(SettingsError) as caught:
        load(path)
    said = str(caught.value)
    for expected in ("demo_people", "portal.url", "persons.url", "psc.discovery", "staff.client_secret_file",
                     "tierce_api.password"):  # fmt: skip
        assert expected in said


def test_a_missing_or_unknown_field_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, mode="demo", scheme="http", secret="x", extra="colour = 1\n")
    with pytest.raises(SettingsError, match="colour"):
        load(path)
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        load(tmp_path / "absent.toml")


def test_the_api_has_a_worker_a_processor_unless_told_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path, mode="demo", scheme="http", secret=DEVELOPMENT_PREFIX + "1")
    assert load(path).api.processes == min(8, len(os.sched_getaffinity(0)))
    path.write_text(path.read_text().replace("port = 8802", "port = 8802\nworkers = 3"))
    assert load(path).api.processes == 3
    path.write_text(path.read_text().replace("workers = 3", "workers = 65"))
    with pytest.raises(SettingsError, match=r"api\.workers"):
        load(path)


@pytest.mark.parametrize("sign_ins", ["0", "-1", "1001", '"8"', "2.5"])
def test_the_pace_of_sign_ins_is_a_number_of_its_bounds(tmp_path: Path, sign_ins: str) -> None:
    path = write(tmp_path, mode="demo", scheme="http", secret=DEVELOPMENT_PREFIX + "1")
    text = path.read_text()
    path.write_text(text.replace("port = 8801", "port = 8801\nsign_ins = 1000"))
    assert load(path).portal.sign_ins == 1000
    path.write_text(text.replace("port = 8801", f"port = 8801\nsign_ins = {sign_ins}"))
    with pytest.raises(SettingsError, match=r"portal\.sign_ins"):
        load(path)


@pytest.mark.parametrize(
    ("before", "after", "french", "english"),
    [
        ("port = 8801", "prt = 8801", "le champ portal.prt est inconnu", "the field portal.prt is unknown"),
        ('keys = "', 'kees = "', "le champ kees est inconnu", "the field kees is unknown"),
        ('officer = "Une personne"', "", "le champ operator.officer manque", "operator.officer is missing"),
        ("port = 8801", 'port = "8801-secret"', "portal.port : lu str au lieu de int", "read str instead of int"),
        ('mode = "demo"', 'mode = "secret"', "mode : valeur inconnue", "give one of: demo, production"),
        ("port = 8801", "port = ", "ce n’est pas du TOML", "at line"),
        ("Opérateur", "Op\udcffrateur", "ce n’est pas du TOML en UTF-8", "not TOML in UTF-8"),
    ],
)
def test_a_complaint_names_the_field_in_both_languages_and_never_the_value(
    tmp_path: Path, before: str, after: str, french: str, english: str
) -> None:
    path = write(tmp_path, mode="demo", scheme="http", secret="x")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SettingsError) as caught:
        load(path)
    said = str(caught.value)
    assert french in said
    assert english in said
    assert "secret" not in said
