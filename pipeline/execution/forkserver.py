"""Prepare the server that workers are forked from, which imports this first; nothing else may import it.

Collecting garbage while torch is imported finds none, and takes a tenth of the import. Unloading torch at exit keeps a
core busy for half a second, in which the next stage could run.
"""

import atexit
import gc
import os

gc.disable()  # `local` enables it in each worker
atexit.register(os._exit, 0)  # runs before all that was registered earlier: the parent cleans up
