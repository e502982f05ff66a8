"""What the server that workers are forked from does before its imports; nothing else may import this.

To collect garbage while torch is imported finds none, and takes a tenth of the time. To take torch apart at
the end takes half a second of a core, on which the next stage could run.
"""

import atexit
import gc
import os

gc.disable()  # a worker takes it up again
atexit.register(os._exit, 0)  # before what was registered earlier: clearing up that is the parent's
