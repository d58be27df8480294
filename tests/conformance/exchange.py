# SPDX-License-Identifier: Apache-2.0
"""One request and its answer, as the journal of the simulator keeps them."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    query: tuple = ()
    headers: dict = field(default_factory=dict)
    body: str = ""
    status: int = 0
    content_type: str = ""
    answer: str = ""
    scripted: bool = False  # a fault of the test made the answer
    kept: bool = True  # the journal has the answer

    @classmethod
    def from_journal(cls, entry):
        parts = urlsplit(entry["path"])
        answer = entry.get("answer") or {}
        return cls(
            method=entry["method"], path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in
                     entry.get("headers", {}).items() if value is not None},
            body=entry.get("body") or "", status=answer.get("status", entry["status"]),
            content_type=answer.get("content_type") or "",
            answer=answer.get("body") or "", scripted="fault" in entry,
            kept="answer" in entry)

    @property
    def media(self):
        """The content type of the answer without its parameters."""
        return media_of(self.content_type)


def media_of(content_type):
    return content_type.partition(";")[0].strip().lower()
