"""Imported, it ends its process as the system does for want of memory."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
