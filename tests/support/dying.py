"""Kill the process that imports this, as the system does when memory runs out."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
