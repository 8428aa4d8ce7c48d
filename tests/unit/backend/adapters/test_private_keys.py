"""
Private keys in all containers that the commands of the field write.

Each key is made here by ``openssl`` or ``ssh-keygen``, as the person at the other end makes it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.private_keys import KINDS, SIZE_LIMIT_BYTES, load_private_key
from backend.errors import SettingsError

PASSPHRASE = "Zählerstand 7"
WHERE = "settings, [[destination]] 'EDM', key 'key_file'"
OPENSSL_3 = ("-provider", "legacy", "-provider", "default")

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("ssh-keygen") is None,
    reason="the keys are made with the commands openssl and ssh-keygen, which are not there",
)


def made_by(*command: str, given: bytes = b"", passphrase: str = PASSPHRASE) -> bytes:
    """Run a command that writes to its standard output; skip where its version cannot."""
    done = subprocess.run(
        command,
        input=given,
        env={"PASS": passphrase, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        version = made_by("openssl", "version").decode().strip()
        said = done.stderr.decode(errors="replace").splitlines()[0]
        pytest.skip(f"{' '.join(command)} is not possible with {version}: {said}")
    return done.stdout


def openssl(command: str, given: bytes = b"", passphrase: str = PASSPHRASE) -> bytes:
    """Run a command of openssl."""
    return made_by("openssl", *command.split(), given=given, passphrase=passphrase)


@functools.cache
def plain(kind: str) -> bytes:
    """Give a key without a passphrase, as the command of its kind writes it."""
    commands = {
        "rsa": "genrsa 2048",
        "rsa 4096": "genrsa 4096",
        "traditional rsa": "genrsa -traditional 2048",
        "ec": "ecparam -genkey -name prime256v1",
        "secp521r1": "ecparam -genkey -name secp521r1 -noout",
        "ed25519": "genpkey -algorithm ed25519",
        "ed448": "genpkey -algorithm ed448",
        "RSA-PSS": "genpkey -algorithm RSA-PSS",
        "dsa": "dsaparam -genkey 1024",
        "secp256k1": "ecparam -genkey -name secp256k1 -noout",
        "brainpool": "ecparam -genkey -name brainpoolP256r1 -noout",
        "x25519": "genpkey -algorithm X25519",
    }
    return openssl(commands[kind])


def keygen(folder: Path, *options: str, passphrase: str = "") -> bytes:
    """Give a key of ssh-keygen."""
    file = folder / "key"
    made_by("ssh-keygen", "-q", "-N", passphrase, "-C", "anna@büro", "-f", str(file), *options)
    return file.read_bytes()


def traditional(cipher: str, kind: str = "rsa", passphrase: str = PASSPHRASE) -> bytes:
    """Protect a key as openssl did before version 3."""
    command = "rsa" if kind == "rsa" else "ec"
    ways = [*OPENSSL_3] if cipher in ("des", "seed", "idea", "camellia128") else []
    options = [command, *ways, f"-{cipher}", "-traditional", "-passout", "env:PASS"]
    if kind == "ec":
        options.remove("-traditional")
    return made_by("openssl", *options, given=plain(kind), passphrase=passphrase)


def pkcs8(*options: str, kind: str = "rsa", passphrase: str = PASSPHRASE) -> bytes:
    """Protect a key in PKCS#8."""
    command = ("openssl", "pkcs8", "-topk8", *OPENSSL_3, "-passout", "env:PASS", *options)
    return made_by(*command, given=plain(kind), passphrase=passphrase)


def load(content: bytes, passphrase: str = "") -> asyncssh.SSHKey:
    """Load a key, from the place that errors name here."""
    return load_private_key(content, passphrase, WHERE)


def public_of(content: bytes, passphrase: str = PASSPHRASE) -> bytes:
    """Give the public key as openssl sees it, in DER."""
    command = (*OPENSSL_3, "-passin", "env:PASS", "-pubout", "-outform", "DER")
    return made_by("openssl", "pkey", *command, given=content, passphrase=passphrase)


def refused(content: bytes, passphrase: str = "") -> str:
    """Give the sentence with which a key is refused; neither key nor passphrase are in it."""
    with pytest.raises(SettingsError) as caught:
        load(content, passphrase)
    sentence = str(caught.value)
    assert sentence.startswith(f"{WHERE}: ")
    assert not passphrase or passphrase not in sentence
    long_words = re.findall(rb"[A-Za-z0-9+/=]{20,}", content)
    assert not any(word.decode() in sentence for word in long_words)
    return sentence


class TestPlain:
    """Keys without a passphrase."""

    @pytest.mark.parametrize(
        ("kind", "algorithm"),
        [
            ("rsa", "ssh-rsa"),
            ("rsa 4096", "ssh-rsa"),
            ("traditional rsa", "ssh-rsa"),
            ("RSA-PSS", "ssh-rsa"),
            ("ec", "ecdsa-sha2-nistp256"),
            ("secp521r1", "ecdsa-sha2-nistp521"),
            ("ed25519", "ssh-ed25519"),
            ("ed448", "ssh-ed448"),
        ],
    )
    def test_openssl(self, kind: str, algorithm: str) -> None:
        """Every kind of openssl's that SSH knows is read, also with its parameters before it."""
        key = load(plain(kind))

        assert algorithm == key.algorithm.decode()
        if kind != "RSA-PSS":  # whose own form says more of it
            assert public_of(plain(kind)) == key.export_public_key("pkcs8-der")

    @pytest.mark.parametrize("options", ["-t rsa -b 2048", "-t ecdsa -b 384", "-t ed25519"])
    def test_ssh_keygen(self, tmp_path: Path, options: str) -> None:
        """Every kind of ssh-keygen's is read, and its public half is the one in the file .pub."""
        key = load(keygen(tmp_path, *options.split()))

        words = (tmp_path / "key.pub").read_text("utf-8").split()
        assert words[:2] == key.export_public_key("openssh").decode("utf-8").split()[:2]

    @pytest.mark.parametrize("form", ["PEM", "PKCS8"])
    def test_other_forms_of_ssh_keygen(self, tmp_path: Path, form: str) -> None:
        """The forms that ssh-keygen writes for others are read."""
        assert b"ssh-rsa" == load(keygen(tmp_path, "-t", "rsa", "-m", form)).algorithm

    @pytest.mark.parametrize("form", ["rsa", "pkey"])
    def test_der(self, form: str) -> None:
        """A key in DER is read, to its last byte."""
        content = openssl(f"{form} -outform DER", plain("rsa"))

        assert load(plain("rsa")) == load(content)

    def test_a_passphrase_that_is_not_needed(self) -> None:
        """A passphrase for a key that has none does no harm."""
        assert load(plain("rsa")) == load(plain("rsa"), PASSPHRASE)


def windows(content: bytes) -> bytes:
    """Save a text as Windows does."""
    return content.replace(b"\n", b"\r\n")


AROUND: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": windows,
    "BOM": lambda content: b"\xef\xbb\xbf" + content,
    "BOM and CRLF": lambda content: b"\xef\xbb\xbf" + windows(content),
    "UTF-16": lambda content: windows(content).decode().encode("utf-16"),
    "white space": lambda content: b"\n \t\n" + content + b"\n\n  ",
    "no end of line": lambda content: content.rstrip(),
    "indented": lambda content: re.sub(rb"^", b"    ", content, flags=re.MULTILINE),
    "Bag Attributes": lambda content: (
        b"Bag Attributes\n    localKeyID: 01 AB\n    friendlyName: EW Seedorf\n"
        b"Key Attributes: <No Attributes>\n" + content
    ),
    "its certificate before": lambda content: certificate() + content,
    "its certificate behind": lambda content: content + certificate(),
}
"""What editors, shells and other programs put around a key."""


@functools.cache
def certificate() -> bytes:
    """Give a certificate for the RSA key, as it is bundled with it."""
    return openssl("req -x509 -key /dev/stdin -subj /CN=edm -days 3", plain("rsa"))


@pytest.mark.parametrize("around", AROUND)
class TestAround:
    """What may stand around a key."""

    def test_of_a_plain_key(self, around: str) -> None:
        """A key without a passphrase is the same in it."""
        assert load(plain("rsa")) == load(AROUND[around](plain("rsa")))

    def test_of_a_protected_key(self, around: str) -> None:
        """The traditional form, whose head is a part of it, is the same in it."""
        content = AROUND[around](traditional("des3"))

        assert load(plain("rsa")) == load(content, PASSPHRASE)

    def test_of_an_openssh_key(self, around: str, tmp_path: Path) -> None:
        """OpenSSH's own form is the same in it."""
        content = keygen(tmp_path, "-t", "ed25519", "-a", "1", passphrase=PASSPHRASE)

        assert load(content, PASSPHRASE) == load(AROUND[around](content), PASSPHRASE)


OPENED = {
    "openssl rsa -des-ede3-cbc -traditional": lambda: traditional("des-ede3-cbc"),
    "traditional, 3DES": lambda: traditional("des3"),
    "traditional, AES-128": lambda: traditional("aes128"),
    "traditional, AES-192": lambda: traditional("aes192"),
    "traditional, AES-256": lambda: traditional("aes256"),
    "traditional, DES": lambda: traditional("des"),
    "traditional, EC with 3DES": lambda: traditional("des3", "ec"),
    "openssl rsa -des3": lambda: openssl("rsa -des3 -passout env:PASS", plain("rsa")),
    "openssl genrsa -aes256": lambda: openssl("genrsa -aes256 -passout env:PASS 2048"),
    "PBES2, AES-128": lambda: pkcs8("-v2", "aes128"),
    "PBES2, AES-192": lambda: pkcs8("-v2", "aes192"),
    "PBES2, AES-256": lambda: pkcs8("-v2", "aes256"),
    "PBES2, 3DES": lambda: pkcs8("-v2", "des3"),
    "PBES2, DES": lambda: pkcs8("-v2", "des"),
    "PBES2, Blowfish": lambda: pkcs8("-v2", "bf-cbc"),
    "PBES2, CAST5": lambda: pkcs8("-v2", "cast5-cbc"),
    "PBES2, RC2": lambda: pkcs8("-v2", "rc2"),
    "PBES2, SHA-224": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithSHA224"),
    "PBES2, SHA-384": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithSHA384"),
    "PBES2, SHA-1": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithSHA1"),
    "PBES2, SHA-512": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithSHA512"),
    "PBES2, EC": lambda: pkcs8("-v2", "aes256", kind="ec"),
    "PBES2, Ed25519": lambda: pkcs8("-v2", "aes256", kind="ed25519"),
    "PBES2, DER": lambda: pkcs8("-v2", "aes256", "-outform", "DER"),
    "scrypt": lambda: pkcs8("-scrypt"),
    "scrypt, DER": lambda: pkcs8("-scrypt", "-outform", "DER"),
    "scrypt, Ed25519": lambda: pkcs8("-scrypt", kind="ed25519"),
    "PBES1, MD5-DES": lambda: pkcs8("-v1", "PBE-MD5-DES"),
    "PBES1, SHA1-DES": lambda: pkcs8("-v1", "PBE-SHA1-DES"),
    "PBES1, SHA1-3DES": lambda: pkcs8("-v1", "PBE-SHA1-3DES"),
    "PBES1, SHA1-2DES": lambda: pkcs8("-v1", "PBE-SHA1-2DES"),
    "PBES1, SHA1-RC4-128": lambda: pkcs8("-v1", "PBE-SHA1-RC4-128"),
    "PBES1, SHA1-RC2-40": lambda: pkcs8("-v1", "PBE-SHA1-RC2-40"),
    "PBES1, SHA1-RC4-40": lambda: pkcs8("-v1", "PBE-SHA1-RC4-40"),
}
"""Protected keys of openssl that are opened."""

CLOSED = {
    "hmacWithMD5": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithMD5"),
    "PBE-SHA1-RC2-128": lambda: pkcs8("-v1", "PBE-SHA1-RC2-128"),
    "PBE-MD5-RC2-64": lambda: pkcs8("-v1", "PBE-MD5-RC2-64"),
    "PBE-SHA1-RC2-64": lambda: pkcs8("-v1", "PBE-SHA1-RC2-64"),
    "scrypt, DES-CBC": lambda: pkcs8("-scrypt", "-v2", "des"),
    "1.2.840.113549.2.13": lambda: pkcs8("-v2", "aes256", "-v2prf", "hmacWithSHA512-256"),
    "1.2.392.200011.61.1.1.1.2": lambda: pkcs8("-v2", "camellia128"),
    "CAMELLIA-128-CBC": lambda: traditional("camellia128"),
    "SEED-CBC": lambda: traditional("seed"),
}
"""Protected keys of openssl that are not, by what is named in the refusal."""


class TestProtected:
    """Keys with a passphrase."""

    @pytest.mark.parametrize("container", OPENED)
    def test_it_opens(self, container: str) -> None:
        """With its passphrase it opens, and is the key that openssl sees in it."""
        content = OPENED[container]()
        if "DER" in container:
            content = made_by("openssl", "pkey", "-passin", "env:PASS", given=content)
            assert load(content) == load(OPENED[container](), PASSPHRASE)
        else:
            assert public_of(content) == load(content, PASSPHRASE).export_public_key("pkcs8-der")

    @pytest.mark.parametrize("container", OPENED)
    def test_a_wrong_passphrase(self, container: str) -> None:
        """A wrong passphrase is called one, and no key that is damaged or of another kind."""
        content = OPENED[container]()

        for wrong in ("falsch", PASSPHRASE.upper(), f"{PASSPHRASE} "):
            assert "is not opened by the passphrase that is given" in refused(content, wrong)

    @pytest.mark.parametrize("container", OPENED | CLOSED)
    def test_no_passphrase(self, container: str) -> None:
        """Without a passphrase it is said how to give one."""
        sentence = refused((OPENED | CLOSED)[container]())

        assert "is protected by a passphrase (" in sentence
        assert "give it as key_passphrase, key_passphrase_env or key_passphrase_file" in sentence

    @pytest.mark.parametrize("container", CLOSED)
    def test_a_way_that_nobody_opens(self, container: str) -> None:
        """What is not supported is named, with the command that makes something else of it."""
        sentence = refused(CLOSED[container](), PASSPHRASE)

        assert "is protected in a way that is not supported (" in sentence
        assert container in sentence
        assert "openssl pkcs8 -topk8 -v2 aes256" in sentence

    def test_noise_that_looks_decrypted(self) -> None:
        """Of wrong passphrases one in 256 leaves the right padding, and is wrong all the same."""
        content = traditional("des3")

        for number in range(600):
            assert "is not opened by the passphrase" in refused(content, f"falsch {number}")

    def test_letters_beyond_ascii(self) -> None:
        """Where the passphrase has letters that encodings write differently, that is said."""
        content = traditional("des3")

        assert "another encoding" in refused(content, "Zählerstand 8")
        assert "another encoding" not in refused(content, "falsch")

    def test_an_environment_that_is_not_utf_8(self) -> None:
        """A passphrase that was typed in Latin-1 is given to the key byte by byte."""
        typed = "Zähler".encode("latin-1").decode("utf-8", "surrogateescape")
        content = traditional("des3", passphrase=typed)

        assert load(plain("rsa")) == load(content, typed)

    @pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
    def test_ssh_keygen(self, tmp_path: Path, kind: str) -> None:
        """OpenSSH's own form opens with its passphrase alone."""
        content = keygen(tmp_path, "-t", kind, passphrase=PASSPHRASE)

        words = (tmp_path / "key.pub").read_text("utf-8").split()
        opened = load(content, PASSPHRASE).export_public_key("openssh").decode("utf-8")
        assert words[:2] == opened.split()[:2]
        assert "is not opened by the passphrase" in refused(content, "falsch")
        assert "(OpenSSH's own form, aes256-ctr), and none is given" in refused(content)

    @pytest.mark.parametrize(
        "cipher", ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "3des-cbc"]
    )
    def test_other_ciphers_of_ssh_keygen(self, tmp_path: Path, cipher: str) -> None:
        """The other ciphers of ssh-keygen are read, too."""
        options = ("-t", "ed25519", "-a", "1", "-Z", cipher)
        content = keygen(tmp_path, *options, passphrase=PASSPHRASE)

        assert b"ssh-ed25519" == load(content, PASSPHRASE).algorithm
        assert "is not opened by the passphrase" in refused(content, "falsch")

    def test_a_cipher_that_nobody_knows(self, tmp_path: Path) -> None:
        """OpenSSH's own form with a cipher that is not supported says so."""
        lines = keygen(tmp_path, "-t", "ed25519", passphrase=PASSPHRASE).decode().splitlines()
        inside = base64.b64decode("".join(lines[1:-1])).replace(b"aes256-ctr", b"aes256-xyz")
        content = f"{lines[0]}\n{base64.encodebytes(inside).decode()}{lines[-1]}\n".encode()

        assert "not supported (OpenSSH's own form, aes256-xyz)" in refused(content, PASSPHRASE)


class TestNoKey:
    """What people give in the place of a private key."""

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "is empty"),
            (b"\xef\xbb\xbf \r\n", "is empty"),
            (b"geheim\n", "holds no private key; name the file of a private key"),
            (b"\x00\x01\x02\xff" * 100, "holds no private key"),
            (b"0\x80\x80", "holds no private key"),
            (b"ssh-rsa AAAAB3NzaC1yc2E anna\n", "holds a public key and no private one"),
            (b"ecdsa-sha2-nistp256 AAAAE2Vj anna\n", "holds a public key and no private one"),
            (b"---- BEGIN SSH2 PUBLIC KEY ----\n", "holds a public key and no private one"),
            (b"PuTTY-User-Key-File-3: ssh-rsa\n", "is a PuTTY key (.ppk); convert it with"),
            (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", "ssh-keygen -i -f OLD > key.pem"),
            (b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0", "a key of SSH version 1"),
            (b"x" * (SIZE_LIMIT_BYTES + 1), "has more than 65536 bytes, so it is no key"),
        ],
    )
    def test_other_files(self, content: bytes, sentence: str) -> None:
        """Each is called what it is, with what to do."""
        assert sentence in refused(content)

    def test_public_keys(self) -> None:
        """The public half of a key is called so, in every form of openssl's."""
        for options in ("-pubout", "-RSAPublicKey_out"):
            content = openssl(f"rsa {options}", plain("rsa"))
            assert "holds a public key and no private one" in refused(content)
        content = openssl("rsa -pubout -outform DER", plain("rsa"))
        assert "holds a public key or a certificate" in refused(content)

    def test_certificates(self) -> None:
        """A certificate, and the wish for one, are called so."""
        assert "holds a certificate and no private key" in refused(certificate())
        wish = openssl("req -new -key /dev/stdin -subj /CN=edm", plain("rsa"))
        assert "holds a certificate and no private key" in refused(wish)
        content = openssl("x509 -outform DER", certificate())
        assert "holds a public key or a certificate" in refused(content)

    def test_pkcs12(self, tmp_path: Path) -> None:
        """A PKCS#12 file is called so, with the command that takes the key out of it."""
        (tmp_path / "both.pem").write_bytes(plain("rsa") + certificate())
        options = ("-export", "-passout", "env:PASS", "-in", str(tmp_path / "both.pem"))

        sentence = refused(made_by("openssl", "pkcs12", *options), PASSPHRASE)

        assert "is a PKCS#12 file (.p12, .pfx)" in sentence
        assert "openssl pkcs12 -in OLD -nocerts -out key.pem" in sentence

    def test_two_keys(self) -> None:
        """Which of two keys is meant is not guessed."""
        assert "holds 2 private keys" in refused(plain("rsa") + plain("ec"))

    def test_a_key_that_was_not_copied_whole(self) -> None:
        """A key without its last line, and one of which lines are missing, are told."""
        lines = plain("rsa").splitlines(keepends=True)

        cut = refused(b"".join(lines[:-1]))
        assert "breaks off before '-----END PRIVATE KEY-----'" in cut
        holed = refused(b"".join(lines[:5] + lines[8:]))
        assert "holds a private key that cannot be read (private key)" in holed

    @pytest.mark.parametrize(
        ("kind", "sentence"),
        [
            ("dsa", "is a DSA key, which servers have ceased to take"),
            ("secp256k1", "not supported (ecdsa-sha2-1.3.132.0.10)"),
            ("brainpool", "not supported (EC)"),
            ("x25519", "not supported (X25519)"),
        ],
    )
    def test_kinds_that_servers_do_not_take(self, kind: str, sentence: str) -> None:
        """A key of a kind that no server takes is named, with the command for another one."""
        assert sentence in refused(plain(kind))
        assert "ssh-keygen -t rsa -b 4096 -f key" in refused(plain(kind))

    def test_half_a_key(self) -> None:
        """A key whose other half is in a hardware token is told apart."""
        assert "the other half is in a hardware token" in refused(half_a_key())


def half_a_key() -> bytes:
    """Give what ``ssh-keygen -t ed25519-sk`` leaves on the disk (OpenSSH's PROTOCOL.u2f)."""

    def field(content: bytes) -> bytes:
        return len(content).to_bytes(4) + content

    kind = field(b"sk-ssh-ed25519@openssh.com")
    public = kind + field(bytes(32)) + field(b"ssh:")
    secret = bytes(8) + public + b"\1" + field(b"a handle") + field(b"") + field(b"anna")
    secret += bytes(range(1, 9 - len(secret) % 8)) if len(secret) % 8 else b""
    content = b"openssh-key-v1\0" + field(b"none") + field(b"none") + field(b"")
    content += (1).to_bytes(4) + field(public) + field(secret)
    begin, end = (b"-----%b OPENSSH PRIVATE KEY-----\n" % word for word in (b"BEGIN", b"END"))
    return begin + base64.encodebytes(content) + end


def changed(content: bytes) -> st.SearchStrategy[bytes]:
    """Give a file with bytes of it replaced, or cut out."""
    places = st.integers(0, len(content))
    return st.tuples(places, places, st.binary(max_size=6)).map(
        lambda change: content[: min(change[:2])] + change[2] + content[max(change[:2]) :]
    )


@pytest.fixture(scope="module", params=["plain", "traditional", "pkcs8", "scrypt", "der"])
def written(request: pytest.FixtureRequest) -> bytes:
    """Give a small key in each container."""
    key = plain("ec")
    return {
        "plain": lambda: key,
        "traditional": lambda: traditional("des3", "ec"),
        "pkcs8": lambda: pkcs8("-v2", "aes256", "-iter", "1", kind="ec"),
        "scrypt": lambda: pkcs8("-scrypt", "-scrypt_N", "2", kind="ec"),
        "der": lambda: pkcs8("-v1", "PBE-SHA1-3DES", "-iter", "1", "-outform", "DER", kind="ec"),
    }[request.param]()


@given(data=st.data())
def test_damage_is_told(written: bytes, data: st.DataObject) -> None:
    """However a file is damaged, there is a key in it, or it is told what is wrong with it."""
    content = data.draw(changed(written))

    with contextlib.suppress(SettingsError):
        assert load(content, PASSPHRASE).algorithm.decode() in KINDS


def test_a_key_shows_nothing() -> None:
    """A key that is loaded shows nothing of itself where it is written down by mistake."""
    key = load(plain("rsa"))

    shown = re.sub(r"0x[0-9a-f]+", "", f"{key!r} {key}")  # where it lies, which tells nothing
    assert not re.search(r"\d{5}|[A-Za-z0-9+/]{40}", shown)
