"""Tape and arena: the calls that a pass repeats, and the memory that they work in."""

from model.tape.arena import Arena, Draw
from model.tape.memory import Call, Memory
from model.tape.tape import Tape
from model.tape.views import Views

__all__ = ["Arena", "Call", "Draw", "Memory", "Tape", "Views"]
