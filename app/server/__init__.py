"""The web server: gunicorn, the application that it serves, and the parts that the application is made of."""
