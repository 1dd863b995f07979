"""Settings are read in one place, and an error names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import SettingsInvalid
from api.settings import load, system_language


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XINQIAN_STATE_DIR", "XINQIAN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_need_nothing_and_hold_no_secret() -> None:
    settings = load()
    assert settings.database.startswith("sqlite:///")
    assert settings.database.endswith("var/xinqian/xinqian.sqlite")
    assert settings.master_key is None
    assert settings.key_file == Path("var/xinqian/master.key")
    assert settings.address == ("127.0.0.1", 8000)
    assert settings.ntp_servers == ()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("XINQIAN_DATABASE_URL", "mysql://somewhere/else"),
        ("XINQIAN_DATABASE_URL", "no address"),
        ("XINQIAN_BASE_URL", "ftp://host"),
        ("XINQIAN_BASE_URL", "http://host/?query"),
        ("XINQIAN_TENANT", "Bank Of"),
        ("XINQIAN_LISTEN", "8000"),
        ("XINQIAN_LISTEN", "host:99999"),
        ("XINQIAN_WORKERS", "0"),
        ("XINQIAN_WORKERS", "many"),
        ("XINQIAN_LOG_LEVEL", "loud"),
        ("XINQIAN_LANGUAGE", "fr"),
        ("XINQIAN_CUSTODY", "paper"),
        ("XINQIAN_CLOCK", "host,ntp.example"),
        ("XINQIAN_CLOCK", ","),
        ("XINQIAN_CLOCK", "a.example,b.example"),
        ("XINQIAN_CLOCK", "a.example,b.example,b.example"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert caught.value.variable == variable


def test_a_misspelt_variable_is_refused_with_the_likely_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAN_DATABSE_URL", "sqlite://")
    with pytest.raises(SettingsInvalid, match="XINQIAN_DATABASE_URL") as caught:
        load()
    assert caught.value.variable == "XINQIAN_DATABSE_URL"


@pytest.mark.parametrize("missing", ["PKCS11_LIBRARY", "PKCS11_TOKEN", "PKCS11_PIN_FILE"])
def test_a_token_needs_all_its_settings(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {"CUSTODY": "pkcs11", "PKCS11_LIBRARY": "x.so", "PKCS11_TOKEN": "t", "PKCS11_PIN_FILE": "pin"}
    for name, value in given.items():
        if name != missing:
            monkeypatch.setenv(f"XINQIAN_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert caught.value.variable == f"XINQIAN_{missing}"


def test_two_master_keys_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAN_MASTER_KEY", "00")
    monkeypatch.setenv("XINQIAN_MASTER_KEY_FILE", "somewhere")
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert caught.value.variable == "XINQIAN_MASTER_KEY"


def test_a_secret_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAN_MASTER_KEY", "planted-secret")
    settings = load()
    assert "planted-secret" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_a_wrong_secret_is_not_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAN_DATABASE_URL", "mysql://user:planted-secret@host/db")
    with pytest.raises(SettingsInvalid) as caught:
        load()
    assert "planted-secret" not in str(caught.value)


def test_servers_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAN_CLOCK", "a.example, b.example,c.example")
    assert load().ntp_servers == ("a.example", "b.example", "c.example")


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "XINQIAN_LANGUAGE": "zh-CN"}, "zh-CN"),
    ],
)
def test_the_language_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_language() == language
