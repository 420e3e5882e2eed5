"""The four troubles of training, each with its cures: what is trained, the picture of it, and what is to be seen."""
