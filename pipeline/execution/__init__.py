"""How work is run: jobs in worker processes, and several DVC side by side. Only this package knows how work is spread.

| module | job |
| --- | --- |
| `executor` | run independent jobs in worker processes |
| `forkserver` | prepare the process that the workers are forked from |
| `progress` | show how far the jobs are |
| `parallel` | run the stages of several data sets at a time, each data set in a DVC of its own |
| `lifecycle` | end the command of a stage when its DVC or its parallel run has ended |

Nothing here changes a result: a job gives the same one in any worker, and a stage writes the same files in any DVC.
"""
