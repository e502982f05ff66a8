"""Networks: recurrent cells, the layers around them, their kernels, trained ones on disk, and text drawn from them.

This file imports nothing, so that `storage` can be imported without torch.
"""
