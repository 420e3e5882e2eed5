"""Routes: their declaration, their table, and the URL map that is made from it."""
