"""`dialctl run`: the controller as users start it, mostly in its own process; every wait has a deadline."""

from __future__ import annotations

import json
import re
import signal
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from support.present_database import ON_BOTH, change, query
from support.spring import write_spring

from reconciler.errors import DatabaseUnusable

PATIENCE_S = 60
LOOK_EVERY_S = 0.02
QUICK = {
    "outcomes": {"completed": 1}, "dispositions": {"success": 1},
    "accept_seconds": [0.01, 0.05], "dial_seconds": [0.01, 0.05], "ring_seconds": [0.01, 0.05],
    "talk_seconds": [0.05, 0.1],
}  # fmt: skip
ALL_DAY = ('"09:00", end: "17:00"', '"00:00", end: "24:00"')
EVERY_DAY = ("[mon, tue, wed, thu, fri]", "[mon, tue, wed, thu, fri, sat, sun]")
NUMBERS = ("2125550142", "2125550143", "2125550144")
WRITE_VERSION_AT = 18
"""A byte of the header of a SQLite file."""

IDLE = ("--until-idle", "--idle-after", "1s")


def wait_until(condition, what):
    """Return what a condition gives once it is true; fail if it is not in time."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain for: {what}"
        time.sleep(LOOK_EVERY_S)
    return found


def statuses():
    return dict(query("SELECT external_id, status FROM contact"))


def condition():
    [found] = query("SELECT condition FROM source") or [(None,)]
    return found[0]


def talk_for(seconds, monkeypatch):
    """Let the simulated carrier's calls last so long."""
    Path("carrier.json").write_text(json.dumps({**QUICK, "talk_seconds": [seconds, seconds]}))
    monkeypatch.setenv("DIALCTL_SIMULATOR", "carrier.json")


def write_always_open():
    """Write `spring` with windows that are always open, so that it is dialled whenever the tests run."""
    directory = write_spring()
    manifest = directory / "spring.yaml"
    manifest.write_text(manifest.read_text().replace(*ALL_DAY).replace(*EVERY_DAY))
    return directory


@pytest.fixture
def ready(copied, monkeypatch):
    """The manifests of `spring`, open at any time, and applied; calls are short."""
    copied(write_always_open)
    talk_for(0.1, monkeypatch)
    return write_always_open()


@pytest.fixture
def controller(spawn):
    """Start `dialctl run`; whatever still runs when the test ends is killed."""
    started = []

    def start(*arguments):
        started.append(spawn("run", *arguments))
        return started[-1]

    yield start
    for child in started:
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            stream.close()


def ended(child):
    """Wait for the good end of a process; gives its log."""
    _, err = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, err
    assert "Traceback" not in err
    return err


@ON_BOTH
def test_until_idle_dials_everybody_and_ends(ready, dialctl):
    """Manifests are reconciled, everybody who can be called is called, and the command ends by itself."""
    finished = dialctl("run", ready, *IDLE)
    assert finished.code == 0, finished.err
    assert set(statuses().values()) == {"completed"}
    assert finished.err.endswith("Z idle: nobody is left to call\n")
    assert query("SELECT count(*) FROM dialer WHERE stopped_at IS NULL") == [(0,)]
    assert condition() == "Synced"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_log_can_be_parsed_and_holds_no_number(ready, dialctl, log_format):
    """R-PLAN-8: every line is JSON, or a time, a happening and name=value pairs; numbers are never whole."""
    with (ready / "crm.csv").open("a") as file:
        file.write("dan,+1212555\n")
    finished = dialctl("run", ready, *IDLE, "--log-format", log_format)
    assert finished.code == 0
    for line in finished.err.splitlines():
        if log_format == "json":
            assert {"at", "event"} <= json.loads(line).keys()
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z [a-z]", line), line
    assert not any(number in finished.err for number in (*NUMBERS, "+1212555"))
    assert "bad rows left out" in finished.err


def test_until_idle_says_what_is_left(ready, dialctl):
    """The last line says why the command ends: how many contacts are left, and what they wait for."""
    (ready / "later.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: Contact\nmetadata: {name: eve, campaign: spring}\n"
        "spec: {phone_numbers: ['+12125550145'], scheduled_at: 2100-01-01T00:00:00Z}\n"
    )
    assert dialctl("apply", ready, "--yes", "--allow", "windows-legal").code == 0
    assert dialctl("suppress", "+12125550142", "--reason", "asked").code == 0
    last = dialctl("run", *IDLE).err.splitlines()[-1]
    assert last.endswith("Z idle: nothing becomes callable within 1s; waiting: 1 suppressed, 1 due later")
    assert dialctl("stop", "--all", "--wait", "1s").code == 0
    last = dialctl("run", *IDLE, "--log-format", "json").err.splitlines()[-1]
    assert json.loads(last)["waiting"] == {"held": 2}


def test_nothing_to_do(dialctl, ready):
    """Neither manifests nor dialing is wrong usage, whether by silence or by flags."""
    for arguments in (["--no-dial"], [ready, "--no-dial", "--no-reconcile"]):
        finished = dialctl("run", *arguments)
        assert finished.code == 64
        assert finished.err.startswith("there is nothing to do")


@pytest.mark.parametrize("option", ["--resync", "--lease", "--drain", "--idle-after"])
def test_durations_are_judged_before_anything_is_opened(dialctl, spring, option):
    """Exit 64, the option is named, and no database has been created."""
    finished = dialctl("run", spring, option, "soon")
    assert finished.code == 64
    assert finished.err.startswith(f"{option} soon: ")
    assert not Path("dialctl.db").exists()


def test_a_gateway_that_does_not_exist(dialctl, spring):
    """GatewayUnusable: exit 1, one line and its hint, and nothing was applied."""
    finished = dialctl("run", spring, "--gateway", "simulater")
    assert finished.code == 1
    assert finished.err.splitlines()[0].startswith("there is no gateway 'simulater'")
    assert finished.err.splitlines()[1:] == ["hint: did you mean 'simulator'?"]
    assert query("SELECT count(*) FROM campaign") == [(0,)]


@ON_BOTH
def test_a_live_database_refuses_the_simulator(dialctl, ready):
    """R-ENV-1: production is never "dialled" by the simulator: exit 1, and nobody is called."""
    assert dialctl("db", "environment", "live", "--yes").code == 0
    finished = dialctl("run", *IDLE)
    assert finished.code == 1
    assert finished.err.startswith("gateway 'simulator' is simulated, and the database is stamped live")
    assert set(statuses().values()) == {"pending"}


def test_a_database_that_may_not_be_written(ready, dialctl):
    """A read-only file: exit 1, and a line that says so."""
    with Path("dialctl.db").open("r+b") as file:
        file.seek(WRITE_VERSION_AT)
        file.write(b"\x03")  # SQLite takes a file of a write version that it does not know for read-only
    finished = dialctl("run", "--until-idle")
    assert finished.code == 1
    line, *_ = finished.err.splitlines()
    assert line == "sqlite:///dialctl.db: attempt to write a readonly database"


@pytest.mark.usefixtures("ready")
def test_until_idle_ends_where_the_disk_is_full(dialctl, monkeypatch):
    """Exit 1 with the reason, after a few tries that the log names: nobody waits for ever."""
    monkeypatch.setattr("reconciler.controller.dial_loop.AFTER_FAILURE", timedelta(milliseconds=1))
    full = DatabaseUnusable("sqlite:///dialctl.db: database or disk is full")
    monkeypatch.setattr("reconciler.controller.dialer.Dialer.step", Mock(side_effect=full))
    finished = dialctl("run", *IDLE)
    assert finished.code == 1
    assert finished.err.splitlines()[-1] == full.message
    assert "giving up" in finished.err.splitlines()[-2]


def test_there_is_no_database(dialctl):
    """Without manifests nothing is created: exit 1, with what makes one."""
    finished = dialctl("run")
    assert (finished.code, finished.err.splitlines()[0]) == (
        1,
        "there is no database at sqlite:///dialctl.db",
    )


def test_a_campaign_of_an_unknown_name(dialctl, ready):
    """`--campaign`: exit 1 before anybody is called; with manifests, after they have been looked at."""
    for arguments in ([], [ready]):
        finished = dialctl("run", *arguments, "--campaign", "sprin", *IDLE)
        assert finished.code == 1
        assert "there is no campaign 'sprin'" in finished.err
        assert "did you mean 'spring'?" in finished.err
        assert set(statuses().values()) == {"pending"}


def test_a_campaign_that_the_first_look_creates(dialctl, ready):
    """`--campaign` may name what is only just declared; no other campaign is dialled."""
    (ready / "autumn.yaml").write_text(
        "apiVersion: campaigns/v1\nkind: Campaign\nmetadata: {name: autumn}\n"
        "spec: {configuration: hours}\n---\n"
        "apiVersion: campaigns/v1\nkind: Contact\nmetadata: {name: eve, campaign: autumn}\n"
        "spec: {phone_numbers: ['+12125550145']}\n"
    )
    finished = dialctl("run", ready, "--campaign", "autumn", *IDLE)
    assert finished.code == 0, finished.err
    assert statuses() == {"ada": "pending", "bob": "pending", "cyd": "pending", "eve": "completed"}


@ON_BOTH
def test_a_faulty_source_is_a_condition_and_dialing_goes_on(ready, controller, dialctl):
    """R-MAN-2: `status` shows the fault while calls are made; mended, the source is synced again."""
    good = (ready / "spring.yaml").read_text()
    (ready / "spring.yaml").write_text(good + "---\nkind: Campain\n")
    child = controller(ready)
    wait_until(lambda: condition() == "Faulty", "the condition")
    wait_until(lambda: set(statuses().values()) == {"completed"}, "everybody being called")
    assert "source   main is Faulty since" in dialctl("status").out
    (ready / "spring.yaml").write_text(good)
    wait_until(lambda: condition() == "Synced", "the mended source")
    assert "Faulty" not in dialctl("status").out
    child.send_signal(signal.SIGTERM)
    assert "manifests faulty" in ended(child)


def test_a_changed_file_is_applied(ready, controller):
    """A row that is added while the controller runs is called, long before the resync."""
    child = controller(ready, "--resync", "1d")
    wait_until(lambda: condition() == "Synced", "the first look")
    with (ready / "crm.csv").open("a") as file:
        file.write("dan,+12125550146\n")
    wait_until(lambda: statuses().get("dan") == "completed", "the new contact being called")
    child.send_signal(signal.SIGINT)
    ended(child)


def test_no_watch_is_left(ready, dialctl, monkeypatch):
    """A machine without inotify watches: one line says so and what to do, and calls are made all the same."""
    limit = Mock(side_effect=OSError("OS file watch limit reached"))
    monkeypatch.setattr("reconciler.manifests.watching.watch", limit)
    finished = dialctl("run", ready, *IDLE)
    assert finished.code == 0, finished.err
    assert set(statuses().values()) == {"completed"}
    [line] = [line for line in finished.err.splitlines() if "files not watched" in line]
    assert "OS file watch limit reached" in line
    assert "raise fs.inotify.max_user_watches" in line


def test_manifests_beside_the_database_do_not_run_hot(ready, controller):
    """`dialctl run .`: looks write to the database in that directory; that calls for no more looks."""
    child = controller(".", "--no-dial", "--resync", "1d")
    looked_at = "SELECT looked_at FROM source"
    wait_until(lambda: condition() == "Synced", "the first look")
    first = query(looked_at)
    (ready / "touched.yaml").write_text(
        (ready / "spring.yaml").read_text().split("---")[0].replace("hours", "h")
    )
    wait_until(lambda: query(looked_at) != first, "the second look")
    second = query(looked_at)
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        assert query(looked_at) == second
        time.sleep(LOOK_EVERY_S)
    child.send_signal(signal.SIGTERM)
    ended(child)


def test_drift_is_set_back_at_the_resync(ready, controller):
    """R-PLAN-3: without a change of the files, every resync sets drifted fields back, and says so."""
    child = controller(ready, "--no-dial", "--resync", "1s")
    wait_until(lambda: condition() == "Synced", "the first look")
    change("UPDATE campaign SET priority = 7")
    change("UPDATE installation SET state_serial = state_serial + 1")
    wait_until(lambda: query("SELECT priority FROM campaign") == [(1,)], "the drift being set back")
    child.send_signal(signal.SIGTERM)
    assert "drifted=1" in ended(child)


@ON_BOTH
def test_the_first_signal_drains_and_the_second_leaves_calls_to_recovery(
    ready, controller, dialctl, monkeypatch
):
    """SIGTERM waits for running calls; a second one ends at once, and the next start finds out about them."""
    talk_for(120, monkeypatch)
    child = controller("--drain", "10m", "--log-format", "json")
    wait_until(
        lambda: query("SELECT count(*) FROM open_attempt WHERE state = 'answered'") == [(3,)], "3 calls"
    )
    child.send_signal(signal.SIGTERM)
    first = [json.loads(child.stderr.readline()) for _ in range(2)]
    while first[-1]["event"] != "draining":
        first.append(json.loads(child.stderr.readline()))
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    last = json.loads(ended(child).splitlines()[-1])
    assert (last["event"], last["left_to_recovery"]) == ("stopped", 3)
    assert query("SELECT count(*) FROM open_attempt") == [(3,)]
    assert query("SELECT count(*) FROM dialer WHERE lease_until = stopped_at") == [(1,)]
    below = " ".join(dialctl("status").out.partition("\n\n")[2].split())
    assert re.match(r"dialer stopped .* UTC, 3 calls left to the next start dialer none runs", below)
    assert "died" not in below


def test_a_log_that_nobody_reads_stops_as_a_signal_does(ready, controller, monkeypatch):
    """R-CRASH-2: `run 2>&1 | head -1` waits for running calls, starts no other, and gives its lease up."""
    talk_for(2, monkeypatch)
    child = controller("--log-format", "json")
    child.stderr.readline()
    child.stderr.close()
    wait_until(lambda: query("SELECT count(*) FROM attempt") == [(3,)], "the end of the running calls")
    assert child.wait(timeout=PATIENCE_S) == 0
    assert query("SELECT count(*) FROM open_attempt") == [(0,)]
    assert query("SELECT count(*) FROM dialer WHERE lease_until = stopped_at") == [(1,)]


def test_a_closed_terminal_stops_as_a_signal_does(ready, controller, monkeypatch):
    """SIGHUP is a stop in good order, and it never insists: kernel and shell may both send it."""
    talk_for(2, monkeypatch)
    child = controller()
    wait_until(lambda: query("SELECT count(*) FROM open_attempt WHERE state = 'answered'") == [(3,)], "calls")
    child.send_signal(signal.SIGHUP)
    child.send_signal(signal.SIGHUP)
    assert "left_to_recovery=0" in ended(child)
    assert query("SELECT count(*) FROM attempt") == [(3,)]


@ON_BOTH
def test_two_controllers_share_the_work(ready, controller):
    """R-CRASH-1: two processes on one file call everybody once, whoever comes first."""
    with (ready / "crm.csv").open("a") as file:
        file.writelines(f"c{n},+1646555{100 + n:04}\n" for n in range(60))
    children = [controller(ready, *IDLE) for _ in range(2)]
    for child in children:
        ended(child)
    assert set(statuses().values()) == {"completed"}
    assert query("SELECT count(*), count(DISTINCT contact_id) FROM attempt") == [(63, 63)]
    assert query("SELECT count(*) FROM dialer") == [(2,)]


def test_a_fault_of_ours_in_the_reconcile_loop_ends_the_command(ready, dialctl, monkeypatch):
    """Nobody waits for ever for a broken loop: exit 1, one line, no traceback (`dialctl` sees to it)."""
    monkeypatch.setattr("reconciler.controller.reconciling.Reconciler.reconcile", lambda _: 1 / 0)
    finished = dialctl("run", ready)
    assert finished.code == 1
    assert finished.err.splitlines()[-1].startswith("internal error: ZeroDivisionError")
