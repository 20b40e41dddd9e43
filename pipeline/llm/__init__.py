"""Asking language models: one client protocol, a journal of replies, and a scripted client for tests."""

from pipeline.llm.client import (
    REPLY_FAILURES,
    ModelClient,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Usage,
    ask,
    make_request,
)
from pipeline.llm.journal import Journal, JournaledClient
from pipeline.llm.providers import open_client, parse_model_spec
from pipeline.llm.scripted import ScriptedClient

__all__ = [
    "REPLY_FAILURES",
    "Journal",
    "JournaledClient",
    "ModelClient",
    "ModelFailure",
    "ModelReply",
    "ModelRequest",
    "ScriptedClient",
    "Usage",
    "ask",
    "make_request",
    "open_client",
    "parse_model_spec",
]
