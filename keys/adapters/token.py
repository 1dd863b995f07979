"""A session on a PKCS#11 token: logged in when needed, shared under a lock, opened anew when lost."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import pkcs11
from pkcs11 import exceptions as refusals

from keys.errors import CustodyUnavailable

T = TypeVar("T")


class _Library:
    """A loaded library, one for all tokens on it."""

    def __init__(self) -> None:
        # The binding initialises libraries without OS locking, so PKCS#11 v2.40 5.4 leaves it to us
        # that no two threads are inside one.
        self.lock = threading.RLock()
        # Grows when the library is ended: it then numbers sessions and objects from the start again, so
        # that a handle from before would silently name another token's session or key.
        self.epoch = 0


_LIBRARIES: defaultdict[str, _Library] = defaultdict(_Library)
_PIN_REFUSED = (
    refusals.PinIncorrect,
    refusals.PinLocked,
    refusals.PinInvalid,
    refusals.PinLenRange,
    refusals.PinExpired,
)
_LOST = (
    refusals.NoSuchToken,  # many libraries look for tokens only when they start
    refusals.SessionClosed,
    refusals.SessionHandleInvalid,
    refusals.TokenNotPresent,
    refusals.TokenNotRecognised,
    refusals.DeviceError,
    refusals.DeviceRemoved,
    refusals.GeneralError,
    refusals.ObjectHandleInvalid,
    refusals.KeyHandleInvalid,
    refusals.UserNotLoggedIn,
)


class Token:
    """One token of one library, by label. Every failure is a `CustodyUnavailable` naming both."""

    def __init__(self, library: str, label: str, pin: str) -> None:
        self.name = f"PKCS#11 token {label} of {library}"
        self._library = library
        self._label = label
        self._pin = pin
        self._shared = _LIBRARIES[library]
        self._epoch = 0
        self._session: Any = None
        self._pin_refused: CustodyUnavailable | None = None
        self.generation = 0
        """Grows with each session; object handles of an earlier one are void."""

    def run(self, act: Callable[[Any], T]) -> T:
        """`act` on the session; once more on a new one when the session turns out to be lost.

        Raises `CustodyUnavailable`.
        """
        with self._shared.lock:
            try:
                try:
                    return act(self._opened())
                except pkcs11.PKCS11Error as error:
                    # The bare class stands for a library that another session has ended.
                    if not isinstance(error, _LOST) and type(error) is not pkcs11.PKCS11Error:
                        raise
                    self._drop()
                    return act(self._opened())
            except pkcs11.PKCS11Error as error:
                raise CustodyUnavailable(self.name, _reason(error)) from error

    def close(self) -> None:
        """Log out."""
        with self._shared.lock:
            if self._session is not None and self._epoch == self._shared.epoch:
                with contextlib.suppress(pkcs11.PKCS11Error):  # a session that is gone is closed
                    self._session.close()
            self._session = None

    def _opened(self) -> Any:  # noqa: ANN401  (the binding's session is made at run time)
        if self._session is None or self._epoch != self._shared.epoch:
            self._session = self._open()
            self._epoch = self._shared.epoch
            self.generation += 1
        return self._session

    def _open(self) -> Any:  # noqa: ANN401
        if self._pin_refused is not None:
            raise self._pin_refused  # another try could lock the token
        token = pkcs11.lib(self._library).get_token(token_label=self._label)
        try:
            return token.open(rw=True, user_pin=self._pin)
        except refusals.UserAlreadyLoggedIn:  # by another session of this process
            return token.open(rw=True)
        except _PIN_REFUSED as error:
            self._pin_refused = CustodyUnavailable(self.name, f"the PIN is refused ({_reason(error)})")
            raise self._pin_refused from error

    def _drop(self) -> None:
        """Start the library afresh: many notice a token's return only then."""
        self._shared.epoch += 1
        with contextlib.suppress(pkcs11.PKCS11Error):  # it ends either way; the next use starts it again
            pkcs11.lib(self._library).finalize()


def _reason(error: pkcs11.PKCS11Error) -> str:
    detail = str(error)
    return f"{type(error).__name__}: {detail}" if detail else type(error).__name__
