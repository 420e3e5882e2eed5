"""An independent implementation of training: PyTorch's automatic differentiation in float64 on the spec's JSON.

It does not call the engine's layers, losses, optimizers or schedules. It shares only the initial weights, the order of
rows and the masks of dropout.
"""
