"""Where batches arrive: what lies in a folder, on a web server and in a bucket, and how each is read."""

from __future__ import annotations

import importlib.util
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from support.feeds import web_server

from reconciler.manifests.feeds import places, web
from reconciler.manifests.feeds.places import PlaceUnreadable, is_taken, named_by_format, open_place
from reconciler.spec.contact_feed import ContactFeedSpec

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
ROWS = b"external_id,phone\nada,+12125550142\n"
SECRET = "s3cr3t"


def place(address, *, stopping=lambda: False, environ=None, **spec):
    return open_place(ContactFeedSpec.model_validate({"from": str(address), **spec}), environ or {}, stopping)


def names(found):
    return sorted(one.name for one in found.arrivals(NOW))


def read(found, name, version=None):
    arrival = next(one for one in found.arrivals(NOW) if one.name == name)
    return found.read(arrival, version)


def dated(path, at):
    path.write_bytes(ROWS)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_a_folder_gives_its_data_files(tmp_path):
    """Hidden and unfinished files, other files and folders inside are no batches; a link may stay inside."""
    for name in ("b.csv", "a.jsonl", "c.parquet", "d.csv.age", ".e.csv", "f.csv.part", "g.pdf", "~h.csv"):
        dated(tmp_path / name, EARLIER)
    (tmp_path / "inside").mkdir()
    dated(tmp_path / "inside" / "i.csv", EARLIER)
    (tmp_path / "j.csv").symlink_to(tmp_path / "b.csv")
    (tmp_path / "k.csv").symlink_to("/etc/hostname")
    found = place(tmp_path)
    assert names(found) == ["a.jsonl", "b.csv", "c.parquet", "d.csv.age", "j.csv"]
    arrived = read(found, "b.csv")
    assert (arrived.content, arrived.arrival.arrived_at) == (ROWS, EARLIER)
    assert names(place(tmp_path, format="csv")) == [
        "a.jsonl", "b.csv", "c.parquet", "d.csv.age", "g.pdf", "j.csv",
    ]  # fmt: skip


def test_one_file_that_is_written_anew_has_a_version_for_each_content(tmp_path):
    """`from:` may name a file: another time or size is another version; a date far ahead says nothing."""
    file = dated(tmp_path / "crm.csv", EARLIER)
    (first,) = place(file).arrivals(NOW)
    assert (first.name, first.arrived_at, first.settles) == ("crm.csv", EARLIER, True)
    dated(file, NOW + timedelta(days=1))
    (second,) = place(file).arrivals(NOW)
    assert second.version != first.version
    assert (second.arrived_at, second.settles) == (NOW, False)


def test_a_file_that_is_written_while_it_is_read_is_none(tmp_path):
    """What was read has to be what was listed."""
    file = dated(tmp_path / "crm.csv", EARLIER)
    found = place(tmp_path)
    (arrival,) = found.arrivals(NOW)
    dated(file, EARLIER + timedelta(minutes=1))
    with pytest.raises(PlaceUnreadable, match=r"crm\.csv is being written"):
        found.read(arrival, None)


@pytest.mark.parametrize("name", ["missing", "nul\0"])
def test_a_folder_that_is_not_there_is_told(tmp_path, name):
    """R-MAN-2: it is never taken for an empty one."""
    found = open_place(
        ContactFeedSpec.model_construct(from_=f"{tmp_path}/{name}", format=None), {}, lambda: False
    )
    with pytest.raises(PlaceUnreadable, match="cannot be read: "):
        found.arrivals(NOW)


def test_a_file_that_is_too_large_is_told(tmp_path, monkeypatch):
    """A batch is held in memory: what is larger than that is refused, not half read."""
    dated(tmp_path / "crm.csv", EARLIER)
    monkeypatch.setattr("reconciler.manifests.feeds.folder.MAX_BYTES", 10)
    with pytest.raises(PlaceUnreadable, match="larger than 1 GiB"):
        read(place(tmp_path), "crm.csv")


def test_a_web_document_is_fetched_with_its_date_and_only_when_it_has_changed():
    """ETag and Last-Modified: what is as it was is not sent again."""
    headers = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Mar 2026 14:00:00 GMT"}
    with web_server({"/out/crm.csv": (200, headers, ROWS)}) as (url, seen):
        found = place(f"{url}/out/crm.csv?since=1")
        arrived = read(found, "crm.csv")
        assert arrived.content == ROWS
        assert (arrived.arrival.arrived_at, arrived.arrival.version) == (EARLIER, '"v1"')
        assert read(found, "crm.csv", '"v1"') is None
    assert [path for path, _ in seen] == ["/out/crm.csv?since=1"] * 2


def test_a_web_document_without_a_date_arrives_now_and_one_from_the_future_too():
    """Clocks disagree; nothing arrives after it was read."""
    future = {"Last-Modified": "Tue, 03 Mar 2026 14:00:00 GMT"}
    with web_server({"/a.csv": ROWS, "/b.csv": (200, future, ROWS)}) as (url, _):
        for name in ("a.csv", "b.csv"):
            arrived = read(place(f"{url}/{name}"), name)
            assert (arrived.arrival.arrived_at, arrived.arrival.version) == (NOW, None)


def test_a_secret_of_the_environment_is_used_and_told_nobody():
    """`${DIALCTL_FEED_…}`: it reaches the server, and stands in no name and no message."""
    environ = {"DIALCTL_FEED_TOKEN": SECRET}
    with web_server({"/crm.csv": ROWS, "/gone.csv": (404, {}, b"")}) as (url, seen):
        address = f"{url}/crm.csv?token=${{DIALCTL_FEED_TOKEN}}"
        assert read(place(address, environ=environ), "crm.csv").content == ROWS
        assert seen[0][0] == f"/crm.csv?token={SECRET}"
        gone = place(f"{url}/gone.csv?token=${{DIALCTL_FEED_TOKEN}}", environ=environ)
        with pytest.raises(PlaceUnreadable) as told:
            read(gone, "gone.csv")
    assert str(told.value) == "cannot be fetched: the server answers 404"
    with pytest.raises(PlaceUnreadable, match="the variable DIALCTL_FEED_TOKEN is not set"):
        place(address)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (f"http://user:{SECRET}@127.0.0.1:9/crm.csv", "no connection to the server"),
        (f"http://127.0.0.1:port{SECRET}/crm.csv", "its URL makes no sense"),
    ],
)
def test_a_server_that_does_not_answer_is_told_without_the_url(address, says):
    """The URL may hold a secret: what is wrong is said in our own words."""
    environ = {"DIALCTL_FEED_URL": address.removeprefix("http://")}
    found = place("http://${DIALCTL_FEED_URL}", environ=environ, format="csv")
    (arrival,) = found.arrivals(NOW)
    with pytest.raises(PlaceUnreadable) as told:
        found.read(arrival, None)
    assert str(told.value) == f"cannot be fetched: {says}"


def test_redirects_in_a_circle_and_too_much_are_told(monkeypatch):
    """A server that goes on for ever is left."""
    with web_server({"/a.csv": (302, {"Location": "/a.csv"}, b""), "/b.csv": ROWS}) as (url, _):
        with pytest.raises(PlaceUnreadable, match="from one address to the next"):
            read(place(f"{url}/a.csv"), "a.csv")
        with pytest.raises(PlaceUnreadable, match="the controller stops"):
            read(place(f"{url}/b.csv", stopping=lambda: True), "b.csv")
        monkeypatch.setattr(web, "MAX_BYTES", 10)
        with pytest.raises(PlaceUnreadable, match="larger than 1 GiB"):
            read(place(f"{url}/b.csv"), "b.csv")


@pytest.fixture
def memory():
    """A bucket in memory."""
    files = MemoryFileSystem()
    yield files
    for path in files.find("/"):
        files.rm(path)


def test_a_bucket_gives_its_data_files(memory):
    """fsspec: a prefix, or one file; each with when it was written, and a version."""
    for name in ("b.csv", "a.jsonl", ".c.csv", "d.pdf", "inside/e.csv"):
        memory.pipe(f"/crm/{name}", ROWS)
    found = place("memory://crm")
    assert names(found) == ["a.jsonl", "b.csv"]
    arrived = read(found, "b.csv")
    assert arrived.content == ROWS
    assert arrived.arrival.version is not None
    assert names(place("memory://crm/b.csv")) == ["b.csv"]
    assert read(place("memory://crm/b.csv"), "b.csv").content == ROWS


def test_a_bucket_on_a_disk_has_the_times_of_its_files(tmp_path):
    """`file://`: what fsspec calls mtime is when a batch arrived."""
    dated(tmp_path / "crm.csv", EARLIER)
    (arrival,) = place(f"file://{tmp_path}").arrivals(NOW)
    assert arrival.arrived_at == EARLIER
    (before,) = [arrival.version]
    dated(tmp_path / "crm.csv", EARLIER + timedelta(minutes=1))
    (arrival,) = place(f"file://{tmp_path}").arrivals(NOW)
    assert arrival.version != before


def test_a_bucket_that_cannot_be_read_is_told_in_our_own_words(memory, monkeypatch):
    """A library's own words may hold the URL, and that a secret."""
    with pytest.raises(PlaceUnreadable, match="there is no such file or folder"):
        place("memory://nowhere").arrivals(NOW)
    with pytest.raises(PlaceUnreadable, match="fsspec knows no nothing://"):
        place("nothing://crm").arrivals(NOW)
    if importlib.util.find_spec("s3fs") is None:
        with pytest.raises(PlaceUnreadable, match="no package for s3:// is installed"):
            place("s3://bucket/crm").arrivals(NOW)

    def fail(self, path, **options):
        raise RuntimeError(f"AccessDenied {SECRET}")

    monkeypatch.setattr(MemoryFileSystem, "ls", fail)
    memory.pipe("/crm/a.csv", ROWS)
    with pytest.raises(PlaceUnreadable) as told:
        place("memory://crm").arrivals(NOW)
    assert str(told.value) == "cannot be read: RuntimeError"


def test_a_batch_of_a_bucket_that_is_too_large_or_cut_off_is_told(memory, monkeypatch):
    """Nothing is half read."""
    memory.pipe("/crm/a.csv", ROWS)
    with pytest.raises(PlaceUnreadable, match="the controller stops"):
        read(place("memory://crm", stopping=lambda: True), "a.csv")
    monkeypatch.setattr("reconciler.manifests.feeds.bucket.MAX_BYTES", 10)
    with pytest.raises(PlaceUnreadable, match="larger than 1 GiB"):
        read(place("memory://crm"), "a.csv")


def test_without_the_extra_a_bucket_says_what_to_install(monkeypatch):
    """The extra `feeds` need not be there for folders and the web."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setattr(
        "reconciler.manifests.feeds.bucket.find_spec", lambda name: None if name == "fsspec" else 1
    )
    with pytest.raises(PlaceUnreadable, match=r"pip install 'dialctl\[feeds\]'"):
        place("s3://bucket/crm")


@pytest.mark.parametrize(
    ("name", "format_", "content", "read_as"),
    [
        ("crm.csv", None, ROWS, "crm.csv"),
        ("export", "csv", ROWS, "export.csv"),
        ("export.php", "jsonl", b"{}", "export.php.jsonl"),
        ("crm.tsv", "csv", ROWS, "crm.tsv"),
        ("crm.ndjson", "jsonl", b"{}", "crm.ndjson"),
        ("export", "csv", b"age-encryption.org/v1\n", "export.csv.age"),
        ("crm.csv.age", "csv", b"age-encryption.org/v1\n", "crm.csv.age"),
    ],
)
def test_the_contract_says_what_a_batch_holds_where_its_name_does_not(name, format_, content, read_as):
    """`format`, else the end of the name; what is encrypted shows by itself."""
    assert named_by_format(name, content, format_) == read_as


def test_names_that_are_no_batches():
    """What programs write while they copy is left alone."""
    assert not any(is_taken(f"crm.csv{end}", "csv") for end in places.UNFINISHED)
    assert not is_taken("notes", None)
