"""The examples of the document; tests send the bodies to the service, and read the objects as their schemas."""

from typing import Any

from model.spec.spec import Spec

JOB_ID = "0199f7a2-5c1e-7b3a-9d42-6f0c8e1a2b34"
DATASET_ID = "0199f7a0-11d4-7c58-8a6b-2e9f40c7d1a5"
WEBHOOK_ID = "0199f7a9-3d20-7e11-b0c6-71e5a9d3f402"
DELIVERY_ID = "0199f7ab-8e07-7f90-9c1d-4ab06d2e8c15"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
AT = "2026-03-02T09:15:04.123456Z"

PARAMETERS: dict[str, Any] = {
    "name": "churn",
    "model": "churn",
    "alias": "champion",
    "version": 7,
    "against": 6,
    "job_id": JOB_ID,
    "dataset_id": DATASET_ID,
    "dataset": DATASET_ID,
    "webhook_id": WEBHOOK_ID,
    "delivery_id": DELIVERY_ID,
    "target": "churned",
    "id": "customer_id",
    "explain": 3,
    "customer_value": 200,
    "offer_cost": 10,
    "contact_cost": 1,
    "acceptance": 0.3,
    "capacity": 200,
    "output": "csv",
    "state": "queued,running",
    "kind": "training",
    "key": "9f2c41d7",
    "action": "alias.moved",
    "actor": "ops",
    "Idempotency-Key": "churn-2026-03-02",
    "If-Match": '"3"',
    "Range": "bytes=0-1023",
}
"""By the name of a parameter, in every operation that has it."""

CUSTOMER = {"customer_id": "c-1", "months": 24, "monthly_charge": 79.99, "support_tickets": 2, "usage_hours": 45}
ECONOMICS = {"customer_value": 200, "offer_cost": 10, "contact_cost": 1, "acceptance": 0.3}

BODIES: dict[str, dict[str, Any]] = {
    "score": {
        "records": {"records": [CUSTOMER], "explain": 3, "economics": ECONOMICS},
        "columns": {"columns": {name: [value] for name, value in CUSTOMER.items()}},
    },
    "submit_training": {
        "preset": {"model": "churn", "dataset": DATASET_ID, "spec": "quick", "promote": "if_better"},
        "spec": {
            "model": "churn",
            "dataset": DATASET_ID,
            "spec": {"layers": [16, 8], "optimizer": {"name": "adamw", "learning_rate": 0.003}, "epochs": 40},
        },
        "check": {"model": "churn", "dataset": DATASET_ID, "validate_only": True},
    },
    "submit_scoring": {
        "champion": {"model": "churn", "dataset": DATASET_ID, "output": "csv", "explain": 3},
        "version": {"model": "churn", "dataset": DATASET_ID, "version": 1, "output": "parquet"},
        "call list": {
            "model": "churn",
            "dataset": DATASET_ID,
            "output": "ndjson",
            "explain": 3,
            "call_list": {**ECONOMICS, "capacity": 200},
        },
    },
    "read_again": {"target": {"target": "churned", "id": "customer_id"}},
    "submit_sweep": {
        "list": {
            "model": "churn",
            "dataset": DATASET_ID,
            "spec": {"epochs": 40},
            "configurations": [{"layers": [8]}, {"layers": [32, 16]}],
        }
    },
    "evaluate_version": {"profit": {"dataset": DATASET_ID, **ECONOMICS}},
    "put_alias": {"move": {"version": 1}},
    "make_key": {"scorer": {"name": "crm", "scopes": ["score"], "days": 365}},
    "create_webhook": {
        "champions": {"url": "https://hooks.example.com/ebb", "events": ["alias.moved"], "model": "churn"},
        "everything": {"url": "https://hooks.example.com/ebb"},
    },
}
"""By operation and name. The body's dataset, versions and alias stand for those of the caller."""

OBJECTS: dict[str, Any] = {
    "Scored": {
        "model": "churn",
        "version": 7,
        "alias": "champion",
        "scores": [
            {
                "customer_id": "c-1",
                "churn_probability": 0.1503,
                "reasons": [
                    {"column": "months", "value": 24, "contribution": -1.21, "text": "months is 24"},
                ],
                "gap": 0.0,
                "decision": {"contact": False, "expected_profit": -0.4},
            }
        ],
        "errors": 0,
        "unseen": {},
        "imputed": {},
        "id_column": "customer_id",
    },
    "Dataset": {
        "id": DATASET_ID,
        "name": "march",
        "sha256": SHA256,
        "bytes": 48_201,
        "media_type": "text/csv",
        "target": "churned",
        "id_column": "customer_id",
        "rows": 1_000,
        "positives": 264,
        "columns": [{"name": "months", "kind": "numeric", "missing": 0, "min": 1, "max": 72}],
        "warnings": [],
        "created_at": AT,
    },
    "Job": {
        "id": JOB_ID,
        "kind": "training",
        "model": "churn",
        "dataset": DATASET_ID,
        "retry_of": None,
        "priority": 0,
        "params": {"promote": "if_better"},
        "state": "succeeded",
        "cancel_requested": False,
        "attempt": 1,
        "progress": {"done": 40, "total": 40, "unit": "epochs"},
        "eta_s": None,
        "heartbeat_at": AT,
        "error": None,
        "result": {"model": "churn", "version": 7},
        "leaderboard": None,
        "created_at": AT,
        "deadline_at": None,
        "started_at": AT,
        "finished_at": AT,
    },
    "Alias": {"model": "churn", "alias": "champion", "version": 7, "revision": 3, "moved_at": AT},
    "Version": {
        "model": "churn",
        "version": 7,
        "job_id": JOB_ID,
        "dataset": DATASET_ID,
        "data_sha256": SHA256,
        "spec": Spec().to_json(),
        "columns": [{"name": "months", "kind": "numeric"}],
        "metrics": {"valid_auc": 0.842, "valid_loss": 0.413},
        "environment": {"numpy": "2.4.0"},
        "weights_sha256": SHA256,
        "created_at": AT,
    },
    "Webhook": {
        "id": WEBHOOK_ID,
        "url": "https://hooks.example.com/ebb",
        "events": ["job.succeeded", "job.failed"],
        "model": "churn",
        "created_at": AT,
    },
    "ProblemDetails": {
        "type": "urn:problem-type:ebb:invalid-input",
        "title": "The request does not fit",
        "status": 422,
        "detail": "/records/0/months: must be a number, not text",
        "instance": "/v1/models/churn/score",
        "errors": [{"pointer": "/records/0/months", "code": "type", "detail": "must be a number, not text"}],
        "request_id": JOB_ID,
    },
}
"""By the name of a schema."""
