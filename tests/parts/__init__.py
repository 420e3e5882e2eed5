"""Real servers for the tests, brought along by wheels: nothing to install, nothing left behind."""
