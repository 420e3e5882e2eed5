"""Connections before they are requests: slow ones cost no thread, and too many are refused at once."""
