"""Signatures of a round: `ssh-keygen -Y` signatures of ``round.json`` by an Ed25519 key (extra ``sign``).

The file is what OpenSSH writes and reads, so whoever has no CSI can check it:
``ssh-keygen -Y verify -f allowed_signers -I NAME -n csi -s round.json.sig < round.json``.
Format: PROTOCOL.sshsig of OpenSSH (magic preamble, namespace, SHA-512 of the message).
"""

from __future__ import annotations

import base64
import hashlib
import os
import textwrap
from pathlib import Path

from csi_lib.errors import InputError
from csi_lib.extras import advice
from csi_lib.run.root import NAME, SIGNATURE

NAMESPACE = b"csi"
_MAGIC, _KIND, _HASH = b"SSHSIG", b"ssh-ed25519", b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


def sign_root(out: Path, key: Path) -> Path:
    """Sign ``round.json`` under `out` with a private Ed25519 key (OpenSSH's format; its passphrase from
    ``$CSI_SIGN_PASSPHRASE``). Returns the signature's path. Raises InputError where key or root cannot be used."""
    private = _private(Path(key))
    public = private.public_key().public_bytes_raw()
    message = _root(out)
    signature = _string(_KIND) + _string(private.sign(_signed(message)))
    blob = _MAGIC + (1).to_bytes(4, "big") + _string(_string(_KIND) + _string(public)) + _string(NAMESPACE)
    blob += _string(b"") + _string(_HASH) + _string(signature)
    body = "\n".join(textwrap.wrap(base64.b64encode(blob).decode(), 70))
    target = out / SIGNATURE
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_text(f"{_BEGIN}\n{body}\n{_END}\n", encoding="ascii")
    part.replace(target)
    return target


def signer(out: Path) -> str | None:
    """The public key (``ssh-ed25519 AAAA…``) that has signed ``round.json`` as it stands; None where there is no signature.

    Raises ValueError for one that does not hold.
    """
    path = out / SIGNATURE
    if not path.exists():
        return None
    _library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text = path.read_text(encoding="ascii")
    if not (text.startswith(_BEGIN) and text.rstrip().endswith(_END)):
        raise ValueError("not a signature")
    blob = base64.b64decode(text.strip().removeprefix(_BEGIN).removesuffix(_END), validate=False)
    if not blob.startswith(_MAGIC + (1).to_bytes(4, "big")):
        raise ValueError("not a signature")
    key, namespace, _, digest, signature = _strings(blob[len(_MAGIC) + 4 :], 5)
    kind, public = _strings(key, 2)
    kind_of_signature, value = _strings(signature, 2)
    if (kind, kind_of_signature, namespace, digest) != (_KIND, _KIND, NAMESPACE, _HASH):
        raise ValueError("a signature of another kind or purpose")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(value, _signed(_root(out)))
    except InvalidSignature:
        raise ValueError("the signature does not belong to this round") from None
    return f"{kind.decode()} {base64.b64encode(key).decode()}"


def trusted(public: str, signers: Path) -> bool:
    """Whether a public key stands in a file of keys: a ``.pub`` file, or OpenSSH's ``allowed_signers``."""
    try:
        lines = signers.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise InputError("the file of trusted keys cannot be read", where="--signer", found=str(signers)) from None
    return any(public in line for line in lines if not line.lstrip().startswith("#"))


def _root(out: Path) -> bytes:
    try:
        return (out / NAME).read_bytes()
    except OSError:
        raise InputError("there is no round to sign", where=str(out), action="Run csi run first") from None


def _private(path: Path):
    _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    word = os.environ.get("CSI_SIGN_PASSPHRASE")
    try:
        key = load_ssh_private_key(path.read_bytes(), word.encode() if word else None)
    except (OSError, ValueError, TypeError) as error:
        raise InputError("this key cannot be used", where="--sign", found=f"{path} ({error})",
                         expected="a private key of OpenSSH", action="ssh-keygen -t ed25519 makes one") from None  # fmt: skip
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("only Ed25519 keys sign a round", where="--sign", found=type(key).__name__.lstrip("_"),
                         action="ssh-keygen -t ed25519 makes one")  # fmt: skip
    return key


def _library() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise InputError("signatures need a library that is not installed", where="cryptography",
                         action=advice("sign")) from None  # fmt: skip


def _signed(message: bytes) -> bytes:
    return _MAGIC + _string(NAMESPACE) + _string(b"") + _string(_HASH) + _string(hashlib.sha512(message).digest())


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _strings(data: bytes, count: int) -> list[bytes]:
    out = []
    for _ in range(count):
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError("cut short")
        out.append(data[4 : 4 + size])
        data = data[4 + size :]
    return out


__all__ = ["sign_root", "signer", "trusted"]
