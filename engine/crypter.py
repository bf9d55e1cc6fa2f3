"""The CLI's passphrase secrets provider: PBKDF2-HMAC-SHA256 over the passphrase, AES-256-GCM for each value.

A salt is written `v1:<salt>:v1:<nonce>:<ciphertext of "pulumi">`, so that a wrong passphrase is noticed at once; a
ciphertext is `v1:<nonce>:<ciphertext>`. All parts are base64.
"""

import base64
import functools
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import PassphraseWrong, StateUnusable

_ROUNDS = 1_000_000


class Crypter:
    """Encrypts and decrypts with one passphrase and one salt. Deriving the key takes about 0.25 s."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        self._aes = AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, 32))
        self._texts: dict[str, str] = {}  # plaintext to ciphertext: what did not change keeps its ciphertext
        self.salt = ""

    @classmethod
    def create(cls, passphrase: str) -> Self:
        """For a new stack, with a salt of its own."""
        salt = secrets.token_bytes(8)
        crypter = cls(passphrase, salt)
        crypter.salt = f"v1:{_b64(salt)}:{crypter.encrypt('pulumi')}"
        return crypter

    @classmethod
    def open(cls, passphrase: str, salt: str) -> Self:
        """For an existing stack. Raises PassphraseWrong, or StateUnusable for a salt that cannot be read."""
        match = re.fullmatch(r"v1:([A-Za-z0-9+/=]+):(v1:.+)", salt)
        if not match:
            raise StateUnusable(f"encryption salt {salt[:20]!r}: expected v1:<salt>:v1:<nonce>:<ciphertext>")
        try:
            crypter = cls(passphrase, base64.b64decode(match[1]))
            crypter.decrypt(match[2])
        except (ValueError, StateUnusable):
            raise PassphraseWrong("incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE to this stack's") from None
        crypter.salt = salt
        return crypter

    def encrypt(self, text: str) -> str:
        """The ciphertext of *text*; the same one for the same text."""
        if text not in self._texts:
            nonce = secrets.token_bytes(12)
            self._texts[text] = f"v1:{_b64(nonce)}:{_b64(self._aes.encrypt(nonce, text.encode(), None))}"
        return self._texts[text]

    def decrypt(self, ciphertext: str) -> str:
        """Raises StateUnusable when it was not encrypted with this passphrase and salt, or was changed since."""
        try:
            nonce, body = map(base64.b64decode, ciphertext.removeprefix("v1:").split(":"))
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
    """PULUMI_CONFIG_PASSPHRASE, else the content of PULUMI_CONFIG_PASSPHRASE_FILE. Raises PassphraseWrong."""
    text, file = (os.environ.get(f"PULUMI_CONFIG_PASSPHRASE{suffix}") for suffix in ("", "_FILE"))
    if text is not None:
        return text
    if not file:
        raise PassphraseWrong("passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PassphraseWrong(f"PULUMI_CONFIG_PASSPHRASE_FILE: {file}: {error.strerror}") from error


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
