"""`dialctl encrypt`, and what a list does that it wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.age import RECIPIENT, SECRET, decrypt_with, encrypt_for, new_key, new_ssh_key
from support.spring import ROWS

NEXT = (
    "next: name it in its list, as from: crm.csv.age\n"
    "      take the plain file out of git: git rm --cached spring/crm.csv, and name it in .gitignore\n"
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def written(spring):
    """The encrypted file beside the plain one."""
    return spring / "crm.csv.age"


@pytest.fixture
def encrypted(dialctl, spring, written):
    """A folder whose list is encrypted, and whose plain file is gone."""
    assert dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT).code == 0
    (spring / "crm.csv").unlink()
    manifest = spring / "spring.yaml"
    manifest.write_text(manifest.read_text().replace("crm.csv", "crm.csv.age"))
    return spring


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("DIALCTL_AGE_KEY", SECRET)


def test_a_file_is_encrypted_beside_itself(dialctl, spring, written):
    """It says what it wrote, and what is left to do; the plain file stays."""
    finished = dialctl("encrypt", "spring/crm.csv", "--recipient", RECIPIENT)
    assert (finished.code, finished.out) == (0, "spring/crm.csv.age: encrypted for 1 recipient\n")
    assert finished.err == NEXT
    assert written.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert decrypt_with(SECRET, written.read_bytes()) == ROWS.encode()
    assert names_in(spring) == ["crm.csv", "crm.csv.age", "spring.yaml"]


def test_each_recipient_can_decrypt_it(dialctl, spring, written, tmp_path, monkeypatch):
    """On the command line and in files, comments left out, each once; the environment counts without them."""
    keys = [new_key() for _ in range(4)]
    (tmp_path / "team.txt").write_text(f"# ana\n{keys[1][1]}\n\n  {keys[0][1]}\r\n")
    monkeypatch.setenv("DIALCTL_AGE_RECIPIENTS", f"{keys[2][1]}, {keys[3][1]}\n# nobody\n")
    finished = dialctl("encrypt", "spring/crm.csv", "-r", keys[0][1], "-r", keys[0][1], "-R", "team.txt")
    assert finished.out == "spring/crm.csv.age: encrypted for 2 recipients\n"
    for secret, _ in keys[:2]:
        assert decrypt_with(secret, written.read_bytes()) == ROWS.encode()
    finished = dialctl("encrypt", "spring/crm.csv", "--force")
    assert finished.out == "spring/crm.csv.age: encrypted for 2 recipients\n"
    for secret, _ in keys[2:]:
        assert decrypt_with(secret, written.read_bytes()) == ROWS.encode()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="makes SSH keys")
def test_a_public_ssh_key_is_a_recipient(dialctl, encrypted, tmp_path, monkeypatch):
    """In a file such as GitHub gives of a person, and on the command line."""
    public = new_ssh_key(tmp_path / "id")
    (tmp_path / "contacts.csv").write_text(ROWS)
    monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", "id")
    for given in (["-r", public], ["-R", "id.pub"]):
        assert dialctl("encrypt", "contacts.csv", "-o", "spring/crm.csv.age", "--force", *given).code == 0
        assert dialctl("validate", "spring").code == 0


def test_armor_is_text(dialctl, spring, written):
    """For those whose tools take no binary files."""
    dialctl("encrypt", "spring/crm.csv", "--armor", "-r", RECIPIENT)
    assert written.read_text("ascii").startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert decrypt_with(SECRET, written.read_bytes()) == ROWS.encode()


def test_standard_input_is_encrypted_into_a_named_file(dialctl, spring, written):
    """An export need not lie anywhere in the clear."""
    finished = dialctl("encrypt", "-", "-o", "spring/crm.csv.age", "-r", RECIPIENT, stdin=ROWS)
    assert (finished.code, finished.out) == (0, "spring/crm.csv.age: encrypted for 1 recipient\n")
    assert finished.err == "next: name it in its list, as from: crm.csv.age\n"
    assert decrypt_with(SECRET, written.read_bytes()) == ROWS.encode()


def test_a_file_that_is_there_is_replaced_only_by_force(dialctl, spring, written):
    """Nothing is lost by mistake, and what is written stands there whole."""
    written.write_bytes(b"mine")
    finished = dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        "spring/crm.csv.age: is there already\nhint: replace it with --force; nothing was written\n"
    )
    assert written.read_bytes() == b"mine"
    assert dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT, "--force").code == 0
    assert decrypt_with(SECRET, written.read_bytes()) == ROWS.encode()
    assert names_in(spring) == ["crm.csv", "crm.csv.age", "spring.yaml"]


def test_a_file_that_came_meanwhile_is_not_replaced(dialctl, spring, written, monkeypatch):
    """Between the first look and the writing, too."""
    monkeypatch.setattr(Path, "exists", lambda _self: False)
    written.write_bytes(b"mine")
    finished = dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT)
    assert (finished.code, written.read_bytes()) == (1, b"mine")
    assert finished.err.startswith("spring/crm.csv.age: is there already\n")
    assert names_in(spring) == ["crm.csv", "crm.csv.age", "spring.yaml"]


PANICS = "ssh-rsa AAAAB3NzaC1yc2EAAAABAAAAAAEA"
"""Over this one the library panics."""

NO_LIST = "no list is read from such a file\n"
SENSELESS = {
    "nobody": (
        ["spring/crm.csv"],
        (
            "nobody could decrypt it: no recipient is given\n"
            "hint: --recipient age1…, --recipients-file FILE, or DIALCTL_AGE_RECIPIENTS\n"
        ),
    ),
    "cut off": (
        ["spring/crm.csv", "-r", RECIPIENT[:-1]],
        f"--recipient: '{RECIPIENT[:-1]}' is damaged or cut off: copy it once more\n",
    ),
    "a plugin's": (
        ["spring/crm.csv", "-r", "age1yubikey1qq"],
        (
            "--recipient: 'age1yubikey1qq' is damaged, or a recipient of a sort that is not supported, "
            "such as a plugin's\n"
        ),
    ),
    "a name": (
        ["spring/crm.csv", "-r", "ana"],
        "--recipient: this is no recipient: one begins with age1, or is a public SSH key\n",
    ),
    "half an SSH key": (
        ["spring/crm.csv", "-r", "ssh-ed25519 AAAA"],
        "--recipient: this is a public SSH key that is damaged, or of another sort than ed25519 and rsa\n",
    ),
    "a damaged RSA key": (["spring/crm.csv", "-r", PANICS], "--recipient: this is a public SSH key that is"),
    "a secret": (
        ["spring/crm.csv", "-r", SECRET],
        f"--recipient: this is a secret key, which decrypts; its recipient is {RECIPIENT}\n",
    ),
    "half a secret": (
        ["spring/crm.csv", "-r", SECRET[:-1]],
        "--recipient: this is a secret key, which decrypts\n",
    ),
    "a secret for a file": (
        ["spring/crm.csv", "-R", SECRET],
        "--recipients-file: this is a secret key, not the name of a file\n",
    ),
    "a manifest": (
        ["spring/spring.yaml", "-r", RECIPIENT],
        (
            f"spring/spring.yaml: {NO_LIST}"
            "hint: put contacts into one of .csv, .tsv, .txt, .jsonl, .ndjson, .parquet, "
            "and name that under from:\n"
        ),
    ),
    "an encrypted file": (
        ["crm.csv.age", "-r", RECIPIENT],
        "crm.csv.age: is encrypted already\nhint: name the file in the clear\n",
    ),
    "no name": (
        ["-", "-r", RECIPIENT],
        "standard input has no name\nhint: say where it goes: --output contacts.csv.age\n",
    ),
    "half a name": (
        ["-", "-r", RECIPIENT, "-o", "crm.age"],
        (
            f"--output crm.age: {NO_LIST}"
            "hint: let it end in .csv.age, .tsv.age, .txt.age, .jsonl.age, .ndjson.age, .parquet.age\n"
        ),
    ),
    "a plain name": (["spring/crm.csv", "-r", RECIPIENT, "-o", "x.csv"], f"--output x.csv: {NO_LIST}"),
}


@pytest.mark.parametrize("case", SENSELESS)
def test_a_command_line_that_makes_no_sense(dialctl, spring, case):
    """Exit 64, nothing is written, and a secret key is not repeated."""
    arguments, told = SENSELESS[case]
    finished = dialctl("encrypt", *arguments)
    assert (finished.code, finished.out) == (64, "")
    assert finished.err.startswith(told)
    assert SECRET[:-1] not in finished.err
    assert names_in(spring) == ["crm.csv", "spring.yaml"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "crm.csv: has 0 bytes (to empty a list, leave the header alone in its file)"),
        (b"PK\x03\x04", "crm.csv: is a spreadsheet or an archive (save the sheet as 'CSV UTF-8')"),
        (b"age-encryption.org/v1\n", "crm.csv:1: is encrypted with age"),
        (None, "crm.csv: cannot be read: No such file or directory"),
    ],
    ids=["no byte", "a spreadsheet", "encrypted", "nothing"],
)
def test_what_no_list_is_read_from_is_not_encrypted(dialctl, tmp_path, content, told):
    """R-MAN-4: once it is encrypted, nobody sees any more what it is."""
    if content is not None:
        (tmp_path / "crm.csv").write_bytes(content)
    finished = dialctl("encrypt", "crm.csv", "-r", RECIPIENT)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith(told)
    assert not (tmp_path / "crm.csv.age").exists()


def test_an_export_that_failed_empties_no_list(dialctl, spring):
    """R-MAN-2: nothing on standard input is no list."""
    finished = dialctl("encrypt", "-", "-r", RECIPIENT, "-o", "spring/crm.csv.age")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err.startswith("<stdin>: has 0 bytes")


def test_recipients_that_cannot_be_read(dialctl, spring, tmp_path, monkeypatch):
    """A fault of a file of recipients has its line; nothing is encrypted for only some of them."""
    (tmp_path / "team.txt").write_text(f"# team\n{RECIPIENT}\n{SECRET}\n")
    for given, told in [
        (
            ["-R", "team.txt"],
            f"team.txt:3: this is a secret key, which decrypts; its recipient is {RECIPIENT}",
        ),
        (["-R", "gone.txt"], "gone.txt: cannot be read: No such file or directory"),
        ([], "DIALCTL_AGE_RECIPIENTS:2: this is no recipient: one begins with age1, or is a public SSH key"),
    ]:
        monkeypatch.setenv("DIALCTL_AGE_RECIPIENTS", f"{RECIPIENT},me")
        finished = dialctl("encrypt", "spring/crm.csv", *given)
        assert (finished.code, finished.out, finished.err) == (1, "", f"{told}\n")
    assert not (spring / "crm.csv.age").exists()


def test_a_place_that_cannot_be_written(dialctl, spring):
    """Told plainly, and nothing is left behind."""
    finished = dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT, "-o", "gone/crm.csv.age")
    assert finished.err == "gone/crm.csv.age: cannot be written: No such file or directory\n"
    assert finished.code == 1
    (spring / "crm.csv.age").mkdir()
    finished = dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT, "--force")
    assert finished.err == "spring/crm.csv.age: cannot be written: Is a directory\n"
    assert names_in(spring) == ["crm.csv", "crm.csv.age", "spring.yaml"]


def test_without_the_extra_nothing_is_encrypted(dialctl, spring, monkeypatch):
    """It says how to install it, and exits 1."""
    monkeypatch.setitem(sys.modules, "pyrage", None)
    finished = dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT)
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == "what encrypts is not installed\nhint: pip install 'dialctl[age]'\n"


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("output", ["text", "json", "markdown"])
def test_the_plan_of_an_encrypted_list_is_that_of_the_plain_one(dialctl, spring, written, output):
    """R-PLAN-1: nothing but the name of the file differs, and the digest that covers it."""
    plain = dialctl("diff", "spring", "--format", output)
    dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT)
    manifest = spring / "spring.yaml"
    manifest.write_text(manifest.read_text().replace("crm.csv", "crm.csv.age"))
    other = dialctl("diff", "spring", "--format", output)
    assert (plain.code, other.code) == (2, 2)
    assert "crm.csv.age" in other.out
    assert _without_digest(other.out.replace("crm.csv.age", "crm.csv")) == _without_digest(plain.out)


def _without_digest(text):
    return {**json.loads(text), "digest": ""} if text.startswith("{") else text


@pytest.mark.usefixtures("key")
def test_the_same_rows_encrypted_anew_change_nothing(dialctl, encrypted, tmp_path):
    """R-PLAN-1: each encryption gives other bytes, and the plan is empty."""
    assert dialctl("apply", "spring", "--yes").code == 0
    file = encrypted / "crm.csv.age"
    before = file.read_bytes()
    dialctl("encrypt", "-", "-r", RECIPIENT, "-o", file, "--force", stdin=ROWS)
    assert file.read_bytes() != before
    finished = dialctl("diff", "spring")
    assert (finished.code, finished.out) == (0, "No changes: 6 unchanged.\n")


@pytest.mark.usefixtures("key")
def test_a_list_that_goes_over_to_the_encrypted_file_keeps_its_contacts(dialctl, applied):
    """R-PLAN-4: the list names another file; nobody is withdrawn, created or updated."""
    dialctl("encrypt", "spring/crm.csv", "-r", RECIPIENT)
    manifest = applied / "spring.yaml"
    manifest.write_text(manifest.read_text().replace("crm.csv", "crm.csv.age"))
    finished = dialctl("diff", "spring")
    assert finished.code == 2
    assert "spec.from: crm.csv → crm.csv.age" in finished.out
    assert finished.out.endswith("Plan: 1 to update; 5 unchanged.\n")


@pytest.mark.usefixtures("key")
def test_diffs_of_an_encrypted_list_are_masked(dialctl, encrypted):
    """R-PLAN-8: what is secret in git stays so in a pull request."""
    for output in ("text", "json", "markdown"):
        finished = dialctl("diff", "spring", "--format", output)
        assert "555014" not in finished.out + finished.err


def test_without_the_key_nothing_is_planned(dialctl, encrypted):
    """R-MAN-2: what cannot be decrypted is a fault, and nobody is withdrawn; a fork's CI has no keys."""
    for command in (["validate"], ["diff"], ["apply", "--yes"]):
        finished = dialctl(*command, "spring")
        assert (finished.code, finished.out) == (1, "")
        assert finished.err.startswith(
            "spring/spring.yaml:16:14: 'spring/crm.csv.age' is encrypted, and no key"
        )


@pytest.mark.usefixtures("key")
def test_what_is_decrypted_is_written_nowhere(dialctl, encrypted, tmp_path, monkeypatch):
    """Neither beside the manifests nor among temporary files: only an apply stores contacts."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    files = sorted(path for path in tmp_path.rglob("*"))
    for command in ("validate", "diff", "simulate"):
        assert dialctl(command, "spring").code in (0, 2)
    assert sorted(path for path in tmp_path.rglob("*")) == files


def test_no_output_ever_holds_a_key(dialctl, encrypted, monkeypatch, tmp_path):
    """Nor a part of one: whichever way it is given, whatever is wrong with it, with --debug too."""
    other, _ = new_key()
    (tmp_path / "keys.txt").write_text(f"{other}\nnonsense {SECRET}\n")
    given = [
        *(("DIALCTL_AGE_KEY", text) for text in (SECRET, other, f"{SECRET}x", f'"{SECRET}"', SECRET[3:])),
        ("DIALCTL_AGE_KEY", SECRET.lower()),
        *(("DIALCTL_AGE_KEY_FILE", name) for name in (SECRET, SECRET[3:].lower(), "keys.txt")),
        ("DIALCTL_AGE_RECIPIENTS", SECRET),
    ]
    for name, value in given:
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            printed = [dialctl("--debug", command, "spring") for command in ("validate", "diff", "apply")]
            printed.append(dialctl("--debug", "encrypt", "-", "-o", "x.csv.age", stdin=ROWS))
        for finished in printed:
            said = (finished.out + finished.err).upper()
            assert SECRET[20:40] not in said
            assert other[20:40] not in said


@pytest.mark.usefixtures("key")
def test_a_key_is_neither_stored_nor_logged(process, dialctl, encrypted, tmp_path):
    """A process of its own reconciles: its log and its database know contacts, and no key."""
    manifest = encrypted / "spring.yaml"
    manifest.write_text(
        manifest.read_text().replace("{configuration: hours}", "{configuration: hours, status: paused}")
    )
    finished = process("run", "spring", "--until-idle", "--idle-after", "1s")
    assert finished.code == 0
    assert SECRET not in finished.out + finished.err
    assert dialctl("get", "contacts", "--format", "json").out.count('"external_id"') == 3
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_other_tools_decrypt_what_was_encrypted_and_the_other_way_round(dialctl, encrypted, monkeypatch):
    """The format is that of age: nobody depends on this program to read their own list."""
    monkeypatch.setenv("DIALCTL_AGE_KEY", SECRET)
    (encrypted / "crm.csv.age").write_bytes(encrypt_for(RECIPIENT, ROWS.encode()))
    assert dialctl("validate", "spring").code == 0


def test_help_is_fast_without_the_extra():
    """The command is there, and explains itself, where the extra is not installed."""
    code = (
        "import sys; sys.modules['pyrage'] = None\n"
        "from reconciler.cli.main import main; sys.exit(main(['encrypt', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--recipients-file" in done.stdout
