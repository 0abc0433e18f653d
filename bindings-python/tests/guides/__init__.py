"""The code of the guides in ``docs/guides``: each section between the comments ``--8<--`` is shown in one."""
