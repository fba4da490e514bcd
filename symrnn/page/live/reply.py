"""Answers of HTTP, those of workers and those that are said in their place."""

import json
from dataclasses import dataclass

from symrnn.page.live.complaint import Complaint, complaint

JSON, HTML = "application/json", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    type: str
    body: bytes
    spent: bool = False
    """Whether the worker had better not go on."""


def in_json(status: int, value: object) -> Reply:
    return Reply(status, JSON, json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def refusal(status: int, said: Complaint) -> Reply:
    """What was wrong."""
    return in_json(status, {"error": said.as_dict()})


def told(status: int, message: str) -> Reply:
    """A refusal that is about no line of a text."""
    return refusal(status, complaint(message, ""))
