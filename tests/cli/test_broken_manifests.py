"""What is broken is told in one clear error by every command that reads it, and nothing is written."""

from __future__ import annotations

import pytest

from reconciler.manifests.discovery import MAX_BYTES

CONFIGURATION = "apiVersion: campaigns/v1\nkind: Configuration\nmetadata: {name: hours}\nspec: {}\n"
CAMPAIGN = (
    "apiVersion: campaigns/v1\nkind: Campaign\nmetadata: {name: spring}\nspec: {configuration: hours}\n"
)
COMMANDS = (["validate"], ["diff"], ["apply", "--yes"])


def _file(content):
    def write(directory):
        data = content if isinstance(content, bytes) else content.encode()
        (directory / "a.yaml").write_bytes(data)

    return write


def _too_large(directory):
    with (directory / "a.yaml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)


def _link_loop(directory):
    _file(CONFIGURATION)(directory)
    (directory / "loop").symlink_to(directory)


def _link_to_itself(directory):
    (directory / "a.yaml").symlink_to("a.yaml")


def _link_outside(directory):
    outside = directory.parent / "outside.yaml"
    outside.write_text(CONFIGURATION)
    (directory / "a.yaml").symlink_to(outside)


def _alias_bomb():
    levels = "".join(f"    l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    contact = "apiVersion: campaigns/v1\nkind: Contact\nmetadata: {name: a}\nspec:\n"
    return f"{contact}  phone_numbers: [+12125550142]\n  data:\n    l0: &l0 [x]\n{levels}"


CASES = {
    "unknown references": (
        _file(CAMPAIGN.replace("hours", "huors") + "---\n" + CONFIGURATION),
        "m/a.yaml:4:23: configuration 'huors' does not exist",
    ),
    "two objects of one name": (
        _file(f"{CONFIGURATION}---\n{CONFIGURATION}"),
        "m/a.yaml:8:18: Configuration default/hours is declared twice; first at m/a.yaml:1",
    ),
    "an alias bomb": (_file(_alias_bomb()), "m/a.yaml:1:1: aliases add more than 1,000,000 values"),
    "a recursive alias": (
        _file("apiVersion: campaigns/v1\nkind: Contact\nmetadata: &m {name: a, labels: *m}\n"),
        "m/a.yaml:3:11: an alias stands inside its own anchor (write the value out)",
    ),
    "nesting 3,000 deep": (
        _file(f"apiVersion: campaigns/v1\nspec: {'[' * 3000}{']' * 3000}\n"),
        "m/a.yaml:2:106: nested deeper than 100 levels",
    ),
    "a file above the limit": (_too_large, "m/a.yaml: is larger than 64 MiB"),
    "a binary": (
        _file(b"\x7fELF\x02\x01\x01\x00\x00\x00"),
        "m/a.yaml:1:1: has a character that no manifest may have: U+007F",
    ),
    "not UTF-8": (
        _file(b"# caf\xe9\n"),
        "m/a.yaml:1:6: is not UTF-8: byte 0xe9 at offset 5 (save it as UTF-8)",
    ),
    "a loop of directories": (_link_loop, "m/loop: is a link to a directory above it (remove the link)"),
    "a link to itself": (_link_to_itself, "m/a.yaml: "),
    "a link out of the root": (
        _link_outside,
        "m/a.yaml: is a link that leaves the directory of the manifests (copy what it points at)",
    ),
    "an empty directory": (
        lambda _: None,
        "m: nothing declared here: no *.yaml or *.yml file (an empty directory is never taken for",
    ),
    "a file of nothing": (_file("# later\n"), "m/a.yaml: nothing declared here: no document in any file"),
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("case", CASES)
def test_one_clear_error_and_nothing_written(dialctl, tmp_path, case, command):
    """R-MAN-1, R-MAN-2: exit 1, the place and the reason on standard error, no result, no database."""
    build, told = CASES[case]
    (tmp_path / "m").mkdir()
    build(tmp_path / "m")
    before = sorted(tmp_path.iterdir())
    finished = dialctl(*command, "m")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith(told)
    assert finished.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_path_that_does_not_exist(dialctl):
    """R-MAN-2: a path that is not there is an error, and no empty source."""
    finished = dialctl("diff", "nowhere")
    assert (finished.code, finished.out, finished.err) == (
        1,
        "",
        "nowhere: cannot be read: No such file or directory\n",
    )


def test_all_faults_of_all_files_at_once(dialctl, tmp_path):
    """R-MAN-1: each fault on a line of its own, in the order of files and lines.

    What a faulty document declares does exist: nobody is sent to look for it.
    """
    (tmp_path / "b.yaml").write_text(CONFIGURATION.replace("spec: {}", "spec: {agent: x}"))
    (tmp_path / "a.yaml").write_text(f"{CAMPAIGN}---\nkind: Campain\n")
    finished = dialctl("diff", "b.yaml", "a.yaml")
    assert finished.code == 1
    places = [line.partition(": ")[0] for line in finished.err.splitlines()]
    assert places == ["a.yaml:6:7", "b.yaml:4:8"]


def test_a_faulty_source_leaves_the_database_alone(dialctl, applied, tmp_path):
    """R-MAN-2: one faulty file, and nothing of its source is applied; what was applied stands."""
    (applied / "crm.csv").write_text("external_id,phone\nada,+12125550142\n")
    (applied / "broken.yaml").write_text("kind: [")
    before = (tmp_path / "dialctl.db").read_bytes()
    finished = dialctl("apply", applied, "--yes", "--allow", "withdraw")
    assert finished.code == 1
    assert "broken.yaml:2:1: " in finished.err
    assert (tmp_path / "dialctl.db").read_bytes() == before


def test_reopening_a_closed_campaign_is_refused(dialctl, applied, tmp_path):
    """R-LIFE-3: closed is terminal; the refusal names place and campaign, before anything is written."""
    manifest = applied / "spring.yaml"
    original = manifest.read_text()
    manifest.write_text(original.replace("{configuration: hours}", "{configuration: hours, status: closed}"))
    assert dialctl("apply", applied, "--yes", "--allow", "close").code == 0
    manifest.write_text(original)
    before = (tmp_path / "dialctl.db").read_bytes()
    for command in (["diff"], ["apply", "--yes"]):
        finished = dialctl(*command, "spring")
        assert (finished.code, finished.out) == (1, "")
        assert finished.err.startswith("spring/spring.yaml:8: Campaign default/spring: ")
        assert "closed" in finished.err
        assert finished.err.endswith("\nhint: nothing was changed\n")
    assert (tmp_path / "dialctl.db").read_bytes() == before
