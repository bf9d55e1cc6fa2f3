"""The CLI's passphrase secrets provider: PBKDF2-HMAC-SHA256 over the passphrase, AES-256-GCM for each value.

A salt is written `v1:<salt>:v1:<nonce>:<ciphertext of "pulumi">`, so that a wrong passphrase is noticed at once; a
ciphertext is `v1:<nonce>:<ciphertext>`. All parts are base64.
"""

import base64
import binascii
import hashlib
import json
import secrets
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import PassphraseWrong, StateUnusable
from engine.values import SECRET, SIGNATURE, Properties, Secret, Value, from_signed, reveal, transform

_ROUNDS = 1_000_000
_PROOF = "pulumi"


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
        crypter.salt = f"v1:{_b64(salt)}:{crypter._seal(_PROOF)}"
        return crypter

    @classmethod
    def open(cls, passphrase: str, salt: str) -> Self:
        """For an existing stack. Raises PassphraseWrong, or StateUnusable for a salt that cannot be read."""
        version, _, rest = salt.partition(":")
        encoded, _, proof = rest.partition(":")
        if version != "v1" or not proof:
            raise StateUnusable(f"encryption salt {salt[:20]!r}: expected v1:<salt>:v1:<nonce>:<ciphertext>")
        try:
            crypter = cls(passphrase, base64.b64decode(encoded, validate=True))
            proven = crypter.decrypt(proof) == _PROOF
        except (binascii.Error, StateUnusable):
            proven = False
        if not proven:
            raise PassphraseWrong("incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE to the one of this stack")
        crypter.salt = salt
        return crypter

    def encrypt(self, text: str) -> str:
        """The ciphertext of *text*; the same one for the same text."""
        if text not in self._texts:
            self._texts[text] = self._seal(text)
        return self._texts[text]

    def _seal(self, text: str) -> str:
        nonce = secrets.token_bytes(12)
        return f"v1:{_b64(nonce)}:{_b64(self._aes.encrypt(nonce, text.encode(), None))}"

    def decrypt(self, ciphertext: str) -> str:
        """Raises StateUnusable when it was not encrypted with this passphrase and salt, or was changed since."""
        try:
            nonce, body = ciphertext.removeprefix("v1:").split(":")
            text = self._aes.decrypt(base64.b64decode(nonce), base64.b64decode(body), None).decode()
        except (ValueError, InvalidTag) as error:
            raise StateUnusable("a secret value cannot be decrypted with the passphrase of this stack") from error
        self._texts[text] = ciphertext
        return text

    def seal(self, properties: Properties) -> dict[str, Value]:
        """*properties* as the state has them: each secret is a dictionary with its ciphertext."""
        sealed: dict[str, Value] = transform(dict(properties), self._seal_leaf)
        return sealed

    def _seal_leaf(self, leaf: Value) -> Value:
        if not isinstance(leaf, Secret):
            return leaf
        text = json.dumps(reveal(leaf.value), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE: SECRET, "ciphertext": self.encrypt(text)}

    def unseal(self, properties: Properties) -> dict[str, Value]:
        """Read properties of the state. Raises StateUnusable, or Unsupported for assets and archives."""
        unsealed: dict[str, Value] = transform(dict(properties), self._unseal_leaf)
        return unsealed

    def _unseal_leaf(self, leaf: Value) -> Value:
        if not isinstance(leaf, dict):
            return leaf
        if leaf.get(SIGNATURE) != SECRET:
            return from_signed(leaf)
        text = leaf["plaintext"] if "plaintext" in leaf else self.decrypt(leaf.get("ciphertext", ""))
        return Secret(json.loads(text))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
