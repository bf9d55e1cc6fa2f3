"""The CLI's passphrase secrets provider: PBKDF2-HMAC-SHA256 over the passphrase, AES-256-GCM for each value.

A salt is written `v1:<salt>:v1:<nonce>:<ciphertext of "pulumi">`, so that a wrong passphrase is noticed at once; a
ciphertext is `v1:<nonce>:<ciphertext>`. All parts are base64.
"""

import functools
import hashlib
import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fcpin.engine.errors import PassphraseWrong, StateUnusable

_ROUNDS = 1_000_000


class Crypter:
    """Encrypts and decrypts with one passphrase and one salt. Deriving the key takes about 0.25 s."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        self._aes = AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, 32))
        self._texts: dict[str, str] = {}  # plaintext to ciphertext: what did not change keeps its ciphertext
        self.salt = f"v1:{b64encode(salt).decode()}:{self.encrypt('pulumi')}"

    @classmethod
    def create(cls, passphrase: str) -> Self:
        """For a new stack, with a salt of its own."""
        return cls(passphrase, secrets.token_bytes(8))

    @classmethod
    def open(cls, passphrase: str, salt: str) -> Self:
        """For an existing stack. Raises PassphraseWrong, also for a salt that cannot be read."""
        try:
            _, encoded, proof = salt.split(":", 2)
            crypter = cls(passphrase, b64decode(encoded))
            crypter.decrypt(proof)
        except (ValueError, StateUnusable):
            raise PassphraseWrong("incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE to this stack's") from None
        crypter.salt = salt
        return crypter

    def encrypt(self, text: str) -> str:
        """The ciphertext of *text*; the same one for the same text."""
        if text not in self._texts:
            nonce = secrets.token_bytes(12)
            parts = (nonce, self._aes.encrypt(nonce, text.encode(), None))
            self._texts[text] = ":".join(["v1", *(b64encode(part).decode() for part in parts)])
        return self._texts[text]

    def decrypt(self, ciphertext: str) -> str:
        """Raises StateUnusable when it was not encrypted with this passphrase and salt, or was changed since."""
        try:
            nonce, body = map(b64decode, ciphertext.removeprefix("v1:").split(":"))
            text = self._aes.decrypt(nonce, body, None).decode()
        except (ValueError, InvalidTag) as error:
            raise StateUnusable("a secret value cannot be decrypted with the passphrase of this stack") from error
        self._texts[text] = ciphertext
        return text


@functools.cache
def crypter_of(salt: str) -> Crypter:
    """The one for *salt* and the passphrase of the environment, always the same; a new one for no salt.

    Raises PassphraseWrong, StateUnusable.
    """
    return Crypter.open(_passphrase(), salt) if salt else Crypter.create(_passphrase())


def _passphrase() -> str:
    """PULUMI_CONFIG_PASSPHRASE, else the content of PULUMI_CONFIG_PASSPHRASE_FILE. Raises PassphraseWrong, OSError."""
    if (text := os.environ.get("PULUMI_CONFIG_PASSPHRASE")) is not None:
        return text
    if file := os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    raise PassphraseWrong("passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")
