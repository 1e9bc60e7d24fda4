"""The key pair that signs evidence packs: Ed25519, made once, in the data folder, readable by the server only."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def key_path() -> Path:
    """Where the private key lies."""
    return Path(settings.DATA_DIR) / "evidence-key.pem"


def signing_key() -> Ed25519PrivateKey:
    """The private key; the first call makes it, and of two first calls at once both get the same one."""
    path = key_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _store(path, Ed25519PrivateKey.generate())
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key: move it away, and a new one is made.")
    return key


def public_pem() -> bytes:
    """The public key, to be given to whoever checks packs."""
    return (
        signing_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def public_from(pem: bytes) -> Ed25519PublicKey:
    """A public key from its PEM text; ValueError for anything else."""
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("This is no Ed25519 public key.")
    return key


def _store(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(fresh, path)  # fails where another process was first: then its key counts
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
