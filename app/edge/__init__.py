"""The edge: what every request passes before its view, and every answer on its way out."""
