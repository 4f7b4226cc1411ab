"""Springald on a Ballista cluster: what `springald` needs for ``df://`` addresses.

Nothing here is for users: open ``springald.BallistaSessionContext("df://host:port")``,
and start the programs of a cluster with the command ``springald``.
"""
