"""Flask, pandas and scikit-learn, like a typical first service, without validation."""

import pandas as pd
from flask import Flask, jsonify, request
from flask.wrappers import Response

from serving.scikit_pipeline import COLUMNS, train

app = Flask(__name__)
model = train()


@app.post("/")
def score() -> Response:
    """Score records."""
    records = request.get_json()["records"]
    chances = model.predict_proba(pd.DataFrame(records)[COLUMNS])[:, 1].tolist()
    return jsonify(
        scores=[
            {"customer_id": record["customer_id"], "churn_probability": chance}
            for record, chance in zip(records, chances, strict=True)
        ]
    )
