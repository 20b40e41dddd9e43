"""Asking language models: one client protocol, what stands before a client (`stack.py`), a scripted client."""

from pipeline.llm.batch import (
    BatchFault,
    BatchReport,
    batch_line,
    bounded_lines,
    import_batch,
    require_batch_model,
)
from pipeline.llm.batch_api import BatchApi, BatchState, open_batch_api
from pipeline.llm.budget import BudgetedClient
from pipeline.llm.client import (
    NEVER_BILLED,
    REPLY_FAILURES,
    ModelClient,
    ModelFailure,
    ModelReply,
    ModelRequest,
    Usage,
    make_request,
)
from pipeline.llm.estimate import Estimate, estimate_run, estimated_usage
from pipeline.llm.journal import Journal, JournaledClient
from pipeline.llm.limits import LimitedClient
from pipeline.llm.meter import CallRecord, Meter, MeteredClient, Totals, sum_records
from pipeline.llm.pending import PendingClient
from pipeline.llm.prices import Price, Prices, cost, load_prices, show_cost
from pipeline.llm.providers import open_client, parse_model_spec
from pipeline.llm.scripted import ScriptedClient
from pipeline.llm.stack import ModelRouter, RunLimits, open_stack
from pipeline.llm.steps import Steps, asking, run_many, run_steps

__all__ = [
    "NEVER_BILLED",
    "REPLY_FAILURES",
    "BatchApi",
    "BatchFault",
    "BatchReport",
    "BatchState",
    "BudgetedClient",
    "CallRecord",
    "Estimate",
    "Journal",
    "JournaledClient",
    "LimitedClient",
    "Meter",
    "MeteredClient",
    "ModelClient",
    "ModelFailure",
    "ModelReply",
    "ModelRequest",
    "ModelRouter",
    "PendingClient",
    "Price",
    "Prices",
    "RunLimits",
    "ScriptedClient",
    "Steps",
    "Totals",
    "Usage",
    "asking",
    "batch_line",
    "bounded_lines",
    "cost",
    "estimate_run",
    "estimated_usage",
    "import_batch",
    "load_prices",
    "make_request",
    "open_batch_api",
    "open_client",
    "open_stack",
    "parse_model_spec",
    "require_batch_model",
    "run_many",
    "run_steps",
    "show_cost",
    "sum_records",
]
