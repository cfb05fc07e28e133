"""Units, nginx example and settings example hold together, and the tools that will read them accept them."""

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tierce.kernel.clock import SystemClock
from tierce.settings import Settings
from tierce.storage.keys import create_keys
from tierce.upkeep.service import INSTANCES
from tierce.web.names import BESIDE, EVERY, KEYS, SITES
from tierce.web.readiness import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))


def test_there_is_a_unit_for_each_process_and_it_is_handed_its_own_files() -> None:
    for name in EVERY:
        text = (DEPLOY / "systemd" / f"tierce-{name}.service").read_text("utf-8")
        handed = {line.split(":")[0] for line in re.findall(r"^LoadCredential=(.*)$", text, re.M)}
        keys = {one.removesuffix(".key") for one in handed if one.endswith(".key")}
        wanted = {str(one) for one in KEYS.get(name, ())} | ({f"instance-{name}"} if name != "portal" else set())
        assert keys == wanted | ({"instance-log"} if name == "worker" else set()), name
        role = {**ROLES, "worker": "tierce_worker"}.get(name)
        passwords = {f"{one}.password" for one in (role, *BESIDE.get(name, ())) if one}
        assert {one for one in handed if one.endswith(".password")} == passwords, name
        for hard in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n"):
            assert hard in text, (name, hard)


def test_the_example_settings_are_read_and_name_every_site() -> None:
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    nginx = (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8")
    for site in SITES:
        given = getattr(settings, site)
        host = given.url.removeprefix("https://")
        assert re.search(rf"^ +{re.escape(host)} +{given.port};$", nginx, re.M), site


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        program = Path(sys.executable).with_name("tierce")
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace("/opt/tierce/bin/tierce", str(program)))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(str(file) for file in tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip - a command line reads as one
    ours = [line for line in said.stderr.splitlines() if "tierce" in line]
    assert (said.returncode, ours) == (0, []), said.stderr


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "riveclaire.example")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip - one certificate, one expression
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not on this machine")
def test_nginx_accepts_the_example(tmp_path: Path) -> None:
    _certificate(tmp_path)
    shutil.copy(DEPLOY / "nginx" / "tierce-proxy.conf", tmp_path)
    text = (DEPLOY / "nginx" / "tierce.conf").read_text("utf-8")
    for there, here in (
        ("/etc/ssl/tierce/fullchain.pem", tmp_path / "fullchain.pem"),
        ("/etc/ssl/private/tierce.pem", tmp_path / "key.pem"),
        ("/etc/nginx/tierce-proxy.conf", tmp_path / "tierce-proxy.conf"),
        ("/var/log/nginx/", f"{tmp_path}/"),
        ("listen 443", "listen 127.0.0.1:8443"),
        ("listen 80;", "listen 127.0.0.1:8080;"),
    ):
        text = text.replace(there, str(here))
    whole = f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\n{text}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    said = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert "[warn]" not in said.stderr, said.stderr


def test_a_process_under_a_service_manager_reads_what_it_was_handed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = tmp_path / "credentials"
    create_keys(handed, INSTANCES)
    settings = msgspec.toml.decode((DEPLOY / "tierce.toml").read_bytes(), type=Settings)
    assert settings.key_directory() == Path("/etc/tierce/keys")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert settings.key_directory() == settings.connection().secrets == handed
