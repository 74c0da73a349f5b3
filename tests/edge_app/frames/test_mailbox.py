import threading

import pytest

from edge_app.errors import MienError
from edge_app.frames.mailbox import Mailbox, MailboxClosed

#: Long enough for any thread to get its turn; no test waits for it unless it fails.
SOON_S = 10.0


def test_newest_replaces_older() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for item in (1, 2, 3):
        assert mailbox.put(item)
    assert mailbox.get(0) == 3
    assert mailbox.get(0) is None


def test_falsy_items_are_items() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(0)
    assert mailbox.get(0) == 0


def test_closed_mailbox_still_gives_what_lay_there() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.put("last")
    mailbox.close()
    assert mailbox.get(0) == "last"
    with pytest.raises(MailboxClosed):
        mailbox.get(0)


def test_closed_mailbox_takes_nothing() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.close()
    assert not mailbox.put("late")
    assert not mailbox.put_wait("late")
    with pytest.raises(MailboxClosed):
        mailbox.get(0)


def test_failure_reaches_the_receiver_behind_the_last_item() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.put("last")
    mailbox.close(MienError("the camera burns"))
    assert mailbox.get(0) == "last"
    for _ in range(2):
        with pytest.raises(MienError, match="burns"):
            mailbox.get(0)


def test_first_close_counts() -> None:
    mailbox: Mailbox[str] = Mailbox()
    mailbox.close()
    mailbox.close(MienError("too late"))
    with pytest.raises(MailboxClosed):
        mailbox.get(0)


def test_receiver_wakes_when_an_item_comes() -> None:
    mailbox: Mailbox[str] = Mailbox()
    sender = threading.Thread(target=mailbox.put, args=("now",))
    sender.start()
    assert mailbox.get(SOON_S) == "now"
    sender.join(SOON_S)


def test_receiver_wakes_when_it_is_closed() -> None:
    mailbox: Mailbox[str] = Mailbox()
    closer = threading.Thread(target=mailbox.close)
    closer.start()
    with pytest.raises(MailboxClosed):
        mailbox.get(SOON_S)
    closer.join(SOON_S)


def test_waiting_sender_loses_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox()

    def send() -> None:
        for item in range(100):
            assert mailbox.put_wait(item)
        mailbox.close()

    sender = threading.Thread(target=send)
    sender.start()
    assert [mailbox.get(SOON_S) for _ in range(100)] == list(range(100))
    with pytest.raises(MailboxClosed):
        mailbox.get(SOON_S)
    sender.join(SOON_S)


def test_waiting_sender_wakes_when_it_is_closed() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    answers: list[bool] = []
    sender = threading.Thread(target=lambda: answers.append(mailbox.put_wait(2)))
    sender.start()
    mailbox.close()
    sender.join(SOON_S)
    assert answers == [False]
    assert mailbox.get(0) == 1
