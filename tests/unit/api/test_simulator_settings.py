"""Outside parties are named in the settings, with a secret of their own, or the simulator stands for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import SettingsInvalid
from api.secretfile import read_secret
from api.settings import load
from api.wiring import bare_centre, master_key_ring
from signing.errors import ProviderUnavailable
from signing.identity import Enquiry, Method, Subject, Verdict
from signing.message import ShortMessage
from tests.support.installation import write_master_key
from tests.support.simulated import SECRET, open_parties


def secret_file(folder: Path, text: str = SECRET.replace(" ", "-"), mode: int = 0o600) -> Path:
    path = folder / "party.secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"identity_url": "http://bureau.example", "identity_secret_file": "x"}, "XINQIAN_IDENTITY_URL"),
        ({"identity_url": "http://127.0.0.1.example", "identity_secret_file": "x"}, "XINQIAN_IDENTITY_URL"),
        ({"identity_url": "https://bureau.example"}, "XINQIAN_IDENTITY_SECRET_FILE"),
        ({"message_secret_file": "x"}, "XINQIAN_MESSAGE_URL"),
        ({"message_url": "ftp://gateway.example", "message_secret_file": "x"}, "XINQIAN_MESSAGE_URL"),
        ({"message_client": "Not A Name"}, "XINQIAN_MESSAGE_CLIENT"),
    ],
)
def test_half_a_party_is_refused(given: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(**given)
    assert caught.value.variable == variable


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("tiny-one", 0o600),
        ("a secret with blanks in it", 0o600),
        ("a-secret-of-the-tests", 0o644),
        ("秘密秘密秘密秘密秘密秘密秘密", 0o600),
        ("x" * 5_000, 0o600),
    ],
)
def test_a_secret_that_will_not_do_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_secret(secret_file(tmp_path, text, mode), "XINQIAN_MESSAGE_SECRET_FILE")
    assert caught.value.variable == "XINQIAN_MESSAGE_SECRET_FILE"
    assert text not in str(caught.value)


def test_a_secret_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no such file"):
        read_secret(tmp_path / "nothing", "--secret-file")


@pytest.mark.parametrize("simulator", [False, True])
def test_nobody_is_asked_unless_the_simulator_may_stand_in(tmp_path: Path, simulator: bool) -> None:  # noqa: FBT001
    write_master_key(tmp_path / "master.key")
    settings = load(state_dir=tmp_path, simulator=simulator)
    if not simulator:
        # An installation without authorities is no sandbox; the table is there after `migrate`.
        from api.schema import migrate  # noqa: PLC0415

        with bare_centre(settings, master_key_ring(settings)) as centre:
            migrate(centre.database.engine)
    with bare_centre(settings, master_key_ring(settings)) as centre:
        enquiry = Enquiry(Method.TWO_ELEMENTS, Subject("某人", "11010519491231002X"), "t-1")
        message = ShortMessage("13800000001", "text", "m-1")
        if simulator:
            assert centre.identity_provider.simulated
            assert centre.identity_provider.check(enquiry).verdict is Verdict.MATCH
            assert centre.message_sender.send(message).message_id
            assert centre.simulator is not None
            assert [one.text for one in centre.simulator.messages()] == ["text"]
        else:
            assert centre.simulator is None
            assert not centre.identity_provider.simulated
            with pytest.raises(ProviderUnavailable, match="no identity bureau is configured"):
                centre.identity_provider.check(enquiry)
            with pytest.raises(ProviderUnavailable, match="no gateway for short messages"):
                centre.message_sender.send(message)


def test_a_named_party_is_asked_with_its_secret(tmp_path: Path) -> None:
    write_master_key(tmp_path / "master.key")
    with open_parties("http") as parties:
        settings = load(
            state_dir=tmp_path,
            identity_url=parties.url,
            identity_secret_file=secret_file(tmp_path),
            identity_simulated=True,
            simulator=True,
        )
        with bare_centre(settings, master_key_ring(settings)) as centre:
            assert centre.identity_provider.name == "identity"
            assert centre.message_sender.name == "simulator"
            with pytest.raises(ProviderUnavailable, match="401"):  # the simulator's secret has blanks
                centre.identity_provider.check(Enquiry(Method.FACE, Subject("某人", "1"), "t-1"))
