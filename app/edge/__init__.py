"""The edge: what every request and every response passes, whatever its route."""
