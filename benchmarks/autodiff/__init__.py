"""The same training, written down a second time: PyTorch's automatic differentiation in float64 on the spec's JSON.

Nothing here calls the engine's layers, losses, optimizers or schedules. Only what a comparison must share is taken from
it: first weights, the order of rows and the masks of dropout.
"""
