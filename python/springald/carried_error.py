"""Errors that a cluster carries as text, and reads them back as what they were.

The engine keeps one string of an error on its way from an executor to the client. So the
executor writes the error's fields into that string, as ``springald-error:<base64url of
JSON>:end``, which survives every quoting and escaping on the way.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from springald.errors import INTERRUPTED, ClusterError, UdfCancelledError, make_error

__all__ = ["find_carried_error"]

# Characters of base64 that are looked at: the fields of an error are bounded far below.
_MAX_LENGTH = 1 << 20
_TOKEN = re.compile(rf"springald-error:([A-Za-z0-9_-]{{1,{_MAX_LENGTH}}}={{0,2}}):end")


def find_carried_error(text: str) -> BaseException | None:
    """Return the error that `text` carries, or None. Never raises, whatever `text` is.

    The last one where there are several, because an outer failure may quote an inner one.
    """
    for token in reversed(_TOKEN.findall(text)):
        fields = _decoded(token)
        if fields is not None:
            error = _error_of(fields)
            if error is not None:
                return error
    return None


def _decoded(token: str) -> Mapping[str, Any] | None:
    try:
        padded = token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4)
        fields = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):  # base64's, UTF-8's and JSON's are ValueErrors
        return None
    return fields if isinstance(fields, dict) else None


def _error_of(fields: Mapping[str, Any]) -> BaseException | None:
    message = _text(fields, "message")
    if fields.get("kind") == "cluster":
        return ClusterError(message, retryable=fields.get("retryable") is True)
    code, row = fields.get("code"), fields.get("row")
    if fields.get("kind") != "udf" or type(code) is not int:
        return None
    if code == INTERRUPTED:
        # Somebody's Ctrl-C at the executor, or the function's own; not this user's.
        return UdfCancelledError(
            "The call was ended by a KeyboardInterrupt on the executor",
            udf_name=_text(fields, "udf_name"),
        )
    return make_error(
        {
            "code": code,
            "message": message,
            "udf_name": _text(fields, "udf_name"),
            "exception_type": _text(fields, "exception_type"),
            "traceback": _text(fields, "traceback"),
            "arguments": _text(fields, "arguments"),
            "row": row if type(row) is int else None,
            "retryable": fields.get("retryable") is True,
        }
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
