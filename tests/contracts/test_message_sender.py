"""What every `MessageSender` keeps to, over the simulator in process and over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.simulator.fault import Fault, Party, Trouble
from signing.adapters.message_http import HttpMessageSender
from signing.errors import ProviderUnavailable
from signing.message import MessageSender, ShortMessage
from tests.support.simulated import DEADLINE_S, TRANSPORTS, Parties, open_parties

MOBILE = "13812345678"


@pytest.fixture(scope="module", params=TRANSPORTS)
def parties(request: pytest.FixtureRequest) -> Iterator[Parties]:
    with open_parties(request.param) as opened:
        yield opened


@pytest.fixture
def sender(parties: Parties) -> Iterator[MessageSender]:
    gateway = parties.gateway()
    yield HttpMessageSender(gateway)
    gateway.close()
    parties.desk.trouble(Party.MESSAGE, None)


def references(parties: Parties) -> list[str]:
    return [one.reference for one in parties.desk.messages(MOBILE)]


def test_a_message_is_taken_and_can_be_read(sender: MessageSender, parties: Parties) -> None:
    receipt = sender.send(ShortMessage(MOBILE, "【信签】验证码 123456", "m-1"))
    sent = parties.desk.messages(MOBILE)[-1]
    assert (sent.message_id, sent.text) == (receipt.message_id, "【信签】验证码 123456")
    assert receipt.accepted_at == parties.clock.now()
    assert receipt.message_id.encode() in receipt.response
    assert sender.simulated


def test_one_reference_is_sent_once(sender: MessageSender, parties: Parties) -> None:
    message = ShortMessage(MOBILE, "只发一次", "m-once")
    assert sender.send(message) == sender.send(message)
    assert references(parties).count("m-once") == 1


def test_a_lost_answer_is_asked_for_again_and_the_message_sent_once(
    sender: MessageSender, parties: Parties
) -> None:
    parties.desk.trouble(Party.MESSAGE, Trouble(Fault.LOST, times=1))
    receipt = sender.send(ShortMessage(MOBILE, "丢失的回执", "m-lost"))
    assert receipt.message_id
    assert references(parties).count("m-lost") == 1
    parties.desk.trouble(Party.MESSAGE, Trouble(Fault.LOST))
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        sender.send(ShortMessage(MOBILE, "再次丢失", "m-lost-2"))


@pytest.mark.parametrize("fault", [one for one in Fault if one not in {Fault.SLOW, Fault.LOST}])
def test_an_answer_that_makes_no_sense_is_none(sender: MessageSender, parties: Parties, fault: Fault) -> None:
    parties.desk.trouble(Party.MESSAGE, Trouble(fault))
    with pytest.raises(ProviderUnavailable):
        sender.send(ShortMessage(MOBILE, "坏的回执", f"m-{fault}"))


def test_a_late_answer_is_not_waited_for(parties: Parties) -> None:
    gateway = parties.gateway(deadline_s=DEADLINE_S)
    parties.desk.trouble(Party.MESSAGE, Trouble(Fault.SLOW, delay_s=2.0, times=1))
    with pytest.raises(ProviderUnavailable, match="in time"):
        HttpMessageSender(gateway).send(ShortMessage(MOBILE, "太慢", "m-slow"))
    gateway.close()
    parties.desk.trouble(Party.MESSAGE, None)


def test_a_number_that_takes_nothing_is_said_so(sender: MessageSender) -> None:
    with pytest.raises(ProviderUnavailable, match="422"):
        sender.send(ShortMessage("13800009999", "收不到", "m-unreachable"))
