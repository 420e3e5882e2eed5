"""The floor: what Flask under gunicorn costs before it does anything."""

from flask import Flask

app = Flask(__name__)


@app.post("/")
def hello() -> str:
    """Greet."""
    return "hello"
