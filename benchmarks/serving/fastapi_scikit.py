"""FastAPI with pydantic's validation, and scikit-learn."""

import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

from serving.scikit_pipeline import COLUMNS, train

app = FastAPI()
model = train()


class Customer(BaseModel):
    """A customer to score."""

    customer_id: str
    months: float
    monthly_charge: float
    support_tickets: float
    usage_hours: float


class Request(BaseModel):
    """Customers to score."""

    records: list[Customer]


class Score(BaseModel):
    """A customer's answer."""

    customer_id: str
    churn_probability: float


class Answer(BaseModel):
    """The customers' answers."""

    scores: list[Score]


@app.post("/")
def score(body: Request) -> Answer:
    """Score records."""
    table = pd.DataFrame([customer.model_dump() for customer in body.records])
    chances = model.predict_proba(table[COLUMNS])[:, 1].tolist()
    told = zip(body.records, chances, strict=True)
    return Answer(scores=[Score(customer_id=one.customer_id, churn_probability=chance) for one, chance in told])
