"""Every command refuses what is wrong by its name, with the interface's exit codes and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.exits import Exit
from tests.cli.conftest import Run, program
from tests.cli.test_commands import write_request
from tests.support.database import BACKENDS
from tests.support.installation import Installation, open_installation


@pytest.fixture(scope="module", params=BACKENDS)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """One for all: what is refused changes nothing."""
    with open_installation(request.param, tmp_path_factory.mktemp("installation")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("nonsense",), Exit.USAGE, "nonsense"),
        (("cert", "show", "xyz"), Exit.USAGE, "serial"),
        (("cert", "show", "00ff"), Exit.NOT_FOUND, "00ff"),
        (("cert", "list", "--limit", "0"), Exit.USAGE, "--limit"),
        (("cert", "list", "--expires-before", "tomorrow"), Exit.USAGE, "tomorrow"),
        (("cert", "issue", "--profile", "service", "--csr", "/nonexistent"), Exit.USAGE, "--csr"),
        (("cert", "issue", "--profile", "service"), Exit.USAGE, "--csr"),
        (("cert", "revoke", "--reason", "superseded"), Exit.USAGE, "serial"),
        (("cert", "revoke", "01", "--reason", "because"), Exit.USAGE, "because"),
        (("cert", "lint", "/etc/hostname"), Exit.USAGE, "certificate"),
        (("ca", "show", "nobody"), Exit.NOT_FOUND, "nobody"),
        (("ca", "ceremony", "/etc/hostname", "--commit"), Exit.USAGE, "ceremony"),
        (("crl", "show", "nobody"), Exit.NOT_FOUND, "nobody"),
        (("crl", "publish", "--authority", "nobody"), Exit.NOT_FOUND, "nobody"),
        (("key", "rotate", "key-0"), Exit.NOT_FOUND, "key-0"),
        (("key", "generate", "--algorithm", "rsa1024", "--purpose", "seal", "--label", "x"), 2, "rsa1024"),
        (("tsa", "stamp", "/nonexistent", "--out", "x"), Exit.USAGE, "file"),
        (("tsa", "verify", "a", "b", "--trust", "/nonexistent"), Exit.USAGE, "--trust"),
        (("profile", "show", "nothing"), Exit.NOT_FOUND, "nothing"),
        (("profile", "activate", "/etc/hostname"), Exit.USAGE, "profile"),
        (("approval", "show", "00"), Exit.NOT_FOUND, "00"),
        (("approval", "approve", "00", "--as", "first"), Exit.USAGE, "--key"),
        (("admin", "add", "x", "--public", "/etc/hostname"), Exit.USAGE, "--public"),
        (("caller", "add", "x", "--scope", "everything"), Exit.USAGE, "everything"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_wrong_input_is_named(here: Run, arguments: tuple[str, ...], code: Exit, word: str) -> None:
    ran = here(*arguments)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert word in ran.err
    assert "Traceback" not in ran.err


def test_a_wrong_request_is_named(here: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    for content in (b"", b"-----BEGIN CERTIFICATE REQUEST-----\n", b"\x30" * 100, b"x" * 20_000):
        bad.write_bytes(content)
        ran = here("cert", "issue", "--profile", "service", "--csr", bad)
        assert (ran.code, ran.out) == (Exit.USAGE, "")
        assert "csr" in ran.err


def test_an_unknown_profile_is_named(here: Run, tmp_path: Path) -> None:
    ran = here("cert", "issue", "--profile", "nothing", "--csr", write_request(tmp_path / "r.pem"))
    assert (ran.code, "nothing" in ran.err) == (Exit.NOT_FOUND, True)


def test_a_ceremony_with_aliases_is_refused(here: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("a: &a [x]\nb: [*a, *a]\n", encoding="utf-8")
    ran = here("ca", "ceremony", tmp_path / "c.yaml")
    assert (ran.code, "alias" in ran.err) == (Exit.USAGE, True)


def test_another_master_key_is_refused(here: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_text("b7" * 4 + "0123456789abcdef" * 3 + "a5c3e1f7", encoding="ascii")
    other.chmod(0o600)
    ran = here("tsa", "stamp", other, "--out", tmp_path / "t", XINQIAN_MASTER_KEY_FILE=str(other))
    assert ran.code == Exit.UNAVAILABLE
    assert "XINQIAN_MASTER_KEY_FILE" in ran.err
    assert not (tmp_path / "t").exists()


def test_an_open_master_key_is_refused(here: Run, installation: Installation) -> None:
    key = installation.state_dir / "master.key"
    key.chmod(0o644)
    ran = here("cert", "list")
    key.chmod(0o600)
    assert (ran.code, "chmod 600" in ran.err) == (Exit.UNAVAILABLE, True)


def test_a_missing_token_is_unavailable(here: Run, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("1234", encoding="ascii")
    token = {
        "XINQIAN_CUSTODY": "pkcs11",
        "XINQIAN_PKCS11_LIBRARY": str(tmp_path / "absent.so"),
        "XINQIAN_PKCS11_TOKEN": "none",
        "XINQIAN_PKCS11_PIN_FILE": str(pin),
    }
    ran = here(
        "key", "generate", "--algorithm", "p256-sha256", "--purpose", "service", "--label", "x", **token
    )
    assert (ran.code, ran.out) == (Exit.UNAVAILABLE, "")
    assert "1234" not in ran.err


def test_a_read_only_database_takes_nothing(xinqian: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"contract")
    with open_installation("sqlite", tmp_path) as installation:
        read_only = f"sqlite:///file:{installation.state_dir.parent / 'xinqian.sqlite'}?mode=ro&uri=true"
        given = {**installation.environment, "XINQIAN_DATABASE_URL": read_only}
        ran = xinqian("tsa", "stamp", tmp_path / "data", "--out", tmp_path / "t", **given)
    assert (ran.code, ran.out) == (Exit.UNAVAILABLE, "")
    assert not (tmp_path / "t").exists()


def test_a_stopped_server_is_unavailable(here: Run) -> None:
    stopped = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    ran = here("cert", "list", XINQIAN_DATABASE_URL=stopped)
    assert (ran.code, ran.out) == (Exit.UNAVAILABLE, "")


def test_an_empty_database_asks_to_be_migrated(here: Run, tmp_path: Path) -> None:
    empty = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    ran = here("cert", "list", XINQIAN_DATABASE_URL=empty)
    assert (ran.code, "xinqian migrate" in ran.err) == (Exit.UNAVAILABLE, True)
    assert here("migrate", XINQIAN_DATABASE_URL=empty).json["before"] is None


def test_a_wrong_setting_is_named(here: Run) -> None:
    ran = here("cert", "list", XINQIAN_LISTEN="nowhere")
    assert (ran.code, "XINQIAN_LISTEN" in ran.err) == (Exit.USAGE, True)


def test_words_are_in_the_language_asked_for(here: Run) -> None:
    assert "没有" in here("ca", "show", "nobody", "--lang", "zh-CN").err
    assert "没有" in here("ca", "show", "nobody", LANG="zh_CN.UTF-8").err
    assert "签发" in here("cert", "issue", "--help", "--lang", "zh-CN").out


def test_an_unexpected_error_is_one_line_and_a_reference(xinqian: Run, tmp_path: Path) -> None:
    with open_installation("sqlite", tmp_path) as installation:
        with installation.bare() as centre, centre.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE ca_authorities SET algorithm = 'password=planted-secret'")
        ran = xinqian("ca", "list", **installation.environment)
        log = (installation.state_dir / "xinqian.log").read_text(encoding="utf-8")
    assert (ran.code, ran.out) == (Exit.INTERNAL, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.split("under ")[1].split(";")[0] in log
    assert "ValueError" in log
    assert "planted-secret" not in log + ran.err


def test_the_program_itself(tmp_path: Path) -> None:
    assert program("--version").out.startswith("xinqian ")
    nothing = program()
    assert (nothing.code, nothing.out) == (Exit.USAGE, "")
    ran = program("cert", "list", XINQIAN_STATE_DIR=str(tmp_path / "state"))
    assert (ran.code, ran.out) == (Exit.UNAVAILABLE, "")
