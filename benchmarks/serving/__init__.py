"""Who answers scoring requests beside Ebb: one server a file, each started as a program of its own."""
