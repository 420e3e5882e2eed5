"""Four problems of training and their cures: the trainings, pictures and text of the gallery."""
