"""What has arrived on a connection is known to be a request, or not yet one, however it was cut."""

import pytest

from app.connections.incoming import HEAD_BYTES, WHOLE_BYTES, Incoming, Stage


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_request_is_whole_however_it_is_cut(cut: int) -> None:
    request = b"POST /x?y=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    incoming = Incoming()
    stages = [incoming.feed(request[at : at + cut]) for at in range(0, len(request), cut)]
    assert set(stages[:-1]) <= {Stage.PART}
    assert stages[-1] is Stage.WHOLE
    assert incoming.path == "/x"
    assert (incoming.take(), len(incoming)) == (request, 0)


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked",
        b"TRANSFER-ENCODING : chunked",
        b"Expect: 100-continue\r\nContent-Length: 2",
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Content-Length: 0000000000002",
        b"Content-Length : 2",
        b"Content-Length: +2",
        b"Content-Length:",
        b"Content-Length: %d" % (WHOLE_BYTES + HEAD_BYTES + 1),
    ],
)
def test_what_cannot_be_awaited_whole_is_read_as_it_comes(head: bytes) -> None:
    assert Incoming().feed(b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n") is Stage.STREAM


def test_two_requests_at_once_are_taken_one_by_one() -> None:
    incoming, get = Incoming(), b"GET / HTTP/1.1\r\n\r\n"
    assert incoming.feed(get + get[:5]) is Stage.WHOLE
    assert incoming.take() == get
    assert incoming.feed() is Stage.PART
    assert incoming.feed(get[5:]) is Stage.WHOLE
