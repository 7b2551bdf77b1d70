"""The key that signs revisions: which one to use, and when a new one may be made.

The core keeps what was signed with the old key. Edges refuse all of that once they verify with a
new one, so an edge without a disk would never be complete. So a new key is made only while the core
is empty, and nobody makes one silently because a file was damaged or is gone.
"""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dnsfleet_cli.troubles import Trouble, reason
from dnsfleet_cli.up import state_files
from dnsfleet_cli.up.state_files import Show


def read(path: Path) -> Ed25519PrivateKey | None:
    """The key in a PEM file; None where there is no file or it holds none."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Trouble(
            f"key file {path} cannot be read: {reason(error)}; restore it from a backup"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def make(path: Path, published: bool, emptied: str, show: Show) -> Ed25519PrivateKey:
    """A new key in the place of one that is missing or damaged.

    Trouble if the core has something `published`; `emptied` says how it would be emptied.
    """
    lost = path.exists()
    if published:
        what = "holds no Ed25519 private key" if lost else "is missing"
        raise Trouble(
            f"key file {path} {what}, and the core has zones that were signed with it: restore it "
            f"from a backup; if there is none, {emptied}, and all zones are published again, "
            "signed with a new key"
        )
    if lost:
        aside = state_files.set_aside(path)
        show(
            state_files.damaged(
                path, f"it is now {aside.name}; a new key was made, because nothing was published"
            )
        )
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    state_files.write(path, pem)
    return key


def write_public(path: Path, key: Ed25519PrivateKey) -> None:
    """Write the half that edges verify with."""
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    state_files.write(path, pem)
