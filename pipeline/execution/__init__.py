"""How work is run: jobs in workers, and several DVC side by side. Only this package knows how work is spread.

| module | job |
| --- | --- |
| `executor` | the seam: run independent jobs, on this machine or on a cluster |
| `workers` | which of the two, and how many at a time |
| `context` | what a job knows of where it runs: reports, folders to read, files to keep |
| `local`, `forkserver` | processes of this machine, and the process that they are forked from |
| `cluster` | the client of a Dask cluster |
| `checked`, `fingerprint` | its workers that give the same bytes, and what must be the same for that |
| `preload`, `remote`, `shared` | on a worker of it: the check, a job, copies of folders |
| `progress` | show how far the jobs are |
| `parallel` | run the stages of several data sets at a time, each data set in a DVC of its own |
| `lifecycle` | end the command of a stage when its DVC or its parallel run has ended |

Nothing here changes a result: a job gives the same one in any worker, and a stage writes the same files in any DVC.
"""
