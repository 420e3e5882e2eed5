"""The lower bound: Flask under gunicorn without any work."""

from flask import Flask

app = Flask(__name__)


@app.post("/")
def hello() -> str:
    """Greet."""
    return "hello"
