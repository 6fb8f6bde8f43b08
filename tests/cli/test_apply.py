"""`dialctl apply`: one transaction, asked for, told about, and safe beside others (R-PLAN-7)."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager

import pytest
from support.present_database import ON_BOTH, query, write_lock

from reconciler.cli import applying
from reconciler.store import dialect

MORE = "external_id,phone\nada,+12125550142\nbob,+12125550143\ncyd,+12125550144\ndee,+12125550145\n"
AUTUMN = """\
apiVersion: campaigns/v1
kind: Configuration
metadata: {name: later}
spec: {agent_id: agent-b}
"""


@ON_BOTH
def test_apply_creates_shows_and_counts(dialctl, spring):
    """The plan, then one line of what was done and the serial; planning again finds nothing (R-PLAN-1)."""
    finished = dialctl("apply", spring, "--yes")
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert lines[0] == "Changes from the manifests:"
    assert lines[-2:] == ["Plan: 6 to create; 0 unchanged.", "Applied: 6 created (serial 1)."]
    assert dialctl("diff", spring).code == 0
    assert query("SELECT external_id FROM contact ORDER BY id") == [("ada",), ("bob",), ("cyd",)]


@ON_BOTH
def test_applying_nothing_says_so(dialctl, applied):
    """An apply that changes nothing raises no serial."""
    finished = dialctl("apply", applied, "--yes")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == "No changes: 6 unchanged.\nApplied: no changes (serial 1).\n"


@ON_BOTH
def test_every_sort_of_change_is_counted(dialctl, applied):
    """Created, updated and withdrawn stand in one line."""
    (applied / "crm.csv").write_text(
        "external_id,phone\nada,+12125550149\nbob,+12125550143\ndee,+12125550145\n"
    )
    finished = dialctl("apply", applied, "--yes", "--allow", "withdraw")
    assert finished.out.endswith("Applied: 1 created, 1 updated, 1 withdrawn (serial 2).\n")


def test_without_a_terminal_yes_is_needed(dialctl, spring, tmp_path):
    """Nobody can be asked: exit 64 before anything is read, and no database."""
    finished = dialctl("apply", spring)
    assert (finished.code, finished.out) == (64, "")
    assert finished.err.endswith("hint: add --yes\n")
    assert not (tmp_path / "dialctl.db").exists()


def test_a_guard_refuses(dialctl, applied, tmp_path):
    """R-PLAN-6: exit 3 with the guard's reason and the exact flag; not a byte of the database changes."""
    (applied / "crm.csv").write_text("external_id,phone\nada,+12125550142\n")
    before = (tmp_path / "dialctl.db").read_bytes()
    finished = dialctl("apply", applied, "--yes")
    assert finished.code == 3
    assert finished.err.startswith("withdraw: ")
    assert finished.err.endswith("hint: nothing was changed; to go on, add --allow withdraw\n")
    assert (tmp_path / "dialctl.db").read_bytes() == before


def test_a_refused_first_apply_makes_no_database(dialctl, spring, tmp_path):
    """R-PLAN-6: a guard that trips on the first apply leaves no empty database behind."""
    manifest = spring / "spring.yaml"
    manifest.write_text(manifest.read_text().replace('start: "09:00"', 'start: "05:00"'))
    assert dialctl("apply", spring, "--yes").code == 3
    assert not (tmp_path / "dialctl.db").exists()


def test_a_person_is_asked(at_terminal, spring):
    """At a terminal the plan is shown first; yes applies it."""
    finished = at_terminal("apply", spring, answer="y")
    assert finished.code == 0
    assert finished.out.index("Plan: 6 to create") < finished.out.index("Apply this plan? [y/N]")
    assert finished.out.endswith("Applied: 6 created (serial 1).\n")


@pytest.mark.parametrize("answer", ["n", ""])
def test_anything_but_yes_is_no(at_terminal, spring, tmp_path, answer):
    """No, and no answer, change nothing: exit 1, no database."""
    finished = at_terminal("apply", spring, answer=answer)
    assert finished.code == 1
    assert finished.out.endswith("not applied: nothing was changed\n")
    assert not (tmp_path / "dialctl.db").exists()


def test_ctrl_c_at_the_question(at_terminal, spring, tmp_path):
    """Ctrl-C instead of an answer: exit 130, one line, no database."""
    finished = at_terminal("apply", spring, interrupt=True)
    assert finished.code == 130
    assert finished.out.endswith("\ninterrupted\n")
    assert not (tmp_path / "dialctl.db").exists()


@ON_BOTH
def test_ctrl_c_while_writing(dialctl, applied, monkeypatch):
    """Ctrl-C before the commit, with contacts written already, leaves everything as it was."""
    (applied / "crm.csv").write_text(MORE)

    @contextmanager
    def interrupting(title):
        def tell(done, _total):
            if title == "Writing contacts" and done:
                raise KeyboardInterrupt

        yield tell

    monkeypatch.setattr(applying, "progress_bar", interrupting)
    before = query("SELECT * FROM contact")
    finished = dialctl("apply", applied, "--yes")
    assert (finished.code, finished.err) == (130, "interrupted\n")
    assert query("SELECT * FROM contact") == before
    assert query("SELECT state_serial FROM installation") == [(1,)]


@ON_BOTH
def test_a_lock_that_is_not_given_back_exits_75(dialctl, applied, monkeypatch):
    """R-PLAN-7: an apply waits for another up to the busy timeout, then exits 75: try again."""
    (applied / "crm.csv").write_text(MORE)
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    with write_lock():
        finished = dialctl("apply", applied, "--yes")
    assert finished.code == 75
    assert "locked by another process" in finished.err
    assert dialctl("apply", applied, "--yes").code == 0


@ON_BOTH
def test_the_second_of_two_applies_waits(applied, spawn):
    """R-PLAN-7: an apply that finds the lock taken goes on once it is given back."""
    (applied / "crm.csv").write_text(MORE)
    with write_lock() as lock:
        child = spawn("apply", applied, "--yes")
        shown = ""
        while "Plan:" not in shown:
            shown = child.stdout.readline()
            assert shown, child.stderr.read()
        lock.rollback()
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, "Applied: 1 created (serial 2).\n", "")


@ON_BOTH
def test_two_first_applies_at_once(spring, spawn):
    """R-PLAN-7: of applies that race to create the database, each ends in sync, and one of them created."""
    children = [spawn("apply", spring, "--yes") for _ in range(2)]
    ended = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0], ended
    last_lines = sorted(out.splitlines()[-1] for out, _ in ended)
    assert last_lines == ["Applied: 6 created (serial 1).", "Applied: no changes (serial 1)."]


@ON_BOTH
def test_a_state_that_moved_on_is_planned_again(dialctl, applied, tmp_path, monkeypatch):
    """R-PLAN-7: what another source applied meanwhile is named; the plan is shown anew, then applied."""
    (applied / "crm.csv").write_text(MORE)
    _meanwhile(monkeypatch, dialctl, tmp_path, times=1)
    finished = dialctl("apply", applied)
    assert finished.code == 0
    assert finished.err.startswith("somebody changed the state since the plan was made, from serial 1 to 2: ")
    assert "Configuration later-1" in finished.err
    assert finished.out.endswith("Plan: 1 to create; 6 unchanged.\nApplied: 1 created (serial 3).\n")


def test_a_state_that_keeps_moving_exits_75(dialctl, applied, tmp_path, monkeypatch):
    """R-PLAN-7: after one more try, exit 75 with what changed; nothing of the plan was applied."""
    (applied / "crm.csv").write_text(MORE)
    _meanwhile(monkeypatch, dialctl, tmp_path, times=2)
    finished = dialctl("apply", applied)
    assert finished.code == 75
    assert "from serial 2 to 3: Configuration later-2" in finished.err
    assert query("SELECT count(*) FROM contact") == [(3,)]


def _meanwhile(monkeypatch, dialctl, tmp_path, *, times):
    """Answer yes, but first let another source apply something: so many times."""
    names = [f"later-{count}" for count in range(1, times + 1)]

    def agrees(_question):
        if names:
            name = names.pop(0)
            file = tmp_path / f"{name}.yaml"
            file.write_text(AUTUMN.replace("later", name))
            assert dialctl("apply", file, "--yes", "--source", name).code == 0
        return True

    monkeypatch.setattr(applying, "can_ask", lambda: True)
    monkeypatch.setattr(applying, "agrees", agrees)


@ON_BOTH
def test_prune_and_release(dialctl, applied):
    """R-PLAN-4: --prune closes what is not declared any more; without it, that is a notice."""
    manifest = applied / "spring.yaml"
    manifest.write_text(manifest.read_text().partition("---\n")[0])
    assert dialctl("apply", applied, "--yes").out.endswith("Applied: no changes (serial 1).\n")
    pruned = dialctl("apply", applied, "--yes", "--prune", "--allow", "prune", "--allow", "close",
                     "--allow", "withdraw")  # fmt: skip
    assert pruned.code == 0
    assert query("SELECT status FROM campaign") == [("closed",)]


def test_strict_applies_nothing(dialctl, spring, tmp_path):
    """R-PHONE-2: a bad row passes by default, and is an error under --strict."""
    (spring / "crm.csv").write_text(f"{MORE}eve,\n")
    finished = dialctl("apply", spring, "--yes", "--strict")
    assert (finished.code, finished.out) == (1, "")
    assert not (tmp_path / "dialctl.db").exists()
    assert dialctl("apply", spring, "--yes").code == 0


@ON_BOTH
def test_the_log_says_who_and_from_what(dialctl, spring, monkeypatch):
    """Actor and revision: the flags, else the environment; CI makes the actor a machine."""
    dialctl("apply", spring, "--yes", "--actor", "ana", "--revision", "r1")
    assert _authors() == [("person", "ana", "r1", "main")]
    (spring / "crm.csv").write_text(MORE)
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("DIALCTL_ACTOR", "robot")
    monkeypatch.setenv("GITHUB_SHA", "c0ffee")
    dialctl("apply", spring, "--yes", "--source", "main")
    assert _authors()[-1] == ("ci", "robot", "c0ffee", "main")


def _authors():
    authors = "actor_kind, actor, revision, source"
    return query(f"SELECT {authors} FROM event GROUP BY {authors} ORDER BY min(seq)")


def test_the_revision_is_that_of_git(dialctl, spring):
    """Outside CI the revision is git's HEAD, `-dirty` once a manifest or data file differs from it."""
    _git(spring, "init", "-q")
    (spring / "dialctl.db").touch()
    _git(spring, "add", "spring.yaml", "crm.csv")
    _git(spring, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first")
    head = _git(spring, "rev-parse", "HEAD")
    dialctl("apply", spring, "--yes")
    (spring / "crm.csv").write_text(MORE)
    dialctl("apply", spring, "--yes")
    assert [revision for _, _, revision, _ in _authors()] == [head, f"{head}-dirty"]


def test_without_git_there_is_no_revision(dialctl, spring, monkeypatch):
    """Where git is not installed, or the manifests lie in no work tree, the revision stays empty."""
    dialctl("apply", spring, "--yes")
    monkeypatch.setenv("PATH", "")
    (spring / "crm.csv").write_text(MORE)
    assert dialctl("apply", spring, "--yes").code == 0
    assert {revision for _, _, revision, _ in _authors()} == {None}


def _git(directory, *arguments):
    done = subprocess.run(["git", "-C", directory, *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def test_progress_is_for_a_person(at_terminal, applied):
    """A bar moves on a terminal; that a script's standard error stays empty, others of these tests show."""
    (applied / "crm.csv").write_text(MORE)
    assert "Writing contacts" in at_terminal("apply", applied, "--yes").out
