"""Records survive the trip to bytes and back, and ids are UUIDs of version 7 in order."""

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.log.errors import LogFormatError
from gateway.log.record import Record, decode, encode, new_id

text = st.text(max_size=40)
ms = st.floats(min_value=0, allow_infinity=False)
records = st.builds(
    Record,
    id=st.uuids(),
    time=st.integers(0, 2**63 - 1),
    deployment=text,
    model=text,
    version=text,
    request_id=text,
    caller=text,
    status=st.integers(100, 599),
    content_type=text,
    body=st.binary(max_size=300),
    answer=st.binary(max_size=300),
    model_ms=ms,
    total_ms=ms,
    traceparent=text,
    findings=st.lists(text, max_size=4),
    backfilled=st.booleans(),
)


def a_record() -> Record:
    """A record with made-up values."""
    return Record(
        id=new_id(),
        time=time.time_ns(),
        deployment="wine",
        model="wine quality",
        version="3",
        request_id="r-1",
        caller="token-7",
        status=200,
        content_type="application/json",
        body=b'{"inputs": [[1.5]]}',
        answer=b'{"predictions": [1]}',
        model_ms=1.25,
        total_ms=2.5,
    )


@given(records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert decode(encode(record)) == record


def test_the_bytes_are_a_plain_msgpack_array_that_begins_with_the_version() -> None:
    record = a_record()
    plain = msgspec.msgpack.decode(encode(record))
    assert plain[:3] == [1, record.id.bytes, record.time]
    assert plain[-3:] == ["", [], False]
    assert len(plain) == 17


def test_elements_that_a_later_release_adds_at_the_end_are_passed_over() -> None:
    record = a_record()
    plain = msgspec.msgpack.decode(encode(record))
    assert decode(msgspec.msgpack.encode([*plain, "something new"])) == record


def test_a_newer_version_is_refused_by_its_number() -> None:
    newer = msgspec.msgpack.encode([2, "laid out", "in another way"])
    with pytest.raises(LogFormatError, match="has format 2; this release reads 1"):
        decode(newer)


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x90", b"hello", b"\x91\xa1x"])
def test_what_is_no_record_is_refused(payload: bytes) -> None:
    with pytest.raises(LogFormatError, match="cannot be read"):
        decode(payload)


def test_an_id_of_a_given_time_has_the_layout_of_rfc_9562() -> None:
    # Appendix A.6: 2022-02-22T19:22:22Z is 0x017F22E279B0 milliseconds.
    value = new_id(0x017F22E279B0 * 1_000_000 + 500_000)
    assert value.hex[:12] == "017f22e279b0"
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 64 & 0xFFF == 0x800  # half a millisecond, in 1/4096


def test_an_id_of_now_carries_the_time_of_now() -> None:
    before = time.time_ns() // 1_000_000
    value = new_id()
    assert before <= value.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_of_past_times_sort_by_time_and_differ() -> None:
    times = [10**18 + step * 250 for step in range(2000)]
    ids = [new_id(moment) for moment in times]
    assert ids == sorted(ids)
    assert len({new_id(10**18) for _ in range(2000)}) == 2000


def test_ids_ascend_also_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    ids = [first, *(new_id() for _ in range(100))]
    assert ids == sorted(set(ids))


def test_ids_made_by_several_threads_never_repeat() -> None:
    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: [new_id() for _ in range(3000)], range(4)))
    assert all(ids == sorted(ids) for ids in lists)
    assert len({value for ids in lists for value in ids}) == 12000


def test_a_fork_does_not_repeat_the_ids_of_its_parent() -> None:
    new_id()
    read_end, write_end = os.pipe()
    child = os.fork()
    ids = b"".join(new_id().bytes for _ in range(500))
    if child == 0:
        os.write(write_end, ids)
        os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    with os.fdopen(read_end, "rb") as pipe:
        theirs = pipe.read()
    assert len(theirs) == len(ids) == 8000
    assert len({part[at : at + 16] for part in (ids, theirs) for at in range(0, 8000, 16)}) == 1000
